using System.IO.Abstractions;
using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// What a confined command does not see: where keys, tokens and sessions of a person lie, and sockets that somebody listens on.
/// A mask over a path of the disk does not hold: it is gone as soon as somebody outside renames another file over that path, and a path that is
/// not there yet cannot be masked. So the folders that hold such paths are opened: <see cref="OpenedFolders"/> makes them anew.
/// </summary>
internal sealed partial class HiddenPaths
{
    /// <summary>A folder with more entries is not opened for a socket alone.</summary>
    internal const int MostToOpen = 64;

    private const int MostLinks = 10;

    private const int Read = 4;
    private const int Write = 2;

    private static readonly string[] System = ["/etc/shadow", "/etc/gshadow"];

    // Folders that whatever runs needs whole; what is hidden in them is masked.
    private static readonly string[] NeverOpened = ["/", "/etc"];

    // Homes of those who run services; what programs need lies there.
    private static readonly string[] NoHomes = ["/usr", "/bin", "/sbin", "/lib", "/etc", "/proc", "/sys", "/boot"];

    private readonly List<string> _homes;
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private readonly HashSet<string> _hidden = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<string, bool, bool>> _opened = new(StringComparer.Ordinal);
    private readonly List<string> _masked = [];

    private HiddenPaths(IEnumerable<string> homes) =>
        _homes = [.. RealPaths.OfAll(homes, null).Where(home => home is not ("/dev" or "/var" or "/opt" or "/home") && !NoHomes.Any(folder => IsWithin(home, folder)))];

    /// <summary>Folders of which a part is seen, as real paths.</summary>
    internal IEnumerable<string> Opened => _opened.Keys.Where(path => !Hides(path));

    /// <summary>Paths that can only be masked.</summary>
    internal IEnumerable<string> Masked => _masked.Where(path => !_opened.ContainsKey(Path.GetDirectoryName(path)!));

    /// <summary>All that is hidden, as real paths.</summary>
    internal IReadOnlyCollection<string> Paths => _hidden;

    /// <summary>What a person wants to be seen, whatever it is.</summary>
    internal IReadOnlyCollection<string> Named => _named;

    /// <summary>What is hidden from a command.</summary>
    /// <param name="configured">What a person added; "!" takes a usual one off.</param>
    /// <param name="variables">The command's environment.</param>
    internal static HiddenPaths Of(IReadOnlyList<string> configured, IReadOnlyDictionary<string, string> variables)
    {
        string? Variable(string name) => variables.GetValueOrDefault(name) is { Length: > 1 } path && path.StartsWith('/') ? path : null;

        string?[] homes = [Variable("HOME"), Homes.OfThisUser];
        var paths = new HiddenPaths(homes.OfType<string>());
        paths.Name(configured.Where(path => path.StartsWith('!')).Select(path => path[1..]).Append(Variable("SSH_AUTH_SOCK")).OfType<string>());
        foreach (var home in paths._homes)
        {
            paths.Open(home, HomeNames.InHome);
            paths.Hide(home, HomeNames.Secrets);
        }

        foreach (var folder in Both(".config", "XDG_CONFIG_HOME"))
        {
            paths.Hide(folder, HomeNames.ConfigSecrets);
            paths.Open(folder, HomeNames.InConfig);
        }

        foreach (var folder in Both(Path.Join(".local", "share"), "XDG_DATA_HOME"))
        {
            paths.Hide(folder, HomeNames.DataSecrets);
        }

        foreach (var folder in Both(".cargo", "CARGO_HOME"))
        {
            paths.Hide(folder, HomeNames.CargoSecrets);
        }

        foreach (var path in System.Concat(configured.Where(path => !path.StartsWith('!')).SelectMany(paths.Expanded)))
        {
            paths.Hide(path);
        }

        return paths;

        IEnumerable<string> Both(string name, string variable) =>
            RealPaths.OfAll(paths._homes.Select(home => Path.Join(home, name)).Append(Variable(variable) ?? string.Empty), null);
    }

    /// <summary>Hides sockets that somebody listens on, and what takes their place.</summary>
    /// <param name="sockets">Where they lie.</param>
    /// <param name="mayOpen">Whether the folder of one may be opened.</param>
    /// <param name="count">How many entries a folder has.</param>
    internal void HideSockets(IEnumerable<string> sockets, Func<string, bool> mayOpen, Func<string, int> count)
    {
        foreach (var path in sockets.Where(path => Access(path, Write) == 0 && !Hides(path) && !IsNamed(path)))
        {
            var folder = Path.GetDirectoryName(path)!;
            _hidden.Add(path);
            if (!NeverOpened.Contains(folder) && mayOpen(folder) && (_opened.ContainsKey(folder) || count(folder) <= MostToOpen))
            {
                Open(folder);
            }
            else
            {
                _masked.Add(path);
            }
        }
    }

    /// <summary>Whether a real path is hidden, or lies in what is.</summary>
    internal bool Hides(string path) => _hidden.Any(hidden => IsWithin(path, hidden));

    /// <summary>Whether an entry of an opened folder is seen.</summary>
    internal bool Shows(string folder, string name, bool isFolder) =>
        Path.Join(folder, name) is var path && !_hidden.Contains(path) && (_opened[folder](name, isFolder) || _named.Contains(path));

    /// <summary>Whether a person wants a path to be seen.</summary>
    internal bool IsNamed(string path) => _named.Contains(path) || (_named.Count > 0 && Canonical(path) is { } canonical && _named.Contains(canonical));

    internal static bool IsWithin(string path, string folder) =>
        path == folder || (path.Length > folder.Length && path.StartsWith(folder, StringComparison.Ordinal) && (path[folder.Length] == '/' || folder[^1] == '/'));

    /// <summary>Lays an empty folder or an empty file over each.</summary>
    internal static IEnumerable<string> Masks(IEnumerable<string> paths, IFileSystem files) =>
        paths.SelectMany(path => files.Directory.Exists(path) ? (string[])["--tmpfs", path] : files.File.Exists(path) ? ["--ro-bind", "/dev/null", path] : []);

    private IEnumerable<string> Expanded(string path) =>
        path.StartsWith("~/", StringComparison.Ordinal) ? _homes.Select(home => Path.Join(home, path[2..])) : [path];

    private void Name(IEnumerable<string> paths)
    {
        foreach (var path in paths.SelectMany(Expanded).Select(path => path.TrimEnd('/')))
        {
            _named.UnionWith(new[] { path, Canonical(path), RealPaths.Of(path) }.OfType<string>());
        }
    }

    // Most of them are not there, and the folder's path is real already: what is no link costs nothing more.
    private void Hide(string folder, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            var path = Path.Join(folder, name);
            if (name.Contains('/', StringComparison.Ordinal) || KernelFiles.Of(KernelFiles.PathOf(path)) is { IsLink: true })
            {
                Hide(path);
            }
            else if (!_named.Contains(path))
            {
                _hidden.Add(path);
                Open(folder);
            }
        }
    }

    private void Hide(string path, int links = 0)
    {
        path = path.TrimEnd('/');
        if (path.Length == 0 || IsNamed(path))
        {
            return;
        }

        if (Canonical(path) is not { } canonical)
        {
            // Where its folder is not there either the nearest one that is keeps whatever appears from being seen.
            Open(Nearest(path));
            return;
        }

        _hidden.Add(canonical);
        var folder = Path.GetDirectoryName(canonical)!;
        Open(folder);
        if (NeverOpened.Contains(folder) && Access(canonical, Read) == 0)
        {
            _masked.Add(canonical);
        }

        if (links < MostLinks && RealPaths.Of(canonical) is { } real && real != canonical)
        {
            Hide(real, links + 1);
        }
    }

    // In a home every folder down to it is opened, too: one that is replaced is not seen either.
    private void Open(string folder, Func<string, bool, bool>? rule = null)
    {
        if (NeverOpened.Contains(folder))
        {
            return;
        }

        if (rule is not null)
        {
            _opened[folder] = rule;
        }
        else if (!_opened.TryAdd(folder, HomeNames.Anywhere))
        {
            return;
        }

        if (_homes.Any(home => folder != home && IsWithin(folder, home)))
        {
            Open(Path.GetDirectoryName(folder)!);
        }
    }

    private static string Nearest(string path)
    {
        for (var at = Path.GetDirectoryName(path); at is { Length: > 1 }; at = Path.GetDirectoryName(at))
        {
            if (RealPaths.Of(at) is { } real)
            {
                return real;
            }
        }

        return "/";
    }

    // The path by the real one of its folder, itself not followed.
    private static string? Canonical(string path) =>
        Path.GetDirectoryName(path) is { } folder && RealPaths.Of(folder) is { } real ? Path.Join(real, Path.GetFileName(path)) : null;

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}

using System.IO.Abstractions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// Which folders a confined command may be let write to. Never one that decides what runs, holds keys, or is somebody's work: through
/// such a cache a command would leave its sandbox. A path is judged by where it really leads, and by the number of the folder there.
/// </summary>
internal sealed class CachePaths(RepositoryPlace place, IReadOnlyDictionary<string, string> environment, IFileSystem files)
{
    private static readonly string[] System = ["/proc", "/sys", "/run", "/etc", "/boot"];

    private static readonly string[] KeyFolders =
    [
        "~/.ssh", "~/.gnupg", "~/.aws", "~/.azure", "~/.kube", "~/.docker", "~/.config/gcloud", "~/.config/gh", "~/.config/hub", "~/.config/glab-cli",
        "~/.config/op", "~/.password-store", "~/.local/share/keyrings", "~/.claude", "~/.codex", "~/.mozilla", "~/.thunderbird", "~/.config/google-chrome", "~/.config/chromium",
    ];

    private readonly string? _home = environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? home : null;

    /// <summary>Why paths are no caches, each with its reason; none where all are, or are not there.</summary>
    /// <param name="paths">As they are set.</param>
    /// <param name="secretPaths">What else is hidden.</param>
    internal IReadOnlyList<string> Refused(IReadOnlyList<string> paths, IReadOnlyList<string> secretPaths)
    {
        if (paths.Count == 0)
        {
            return [];
        }

        var walls = Walls(secretPaths).ToList();
        return [.. paths.Select(path => Reason(path, paths, walls) is { } reason ? $"run.cache_paths has {SettingsText.Shown(path)}, which {reason}" : null).OfType<string>()];
    }

    /// <summary>The folders of those that are there and are caches, as real ones.</summary>
    internal IReadOnlyList<string> Folders(IReadOnlyList<string> paths, IReadOnlyList<string> secretPaths)
    {
        var walls = paths.Count == 0 ? [] : Walls(secretPaths).ToList();
        return RealPaths.OfAll(paths.Where(path => Reason(path, paths, walls) is null), _home);
    }

    private string? Reason(string path, IReadOnlyList<string> all, IReadOnlyList<Wall> walls)
    {
        if (WouldBe(path) is not { } real)
        {
            return null;
        }

        var above = Above(real);
        if (walls.FirstOrDefault(wall => wall.Stops(above)) is { } stop)
        {
            return stop.Why;
        }

        return files.KindOf(real) is not (FileKind.None or FileKind.Folder) ? "is no folder" : LeadsOut(path, real, all);
    }

    // What lies in a cache was made by commands: a link there leads where they like.
    private string? LeadsOut(string path, string real, IReadOnlyList<string> all)
    {
        var given = Expanded(path)!.TrimEnd('/');
        var outer = all.FirstOrDefault(other =>
            Expanded(other)?.TrimEnd('/') is { } folder && folder != given && HiddenPaths.IsWithin(given, folder)
            && WouldBe(other) is { } realFolder && !HiddenPaths.IsWithin(real, realFolder));
        return outer is null ? null : $"leads out of the cache {outer} by a link";
    }

    private IEnumerable<Wall> Walls(IReadOnlyList<string> secretPaths)
    {
        foreach (var home in Places(_home))
        {
            yield return new Wall(home, false, "is or holds your home");
        }

        foreach (var folder in KeyFolders.Concat(secretPaths.Where(IsHiddenFolder)).SelectMany(path => Places(path)))
        {
            yield return new Wall(folder, true, $"is, holds or lies in a place of keys ({folder})");
        }

        foreach (var folder in Decisive().SelectMany(Places))
        {
            yield return new Wall(folder, true, $"is, holds or lies in a place of settings and approvals ({folder})");
        }

        foreach (var folder in new[] { place.Root, place.CommonDirectory })
        {
            yield return new Wall(folder, true, $"is, holds or lies in the repository ({folder})");
        }

        foreach (var folder in Worktrees().SelectMany(Places))
        {
            yield return new Wall(folder, true, $"is, holds or lies in a worktree ({folder})");
        }

        foreach (var folder in System)
        {
            yield return new Wall(folder, true, $"is, holds or lies in a folder of the system ({folder})");
        }

        yield return new Wall("/dev", false, "is or holds a folder of the system (/dev)");
    }

    private IEnumerable<string> Decisive()
    {
        var configuration = environment.GetValueOrDefault("XDG_CONFIG_HOME") is { Length: > 0 } set ? set : "~/.config";
        yield return Path.Join(configuration, "worktree-mcp");
        yield return Path.Join(configuration, "git");
        yield return environment.GetValueOrDefault("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state) ? Path.Join(state, "worktree-mcp") : "~/.local/state/worktree-mcp";
    }

    // git's own records name those that a person made elsewhere.
    private IEnumerable<string> Worktrees()
    {
        var records = Path.Join(place.CommonDirectory, "worktrees");
        return files.KindOf(records) == FileKind.Folder
            ? files.Directory.GetDirectories(records).Select(FolderOf).OfType<string>().Where(folder => !HiddenPaths.IsWithin(folder, place.Root))
            : [];
    }

    // A record that goes at this moment has none.
    private string? FolderOf(string record)
    {
        try
        {
            var pointer = Path.Join(record, "gitdir");
            return files.HoldsText(pointer) && Path.GetDirectoryName(files.SmallText(pointer)) is { Length: > 1 } folder && Path.IsPathRooted(folder) ? folder : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    // A file that is hidden stays so in a cache around it.
    private bool IsHiddenFolder(string path) => !path.StartsWith('!') && WouldBe(path) is { } real && files.KindOf(real) != FileKind.Regular;

    private IEnumerable<string> Places(string? path) => path is not null && WouldBe(path) is { } real ? [real] : [];

    private string? Expanded(string path) => !path.StartsWith("~/", StringComparison.Ordinal) ? path : _home is null ? null : Path.Join(_home, path[2..]);

    // Where a path would really lie: the part of it that is there without links, and the rest as it is written.
    private string? WouldBe(string path)
    {
        if (Expanded(path)?.TrimEnd('/') is not { Length: > 0 } given)
        {
            return null;
        }

        var rest = string.Empty;
        for (var there = given; there.Length > 1; there = Path.GetDirectoryName(there)!)
        {
            if (RealPaths.OfAll([there], null) is [var real])
            {
                return rest.Length == 0 ? real : Path.Join(real, rest);
            }

            rest = Path.Join(Path.GetFileName(there), rest);
        }

        return given;
    }

    private static List<Spot> Above(string path)
    {
        var all = new List<Spot>();
        for (string? folder = path; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            all.Add(new Spot(folder, KernelFiles.PlaceOf(folder)));
        }

        return all;
    }

    /// <summary>A folder by its path and by its number, which a mount elsewhere shares.</summary>
    private sealed record Spot(string Path, (ulong Device, ulong Inode)? Place)
    {
        internal bool Is(Spot other) => string.Equals(Path, other.Path, StringComparison.OrdinalIgnoreCase) || (Place is not null && Place == other.Place);
    }

    /// <summary>A folder that no cache may be or hold, and perhaps none may lie in.</summary>
    private sealed record Wall(string Folder, bool IsWhole, string Why)
    {
        private readonly List<Spot> _above = Above(Folder);

        /// <param name="cache">A cache and the folders above it.</param>
        internal bool Stops(IReadOnlyList<Spot> cache) => _above.Exists(cache[0].Is) || (IsWhole && cache.Any(_above[0].Is));
    }
}

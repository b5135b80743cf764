using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// The words for folders of which a part is seen: each is an empty one in memory, into which is laid what may be seen of it at the start.
/// So what appears later and what takes the place of something hidden is not there, whatever is done outside. Each entry costs
/// a mount, links none; sockets and pipes are never laid into one.
/// </summary>
/// <param name="hidden">What is hidden.</param>
/// <param name="caches">Real folders that may be written to.</param>
/// <param name="deciding">Paths that may not be written to even in those.</param>
/// <param name="files">The file system.</param>
internal sealed class OpenedFolders(HiddenPaths hidden, IReadOnlyList<string> caches, IReadOnlyList<string> deciding, IFileSystem files)
{
    /// <summary>More than these are not laid into one folder: each costs more than the one before it.</summary>
    internal const int Most = 512;

    /// <summary>An empty folder in memory, to be followed by its path, into which a command does not write.</summary>
    internal static readonly IReadOnlyList<string> Closed = ["--perms", "0555", "--tmpfs"];

    private readonly HashSet<string> _laid = new(StringComparer.Ordinal);

    /// <summary>The words for those folders and caches that are wanted, outer ones first.</summary>
    internal List<string> Words(Func<string, bool> wanted)
    {
        List<string> words = [];
        var opened = hidden.Opened.Where(path => wanted(path) && files.Directory.Exists(path)).ToHashSet(StringComparer.Ordinal);
        foreach (var path in opened.Union(caches.Where(cache => wanted(cache) && !hidden.Hides(cache))).Order(StringComparer.Ordinal))
        {
            words.AddRange(opened.Contains(path) ? Laid(path, opened) : ["--bind", path, path]);
        }

        foreach (var path in deciding.Where(path => wanted(path) && !opened.Contains(path) && caches.Any(cache => HiddenPaths.IsWithin(path, cache))))
        {
            words.AddRange(files.Directory.Exists(path) || files.File.Exists(path) ? ["--ro-bind-try", path, path] : [.. Closed, path]);
        }

        return words;
    }

    /// <summary>The words for paths that are seen although the folder that they lie in is not.</summary>
    internal IEnumerable<string> Needed(IEnumerable<string> paths) =>
        paths.Where(path => !IsSeen(path)).SelectMany(path => (string[])["--ro-bind-try", path, path]);

    private List<string> Laid(string folder, HashSet<string> opened)
    {
        var isWritable = caches.Any(cache => HiddenPaths.IsWithin(folder, cache)) && !deciding.Any(path => HiddenPaths.IsWithin(folder, path));
        var bind = isWritable ? "--bind-try" : "--ro-bind-try";

        // A mode keeps even root from writing, who has no powers here, and costs no mount as a read-only one would.
        List<string> words = isWritable ? ["--tmpfs", folder] : [.. Closed, folder];
        var mounts = 0;
        foreach (var (name, kind) in Entries(folder))
        {
            var path = Path.Join(folder, name);
            if (opened.Contains(path) || caches.Contains(path))
            {
                _laid.Add(path);
            }
            else if (kind == Kind.Link && new FileInfo(path).LinkTarget is { } target && hidden.Shows(folder, name, files.Directory.Exists(path)))
            {
                words.AddRange(["--symlink", target, path]);
                _laid.Add(path);
            }
            else if (kind is not Kind.Link && hidden.Shows(folder, name, kind == Kind.Folder) && mounts < Most)
            {
                words.AddRange([bind, path, path]);
                _laid.Add(path);
                mounts++;
            }
        }

        return words;
    }

    // Folders first, so that where there is too much it is files that are missing. What cannot be asked about, such as the end of a
    // connection that is gone, could not be laid anywhere.
    private static List<(string Name, Kind Kind)> Entries(string folder)
    {
        List<(string Name, Kind Kind)> entries = [];
        if (KernelFiles.CanList && KernelFiles.CanTell)
        {
            KernelFiles.List(KernelFiles.PathOf(folder), (name, _) =>
            {
                var text = Encoding.UTF8.GetString(name);
                if (KernelFiles.Of(KernelFiles.PathOf(Path.Join(folder, text))) is { } facts && (facts.IsFolder || facts.IsFile || facts.IsLink))
                {
                    entries.Add((text, facts.IsFolder ? Kind.Folder : facts.IsFile ? Kind.File : Kind.Link));
                }
            });
        }
        else
        {
            entries.AddRange(new DirectoryInfo(folder).EnumerateFileSystemInfos().Select(entry =>
                (entry.Name, entry.LinkTarget is not null ? Kind.Link : entry.Attributes.HasFlag(FileAttributes.Directory) ? Kind.Folder : Kind.File)));
        }

        return [.. entries.OrderBy(entry => entry.Kind).ThenBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    // By the innermost opened folder that it lies in.
    private bool IsSeen(string path)
    {
        var folder = hidden.Opened.Where(opened => HiddenPaths.IsWithin(path, opened)).MaxBy(opened => opened.Length);
        if (folder is null || folder == path)
        {
            return folder is not null || !SandboxView.IsPrivate(path);
        }

        var rest = path.AsSpan(folder.TrimEnd('/').Length + 1);
        var end = rest.IndexOf('/');
        return _laid.Contains(Path.Join(folder, end < 0 ? rest : rest[..end]));
    }

    private enum Kind
    {
        Folder,
        File,
        Link,
    }
}

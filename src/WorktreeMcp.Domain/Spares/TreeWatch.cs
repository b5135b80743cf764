using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Watching;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// Watches every folder of a tree. The kernel queues what happens in the call that makes it happen, so an empty queue
/// proves that nothing did, without a thread that reads it. Linux only; elsewhere, or where the user's share of watches
/// is used up, there is none and a full check takes its place.
/// </summary>
internal sealed class TreeWatch : IDisposable
{
    private const int MostFolders = 60_000;

    private readonly SafeHandle _queue;
    private readonly IReadOnlyList<(string Path, (ulong, ulong)? Place)> _roots;
    private bool _broken;

    private TreeWatch(SafeHandle queue, IEnumerable<string> roots) => (_queue, _roots) = (queue, [.. roots.Select(root => (root, KernelFiles.PlaceOf(root)))]);

    /// <summary>Whether nothing has happened since the watch began, and what is watched still lies at its path: a folder above may have been replaced.</summary>
    internal bool IsUnbroken
    {
        get
        {
            _broken = _broken || Inotify.Read(_queue, stackalloc byte[512]) != 0 || _roots.Any(root => KernelFiles.PlaceOf(root.Path) != root.Place);
            return !_broken;
        }
    }

    /// <summary>Begins to watch; null where that cannot be done for the whole tree.</summary>
    /// <param name="roots">Folders, each with all that are in it.</param>
    internal static TreeWatch? Begin(params IReadOnlyList<string> roots)
    {
        if (Inotify.Open() is not { } queue)
        {
            return null;
        }

        var watch = new TreeWatch(queue, roots);
        var count = 0;
        if (roots.All(root => watch.Add(root, ref count)))
        {
            return watch;
        }

        watch.Dispose();
        return null;
    }

    public void Dispose() => _queue.Dispose();

    // A folder is watched before it is listed, so that one which is made meanwhile breaks the watch.
    private bool Add(string folder, ref int count)
    {
        if (++count > MostFolders || Inotify.Watch(_queue, folder) < 0)
        {
            return false;
        }

#pragma warning disable RS0030 // a walk over somebody else's tree, not state of ours
        foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories())
#pragma warning restore RS0030
        {
            if (!inner.Attributes.HasFlag(FileAttributes.ReparsePoint) && !Add(inner.FullName, ref count))
            {
                return false;
            }
        }

        return true;
    }
}

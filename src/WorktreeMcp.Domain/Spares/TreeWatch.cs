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
    // What a user may watch is shared with editors and with other servers.
    private const int Share = 3;
    private const int MostFolders = 60_000;

    private static readonly int Most = Math.Min(MostFolders, WatchLimits.Allowed() / Share);

    private readonly SafeHandle _queue;
    private readonly IReadOnlyList<(string Path, (ulong, ulong)? Place)> _roots;
    private bool _broken;
    private int _folders;

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
        if (roots.All(watch.AddAll))
        {
            return watch;
        }

        watch.Dispose();
        return null;
    }

    public void Dispose() => _queue.Dispose();

    // A folder is watched before it is listed, so that one which is made meanwhile breaks the watch, and so does one that goes.
    private bool AddAll(string root)
    {
        var open = new Stack<byte[]>();
        open.Push(KernelFiles.PathOf(root));
        for (var isRoot = true; open.TryPop(out var folder); isRoot = false)
        {
            if (++_folders > Most || !KernelFiles.CanList)
            {
                return false;
            }

            // What only may be a folder is told by that it cannot be watched.
            if (Inotify.Watch(_queue, folder) < 0)
            {
                if (isRoot || !KernelFiles.WasNoFolder)
                {
                    return false;
                }
            }
            else if (!KernelFiles.List(folder, (name, mayBeFolder) => Push(open, folder, name, mayBeFolder)))
            {
                return false;
            }
        }

        return true;
    }

    private static void Push(Stack<byte[]> open, byte[] folder, ReadOnlySpan<byte> name, bool mayBeFolder)
    {
        if (mayBeFolder)
        {
            open.Push(KernelFiles.Joined(folder, name));
        }
    }
}

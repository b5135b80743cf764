using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// Watches every folder of a tree. The kernel queues what happens in the call that makes it happen, so an empty queue
/// proves that nothing did, without a thread that reads it. Linux only; elsewhere, or where the user's share of watches
/// is used up, there is none and a full check takes its place.
/// </summary>
internal sealed class TreeWatch : IDisposable
{
    private readonly SafeHandle _queue;
    private readonly IReadOnlyList<(string Path, (ulong, ulong)? Place)> _roots;
    private readonly WatchBudget _budget;
    private bool _broken;
    private int _folders;

    private TreeWatch(SafeHandle queue, WatchBudget budget, IEnumerable<string> roots) =>
        (_queue, _budget, _roots) = (queue, budget, [.. roots.Select(root => (root, KernelFiles.PlaceOf(root)))]);

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
    internal static TreeWatch? Begin(params IReadOnlyList<string> roots) => Begin(WatchBudget.OfProcess, roots);

    /// <summary>The same within a budget.</summary>
    internal static TreeWatch? Begin(WatchBudget budget, params IReadOnlyList<string> roots)
    {
        if (Inotify.Open() is not { } queue)
        {
            return null;
        }

        var watch = new TreeWatch(queue, budget, roots);
        if (roots.All(watch.AddAll))
        {
            return watch;
        }

        watch.Dispose();
        return null;
    }

    public void Dispose()
    {
        _queue.Dispose();
        _budget.Give(Interlocked.Exchange(ref _folders, 0));
    }

    // A folder is watched before it is listed, so that one which is made meanwhile breaks the watch, and so does one that goes.
    private bool AddAll(string root)
    {
        var open = new Stack<byte[]>();
        open.Push(KernelFiles.PathOf(root));
        for (var isRoot = true; open.TryPop(out var folder); isRoot = false)
        {
            if (!KernelFiles.CanList || !_budget.TryTake())
            {
                return false;
            }

            _folders++;

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

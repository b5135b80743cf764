using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// Watches the folders of several trees with one queue of the kernel, and says of each whether anything has happened in it
/// since a mark was taken. The kernel queues what happens in the call that makes it happen, so what is asked after a change
/// knows of it. A tree that cannot be watched whole is not watched at all: nobody is told that nothing happened where
/// nobody looked. Not seen are writes through a hard link or a memory map that lies elsewhere or is still open.
/// </summary>
internal sealed class TreeWatches : IDisposable
{
    private const int HeaderLength = 16;

    // The queue holds 16,384 entries; a build in one tree would fill it between two questions.
    private static readonly TimeSpan DrainEvery = TimeSpan.FromMilliseconds(200);

    // Who does not ask for so long has gone away, and others may need the watches.
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, WatchedTree> _owners = [];
    private readonly Dictionary<int, WatchedTree> _trees = [];
    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly WatchBudget _budget;
    private readonly Timer _drain;
    private SafeHandle? _queue;
    private long _asked;
    private int _released;
    private bool _disposed;

    internal TreeWatches(BackgroundFaults faults, WatchBudget? budget = null)
    {
        _budget = budget ?? WatchBudget.OfProcess;
        _drain = new Timer(_ => faults.Guard("watching folders", DrainOrRest));
    }

    /// <summary>Sees to it that a tree is watched, and marks this moment in it.</summary>
    /// <param name="id">What the tree goes by.</param>
    /// <param name="roots">Its folders, each with all that are in it.</param>
    /// <returns>The mark; null where the tree cannot be watched whole.</returns>
    internal long? Mark(int id, params IReadOnlyList<string> roots)
    {
        WatchedTree tree;
        long mark;
        int folders, releases;
        lock (_gate)
        {
            if (_disposed || _budget.IsNone)
            {
                return null;
            }

            Drain();
            tree = Find(id, roots);
            LookForRoots(tree);
            if (tree.RefusedAt == _released)
            {
                return null;
            }

            // Whatever happens from here on comes through the queue, and breaks the mark.
            (mark, folders, releases) = (tree.Changes, tree.NewFolders, tree.Releases);
            if (tree.IsWhole)
            {
                return mark;
            }

            tree.Places = Places(roots);
        }

        var isWatched = KernelFiles.CanList && roots.All(
            root => WatchLimits.FileSystemOf(root) is { } kind && AddAll(tree, releases, root, KernelFiles.CanTell && WatchLimits.CountsLinks(kind)));
        lock (_gate)
        {
            if (tree.Releases != releases)
            {
                return null;
            }

            if (!isWatched)
            {
                Release(tree);
                tree.RefusedAt = _released;
                return null;
            }

            tree.WholeAt = folders;
            return mark;
        }
    }

    /// <summary>Whether nothing has happened in a tree since it was marked.</summary>
    internal bool IsUnchanged(int id, long mark)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return false;
            }

            Drain();
            if (!_trees.TryGetValue(id, out var tree))
            {
                return false;
            }

            LookForRoots(tree);
            return tree.IsWhole && tree.Changes == mark;
        }
    }

    /// <summary>Ends the watch of all other trees.</summary>
    internal void Keep(IReadOnlySet<int> ids)
    {
        lock (_gate)
        {
            foreach (var tree in _trees.Values.Where(tree => !ids.Contains(tree.Id)).ToList())
            {
                Release(tree);
                _trees.Remove(tree.Id);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Reset();
        }

        _drain.Dispose();
    }

    private WatchedTree Find(int id, IReadOnlyList<string> roots)
    {
        if (_trees.TryGetValue(id, out var tree) && tree.Roots.SequenceEqual(roots, StringComparer.Ordinal))
        {
            return tree;
        }

        if (tree is not null)
        {
            Release(tree);
        }

        return _trees[id] = new WatchedTree(id, roots) { Changes = (tree?.Changes ?? 0) + 1 };
    }

    // Something else may lie at a root's path without anything having happened in it: it was moved with the folder above, or mounted over.
    private void LookForRoots(WatchedTree tree)
    {
        if (tree.IsWhole && !tree.Places.SequenceEqual(Places(tree.Roots)))
        {
            Release(tree);
        }
    }

    private static List<(ulong, ulong)?> Places(IReadOnlyList<string> roots) => [.. roots.Select(KernelFiles.PlaceOf)];

    // A folder is watched before it is listed, so that one which is made meanwhile comes through the queue.
    private bool AddAll(WatchedTree tree, int releases, string root, bool countsLinks)
    {
        var open = new Stack<byte[]>();
        open.Push(KernelFiles.PathOf(root));
        for (var isRoot = true; open.TryPop(out var folder); isRoot = false)
        {
            if (!Add(tree, releases, folder))
            {
                // What went in the meantime went through the queue.
                if (isRoot || !KernelFiles.WasNoFolder)
                {
                    return false;
                }
            }
            else if (!(countsLinks && KernelFiles.IsLeaf(folder)) && (!AddInner(folder, open, out var holdsGit) || (holdsGit && !isRoot)))
            {
                // A repository in a repository has a part of its state elsewhere.
                return false;
            }
        }

        return true;
    }

    private static bool AddInner(byte[] folder, Stack<byte[]> open, out bool holdsGit)
    {
        var git = false;
        var isRead = KernelFiles.List(
            folder,
            (name, mayBeFolder) =>
            {
                if (name.SequenceEqual(".git"u8))
                {
                    git = true;
                }
                else if (mayBeFolder)
                {
                    open.Push(KernelFiles.Joined(folder, name));
                }
            });
        holdsGit = git;
        return isRead;
    }

    private bool Add(WatchedTree tree, int releases, byte[] folder)
    {
        lock (_gate)
        {
            Marshal.SetLastPInvokeError(0);
            if (_disposed || tree.Releases != releases)
            {
                return false;
            }

            if (_queue is null)
            {
                _queue = Inotify.Open();
                _drain.Change(DrainEvery, DrainEvery);
            }

            if (_queue is null || !_budget.TryTake())
            {
                return false;
            }

            // A folder that is watched already has the same number again.
            var watch = Inotify.Watch(_queue, folder);
            if (watch < 0 || _owners.ContainsKey(watch))
            {
                _budget.Give(1);
            }

            if (watch >= 0)
            {
                _owners[watch] = tree;
            }

            return watch >= 0;
        }
    }

    private void DrainOrRest()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(_asked) > Idle)
            {
                Reset();
            }
            else
            {
                Take();
            }
        }
    }

    private void Drain()
    {
        _asked = Stopwatch.GetTimestamp();
        Take();
    }

    private void Take()
    {
        while (_queue is not null)
        {
            var count = Inotify.Read(_queue, _buffer);
            if (count == 0)
            {
                return;
            }

            if (count < 0)
            {
                Reset();
                return;
            }

            for (var at = 0; at < count && _queue is not null;)
            {
                var entry = _buffer.AsSpan(at);
                var length = BinaryPrimitives.ReadInt32LittleEndian(entry[12..]);
                Note(BinaryPrimitives.ReadInt32LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), entry.Slice(HeaderLength, length).TrimEnd((byte)0));
                at += HeaderLength + length;
            }
        }
    }

    private void Note(int watch, uint what, ReadOnlySpan<byte> name)
    {
        if ((what & Inotify.Overflow) != 0)
        {
            Reset();
            return;
        }

        if (!_owners.TryGetValue(watch, out var tree) || Inotify.IsOnlyRead(what, name))
        {
            return;
        }

        tree.Changes++;
        if ((what & Inotify.Ignored) != 0)
        {
            Forget(watch);
        }
        else if ((what & (Inotify.SelfMoved | Inotify.Unmounted)) != 0 || (what & (Inotify.MovedFrom | Inotify.IsFolder)) == (Inotify.MovedFrom | Inotify.IsFolder))
        {
            // What was moved is still watched, wherever it is now.
            Release(tree);
        }
        else if ((what & (Inotify.Created | Inotify.MovedTo)) != 0 && ((what & Inotify.IsFolder) != 0 || name.SequenceEqual(".git"u8)))
        {
            // A file of that name makes a repository of the folder that it is in.
            tree.NewFolders++;
        }
    }

    private void Release(WatchedTree tree)
    {
        _released += tree.IsWhole ? 1 : 0;
        tree.Forget();
        foreach (var watch in _owners.Where(owned => owned.Value == tree).Select(owned => owned.Key).ToList())
        {
            Forget(watch);
            Inotify.Unwatch(_queue!, watch);
        }
    }

    private void Forget(int watch) => _budget.Give(_owners.Remove(watch) ? 1 : 0);

    private void Reset()
    {
        _queue?.Dispose();
        _queue = null;
        _budget.Give(_owners.Count);
        _owners.Clear();
        _released++;
        _drain.Change(Timeout.Infinite, Timeout.Infinite);
        foreach (var tree in _trees.Values)
        {
            tree.Forget();
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// A lock file, as this process waits for it. Invariants:
/// - a blocking flock queues fairly between processes, which polling does not; one thread waits in it, however many callers ask and give up;
/// - who gives up leaves the place in the queue to the next who asks; a lock that nobody waits for any more is given back;
/// - what is handed out is the file that lies at the path then, whatever lay there when the wait began.
/// </summary>
internal sealed class FileLock
{
    private static readonly ConcurrentDictionary<string, FileLock> Known = new(StringComparer.Ordinal);

    private readonly StateLayout _layout;
    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly LinkedList<PendingLock> _pending = [];
    private bool _isWaiting;

    private FileLock(StateLayout layout, string path) => (_layout, _path) = (layout, path);

    /// <summary>The lock at a path, the same one for all who ask in this process.</summary>
    internal static FileLock At(StateLayout layout, string path) => Known.GetOrAdd(path, path => new FileLock(layout, path));

    /// <summary>Takes it if it is free.</summary>
    /// <returns>The locked file, or null.</returns>
    internal SafeFileHandle? Try()
    {
        var file = LockFile.Open(_layout, _path);
        try
        {
            if (Posix.TryFlock(file, shared: false))
            {
                return file;
            }
        }
        catch (IOException)
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        return null;
    }

    /// <summary>Gets in line for it.</summary>
    internal PendingLock Ask()
    {
        var pending = new PendingLock(this);
        lock (_gate)
        {
            _pending.AddLast(pending);
            if (!_isWaiting)
            {
                new Thread(Wait) { IsBackground = true, Name = "lock wait" }.Start();
                _isWaiting = true;
            }
        }

        return pending;
    }

    /// <summary>Gets out of line.</summary>
    /// <returns>False if the lock has just been handed over.</returns>
    internal bool Leave(PendingLock pending)
    {
        lock (_gate)
        {
            return _pending.Remove(pending);
        }
    }

    private void Wait()
    {
        try
        {
            do
            {
                var file = WaitOnce();
                if (Next() is not { } next)
                {
                    Posix.Unlock(file);
                    return;
                }

                next.Come(file);
            }
            while (IsWanted());
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
    }

    private SafeFileHandle WaitOnce()
    {
        var file = LockFile.Open(_layout, _path);
        try
        {
            Posix.WaitFlock(file);
            return Current(file);
        }
        catch (IOException)
        {
            file.Dispose();
            throw;
        }
    }

    // A second lock is granted only if what lies at the path is another file by now: then it is that one which counts.
    private SafeFileHandle Current(SafeFileHandle file)
    {
        if (Try() is not { } other)
        {
            return file;
        }

        Posix.Unlock(file);
        return other;
    }

    // Null when nobody waits any more; then the thread ends, and the next who asks begins another.
    private PendingLock? Next()
    {
        lock (_gate)
        {
            var first = _pending.First?.Value;
            _isWaiting = first is not null;
            if (first is not null)
            {
                _pending.RemoveFirst();
            }

            return first;
        }
    }

    private bool IsWanted()
    {
        lock (_gate)
        {
            return _isWaiting = _pending.Count > 0;
        }
    }

    private void Fail(Exception fault)
    {
        List<PendingLock> all;
        lock (_gate)
        {
            all = [.. _pending];
            _pending.Clear();
            _isWaiting = false;
        }

        all.ForEach(pending => pending.Fail(fault));
    }
}

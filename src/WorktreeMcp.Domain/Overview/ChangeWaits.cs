using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Overview;

/// <summary>One watch of the state's files for all that wait in this process; none while nobody waits.</summary>
internal sealed class ChangeWaits(StateStore store)
{
    // The files of one change are written within less.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new();
    private FileWatch? _watch;
    private int _waiting;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Ends with the next change, whoever makes it. Taken before one looks, so that nothing comes in between.</summary>
    internal Task Next
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>Sees to it that changes are followed until what is returned is disposed.</summary>
    internal IDisposable Join()
    {
        lock (_gate)
        {
            _waiting++;
            _watch ??= new FileWatch(store, _ => Tell(), Moment);
        }

        return new Waiter(this);
    }

    private void Tell()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private void Leave()
    {
        FileWatch? unused = null;
        lock (_gate)
        {
            if (--_waiting == 0)
            {
                (unused, _watch) = (_watch, null);
            }
        }

        unused?.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Waiter(ChangeWaits waits) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                waits.Leave();
            }
        }
    }
}

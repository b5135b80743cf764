using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// Waits for a flock on a thread of its own: a blocking flock queues fairly, which polling does not. Between the waiter and
/// its thread exactly one of "taken" and "abandoned" wins; a lock that nobody waits for any more is given back.
/// </summary>
internal sealed class LockClaim
{
    private readonly SafeFileHandle _file;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _settled;

    internal LockClaim(SafeFileHandle file)
    {
        _file = file;
        new Thread(Wait) { IsBackground = true, Name = "lock wait" }.Start();
    }

    /// <summary>Whether the lock came within a time; else this may be asked again, or <see cref="Abandon"/>ed.</summary>
    internal bool Came(TimeSpan patience, CancellationToken cancel = default)
    {
        var inTime = Task.WaitAny([_done.Task], (int)Math.Clamp(patience.TotalMilliseconds, 0, int.MaxValue), cancel) == 0;
        if (inTime)
        {
            _done.Task.GetAwaiter().GetResult();
        }

        return inTime;
    }

    /// <summary>Gives up, unless the lock has just come.</summary>
    /// <returns>Whether it was given up.</returns>
    internal bool Abandon()
    {
        if (Interlocked.Exchange(ref _settled, 1) == 0)
        {
            return true;
        }

        _done.Task.GetAwaiter().GetResult();
        return false;
    }

    private void Wait()
    {
        try
        {
            Posix.WaitFlock(_file);
            Settle();
            _done.SetResult();
        }
        catch (IOException fault)
        {
            Settle();
            _done.SetException(fault);
        }
    }

    private void Settle()
    {
        if (Interlocked.Exchange(ref _settled, 1) == 1)
        {
            _file.Dispose();
        }
    }
}

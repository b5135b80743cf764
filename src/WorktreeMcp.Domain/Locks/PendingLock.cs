using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Locks;

/// <summary>One caller's place in the line for a lock: either the lock comes, or the caller gives up, and never both.</summary>
internal sealed class PendingLock(FileLock of)
{
    private readonly TaskCompletionSource<SafeFileHandle> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The locked file if it came within a time; else this may be asked again, or <see cref="Abandon"/>ed.</summary>
    internal SafeFileHandle? Came(TimeSpan patience, CancellationToken cancel = default) =>
        Task.WaitAny([_done.Task], (int)Math.Clamp(patience.TotalMilliseconds, 0, int.MaxValue), cancel) == 0 ? _done.Task.GetAwaiter().GetResult() : null;

    /// <summary>Gives up.</summary>
    /// <returns>The locked file if it has just come, else null.</returns>
    internal SafeFileHandle? Abandon() => of.Leave(this) ? null : _done.Task.GetAwaiter().GetResult();

    internal void Come(SafeFileHandle file) => _done.SetResult(file);

    internal void Fail(Exception fault) => _done.SetException(fault);
}

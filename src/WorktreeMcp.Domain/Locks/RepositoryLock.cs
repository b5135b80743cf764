using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// The one lock that guards every change of state, across threads and processes.
/// Invariants:
/// - an exclusive flock on a file that is never deleted; the kernel frees it at kill -9, nobody judges it by pid or age;
/// - a git child that inherited the descriptor keeps it until that child has ended;
/// - a semaphore in the process comes first, so at most one thread of a process waits for the file;
/// - it is held for milliseconds: never while a user's command runs or files are checked out.
/// </summary>
#pragma warning disable CA1001 // The semaphore holds nothing but memory, and a thread in the background may have the lock in hand when the repository is closed.
internal sealed class RepositoryLock(StateLayout layout, TimeProvider time)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _process = new(1, 1);
    private bool? _works;
    private int _thread;

    /// <summary>Whether this very thread holds the lock.</summary>
    internal bool IsInHand => Volatile.Read(ref _thread) == Environment.CurrentManagedThreadId;

    /// <summary>How long a caller waits before it is told who holds the lock.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Takes the lock, or refuses as busy with its holder once patience is over.</summary>
    /// <param name="operation">What is about to be done, for those who wait.</param>
    /// <param name="patience">How long to wait; null for <see cref="Patience"/>.</param>
    /// <returns>The held lock; disposing it frees it.</returns>
    public HeldLock Acquire(string operation, TimeSpan? patience = null)
    {
        var most = patience ?? Patience;
        var start = time.GetTimestamp();
        if (!_process.Wait(most))
        {
            throw Busy(most);
        }

        SafeFileHandle? file = null;
        try
        {
            file = AcquireFile(most, most - time.GetElapsedTime(start));
            EnsureItLocks();
            LockTimes.Waited(time.GetElapsedTime(start), operation);
            var granted = time.GetTimestamp();
            WriteHolder(operation);
            Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
            return new HeldLock(file, () => Freed(granted, operation));
        }
        catch
        {
            file?.Dispose();
            _process.Release();
            throw;
        }
    }

    private void Freed(long granted, string operation)
    {
        Volatile.Write(ref _thread, 0);
        _process.Release();
        LockTimes.Held(time.GetElapsedTime(granted), operation);
    }

    private SafeFileHandle AcquireFile(TimeSpan most, TimeSpan left)
    {
        var wait = FileLock.At(layout, layout.Lock);
        if (wait.Try() is { } free)
        {
            return free;
        }

        var pending = wait.Ask();
        return pending.Came(left) ?? pending.Abandon() ?? throw Busy(most);
    }

    // Some network file systems and a disabled lock say yes to everybody.
    private void EnsureItLocks()
    {
        if (_works is null)
        {
            using var second = LockFile.Open(layout, layout.Lock);
            _works = !Posix.TryFlock(second, shared: false);
        }

        if (_works is false)
        {
            throw new Refusal(
                RefusalCode.Internal,
                $"Locks do not work on the file system of {layout.Private}: a second lock was granted while the first was held. Reading works, changes are refused.",
                "Move the repository to a local file system.");
        }
    }

    private void WriteHolder(string operation) =>
        LockFile.Tell(layout, layout.LockHolder, new LockHolder(Environment.ProcessId, Environment.MachineName, operation, StateJson.Seconds(time.GetUtcNow())));

    private Refusal Busy(TimeSpan waited)
    {
        var holder = LockFile.Told(layout.LockHolder);
        var who = holder is null
            ? "another process"
            : $"process {holder.Pid} on {holder.Host}, doing {holder.Operation} since {DateTimeOffset.FromUnixTimeMilliseconds((long)(holder.Since * 1000)):yyyy-MM-dd HH:mm:ss}Z";
        return new Refusal(
            RefusalCode.Busy,
            $"The lock of this repository's board is held by {who}; waited {waited.TotalSeconds:0} s.",
            "Try the same call again. If that process hangs, a person should look at it.");
    }
}

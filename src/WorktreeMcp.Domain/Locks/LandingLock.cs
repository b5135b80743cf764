using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// Lets one landing at a time through, across threads and processes, so that what was verified is what lands. It is held
/// while a landing is verified, minutes perhaps; git children that move branches or files inherit it.
/// Order: lease before landing lock before lock; with the lock in hand this one is only tried.
/// </summary>
internal sealed class LandingLock : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);

    private readonly SafeFileHandle _file;

    private LandingLock(SafeFileHandle file) => _file = file;

    /// <summary>What a child that moves branches or files must inherit.</summary>
    public SafeHandle Descriptor => _file;

    /// <summary>Takes it if nobody lands.</summary>
    /// <param name="layout">Where its file lies.</param>
    /// <returns>The lock, or null.</returns>
    public static LandingLock? Try(StateLayout layout) => FileLock.At(layout, layout.LandingLock).Try() is { } free ? new LandingLock(free) : null;

    /// <summary>Takes it, or waits for those that came before.</summary>
    /// <param name="layout">Where its file lies.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="time">The clock.</param>
    /// <param name="operation">What is about to be done, for those who wait.</param>
    /// <param name="waiting">Told every two seconds who is waited for.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The lock; refuses as busy when the time is up.</returns>
    public static LandingLock Acquire(StateLayout layout, TimeSpan patience, TimeProvider time, string operation, Action<string> waiting, CancellationToken cancel)
    {
        var taken = Try(layout) ?? Wait(layout, patience, time, waiting, cancel);
        LockFile.Tell(layout, layout.LandingHolder, new LockHolder(Environment.ProcessId, Environment.MachineName, operation, StateJson.Seconds(time.GetUtcNow())));
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose() => Posix.Unlock(_file);

    private static LandingLock Wait(StateLayout layout, TimeSpan patience, TimeProvider time, Action<string> waiting, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        var pending = FileLock.At(layout, layout.LandingLock).Ask();
        try
        {
            while (patience - time.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                if (pending.Came(left < Tick ? left : Tick, cancel) is { } file)
                {
                    return new LandingLock(file);
                }

                waiting($"waiting for {Holder(layout)}");
            }
        }
        catch (OperationCanceledException)
        {
            if (pending.Abandon() is { } late)
            {
                Posix.Unlock(late);
            }

            throw;
        }

        return pending.Abandon() is { } last
            ? new LandingLock(last)
            : throw new Refusal(
                RefusalCode.Busy,
                $"Another landing is going on: {Holder(layout)}; waited {patience.TotalSeconds:0} s.",
                "Repeat the call; a larger wait_seconds waits longer. Landings are done one after the other.");
    }

    private static string Holder(StateLayout layout) => LockFile.Told(layout.LandingHolder) is { } holder
        ? $"process {holder.Pid} on {holder.Host}, {holder.Operation} since {DateTimeOffset.FromUnixTimeMilliseconds((long)(holder.Since * 1000)):yyyy-MM-dd HH:mm:ss}Z"
        : "another process";
}

using System.Diagnostics;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// Looks after the spares while a server runs: on a thread of its own, after it was woken and the base was seen to move,
/// never in the way of a call: it begins when no server is making a worktree.
/// </summary>
/// <param name="room">The spares.</param>
/// <param name="faults">Where is told what went wrong.</param>
/// <param name="set">How many are wanted; null for one where a checkout takes long, else none.</param>
/// <param name="target">The commit they should be at; null while there is none.</param>
/// <param name="isMaking">Whether a worktree is being made, by whichever server.</param>
internal sealed class SpareKeeper(SpareRoom room, BackgroundFaults faults, int? set, Func<string?> target, Func<bool> isMaking) : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    // Those who create at once do not begin at the same instant.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    // A kill leaves one in the making until the next call settles it.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _end = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly Lock _gate = new();
    private Thread? _thread;
    private bool _allowed;
    private volatile bool _isSlow;

    private int? Wanted => set ?? (_isSlow ? 1 : null);

    /// <summary>Allows work in the background from now on.</summary>
    internal void Start()
    {
        _allowed = true;

        // Whoever keeps one here has measured it, or was killed at it: then somebody has to tidy up.
        _isSlow |= room.HasTraces;
        Wake();
    }

    /// <summary>Tells that a worktree was made.</summary>
    /// <param name="checkout">How long its files took; null if they had been kept ready.</param>
    internal void Created(TimeSpan? checkout)
    {
        _isSlow |= checkout is null || checkout > Long;
        Wake();
    }

    /// <summary>Has the spares looked at soon.</summary>
    internal void Wake()
    {
        lock (_gate)
        {
            if (!_allowed || Wanted is null || _end.IsCancellationRequested)
            {
                return;
            }

            _wake.Set();
            if (_thread is null)
            {
                _thread = new Thread(Keep) { IsBackground = true, Name = "spares" };
                _thread.Start();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_end.IsCancellationRequested)
            {
                return;
            }

            _end.Cancel();
        }

        // git is told to end; what it leaves half-made is swept by whoever looks next.
        if (_thread?.Join(TimeSpan.FromSeconds(1)) != false)
        {
            _wake.Dispose();
            _end.Dispose();
        }
    }

    // Spares are a convenience: what stands in the way now, such as another server that is at them, is met again at the next look.
    private void Keep()
    {
        WaitHandle[] signals = [_wake, _end.Token.WaitHandle];
        string? done = null;
        while (!_end.IsCancellationRequested)
        {
            var woken = WaitHandle.WaitAny(signals, Look) == 0;
            try
            {
                if (!_end.IsCancellationRequested && target() is { } seen && (woken || seen != done || room.HasChanged) && WaitForOthers() && target() is { } commit)
                {
                    room.WatchOthers(commit, _end.Token);
                    done = room.Tend(Wanted, commit, _end.Token) ? commit : null;
                }
            }
            catch (Exception fault)
            {
                done = null;
                if (fault is not (Refusal or IOException or UnauthorizedAccessException) && !_end.IsCancellationRequested)
                {
                    faults.Tell("keeping checkouts ready", fault);
                }
            }
        }
    }

    // However low its priority, a checkout takes the disk from those that somebody waits for. False when the server ends.
    private bool WaitForOthers()
    {
        var begun = Stopwatch.GetTimestamp();
        while (!_end.Token.WaitHandle.WaitOne(Pause))
        {
            if (!isMaking() || Stopwatch.GetElapsedTime(begun) > Patience)
            {
                return true;
            }
        }

        return false;
    }
}

using System.Diagnostics;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// One child from its start to its end.
/// The child stays unreaped until everything that uses its number is over, and is reaped on every way out.
/// </summary>
internal sealed class ChildRun(ChildSpec spec, SessionLeader leader, ChildPipes pipes, Watchdog.Watch watch, long begin, CancellationToken cancel) : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortGrace = TimeSpan.FromSeconds(0.8);
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(50);

    private readonly ChildSession _session = new(leader, spec.Marker);
    private IReadOnlyList<int> _survivors = [];
    private bool _ended;
    private bool _given;
    private bool _reaped;

    /// <summary>Waits for the end of the child, or brings it about.</summary>
    internal ChildExit Complete()
    {
        var (timedOut, cancelled) = WaitForEnd();
        if (_given)
        {
            return new ChildExit(null, null, TimedOut: false, Cancelled: false, Stopwatch.GetElapsedTime(begin), []) { HandedOver = true };
        }

        pipes.Ignore(cancelled, _ended);
        pipes.Drain();
        var killed = !timedOut && !cancelled && spec.OutwaitSessionAfterKill && leader.WasKilled();
        if (killed)
        {
            OutwaitSession();
        }

        if (timedOut || cancelled || spec.EndSessionAfterExit)
        {
            EndSession();
            pipes.Drain();
            _survivors = [.. _survivors.Union(AdoptedOrphans.Since(leader.Started))];
        }

        var (code, signal) = Reap();
        return new ChildExit(code, signal, timedOut, cancelled, Stopwatch.GetElapsedTime(begin), _survivors);
    }

    public void Dispose()
    {
        if (_reaped)
        {
            return;
        }

        // Only a fault leads here: no time for politeness, and no sink to write to.
        _session.KillGroup();
        _session.Signal(_session.Members(), Signals.Kill);
        SpinWait.SpinUntil(HasEnded, Grace);
        Reap();
    }

    private (bool TimedOut, bool Cancelled) WaitForEnd()
    {
        while (!HasEnded())
        {
            if (cancel.IsCancellationRequested)
            {
                return (false, true);
            }

            if (spec.Handover is { IsDue: true } handover && Give(handover))
            {
                return (false, false);
            }

            var left = TimeLeft();
            if (left == TimeSpan.Zero)
            {
                return (true, false);
            }

            pipes.Pump(left);
        }

        return (false, false);
    }

    private TimeSpan TimeLeft()
    {
        if (spec.Timeout is not { } limit || limit == Timeout.InfiniteTimeSpan)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var left = limit - Stopwatch.GetElapsedTime(begin);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private bool HasEnded() => _ended = _ended || leader.HasEnded();

    // Who takes it watches over it before we cease to.
    private bool Give(Handover handover)
    {
        pipes.HeardOfHandover();
        if (!handover.Give(leader.Started is { } started ? new RunningChild(leader.Pid, started, Stopwatch.GetElapsedTime(begin), pipes.Streams()) : null))
        {
            return false;
        }

        watch.Dispose();
        AdoptedOrphans.ForgetSession(leader.Pid);
        UnreapedChildren.Leave(leader.Pid);
        return _given = _reaped = true;
    }

    private void OutwaitSession()
    {
        var start = Stopwatch.GetTimestamp();
        while (_session.Members().Count > 0 && Stopwatch.GetElapsedTime(start) < Grace)
        {
            Pause(ShortPause);
        }

        EndSession();
        pipes.Drain();
    }

    private void EndSession()
    {
        var members = _session.Members();
        if (members.Count == 0)
        {
            return;
        }

        members = Signal(members, Signals.Terminate);
        if (members.Count > 0)
        {
            _session.KillGroup();
            members = Signal(members, Signals.Kill);
        }

        _survivors = members;
    }

    /// <summary>
    /// Signals the members until none is left or the time of grace is over. SIGTERM goes once to those that are there at
    /// first: a second one means "at once" to many programs, and what they start now is their cleaning up. SIGKILL goes
    /// to all that appear.
    /// </summary>
    private IReadOnlyList<int> Signal(IReadOnlyList<int> members, int signal)
    {
        var told = new HashSet<int>();
        var start = Stopwatch.GetTimestamp();
        var look = TimeSpan.FromMilliseconds(1);
        var empty = 0;
        while (true)
        {
            var news = members.Where(told.Add).ToList();
            if (news.Count > 0 && (signal == Signals.Kill || news.Count == told.Count))
            {
                // A stopped process sees the signal only when it is continued.
                _session.Signal(news, signal);
                _session.Signal(news, Signals.Continue);
            }

            var left = (spec.Hurry.IsCancellationRequested ? ShortGrace : Grace) - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                return members;
            }

            Pause(look < left ? look : left);
            look = look * 2 < LongestLook ? look * 2 : LongestLook;
            members = _session.Members();

            // A process that forks and ends while the list is read can be missed once.
            empty = members.Count == 0 ? empty + 1 : 0;
            if (empty == 2)
            {
                return members;
            }
        }
    }

    private void Pause(TimeSpan time)
    {
        var start = Stopwatch.GetTimestamp();
        for (var left = time; left > TimeSpan.Zero; left = time - Stopwatch.GetElapsedTime(start))
        {
            // What is being ended may have something to say, and must not block on a full pipe while saying it.
            pipes.Ignore(cancelling: cancel.IsCancellationRequested, process: HasEnded());
            pipes.Pump(left);
        }
    }

    private (int? Code, int? Signal) Reap()
    {
        _reaped = true;
        AdoptedOrphans.ForgetSession(leader.Pid);

        // While the child is unreaped its group's number is its own; what still lives of it is left to the watchdog no more.
        watch.Dispose();
        var seen = leader.Reap();
        return pipes.Said() ?? seen;
    }
}

using System.Diagnostics;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>The one place that starts a process.</summary>
public static class ChildProcess
{
    /// <summary>
    /// Runs a child to its end on the calling thread. The child's own end ends the call, also when something it left behind
    /// still holds its output open. When its time is up or the caller cancels, its whole session gets SIGTERM and after two
    /// seconds SIGKILL. It runs in a session of its own, with default signals and no descriptor but those of <paramref name="spec"/>.
    /// </summary>
    /// <param name="spec">What to start.</param>
    /// <param name="sink">Takes the output. If it throws, the child is killed and the exception passes on.</param>
    /// <param name="cancel">Ends the child; when it is set already, nothing starts.</param>
    /// <param name="started">Told the child's number once it runs.</param>
    /// <exception cref="ChildStartException">It could not be started.</exception>
    public static ChildExit Run(ChildSpec spec, ChildOutput sink, CancellationToken cancel, Action<int>? started = null)
    {
        UnreapedChildren.Reap();
        if (cancel.IsCancellationRequested)
        {
            return new ChildExit(null, null, TimedOut: false, Cancelled: true, TimeSpan.Zero, []);
        }

        var begin = Stopwatch.GetTimestamp();
        var handedOver = false;
        AdoptedOrphans.Expect(spec.Marker);
        try
        {
            using var pipes = new ChildPipes(sink, spec.Input, cancel, spec.Handover);
            using var watch = Watchdog.Over(spec.Marker);
            var pid = pipes.Start(spec);
            AdoptedOrphans.ExpectSession(pid);
            watch.Started(pid);
            using var run = new ChildRun(spec, SessionLeader.Own(pid), pipes, watch, begin, cancel);
            started?.Invoke(pid);
            var exit = run.Complete();
            handedOver = exit.HandedOver;
            return exit;
        }
        finally
        {
            // One that was handed over goes on and leaves its orphans to us; nobody says here when it ends.
            if (!handedOver)
            {
                AdoptedOrphans.Forget(spec.Marker);
            }
        }
    }

    /// <summary>Goes on with a child that another process has handed over, to its end, as if this one had started it.</summary>
    /// <param name="child">The child; its streams are closed with this call.</param>
    /// <param name="spec">How it was started.</param>
    /// <param name="sink">Takes the output.</param>
    /// <param name="taken">Called once this process watches over it.</param>
    /// <param name="cancel">Ends the child.</param>
    internal static ChildExit Continue(RunningChild child, ChildSpec spec, ChildOutput sink, Action taken, CancellationToken cancel)
    {
        var begin = Stopwatch.GetTimestamp() - (long)(child.Age.TotalSeconds * Stopwatch.Frequency);
        using var pipes = new ChildPipes(sink, ReadOnlyMemory<byte>.Empty, cancel);
        using var watch = Watchdog.Over(spec.Marker);
        pipes.Take(child);
        watch.Started(child.Pid);
        using var run = new ChildRun(spec, SessionLeader.Taken(child), pipes, watch, begin, cancel);
        taken();
        return run.Complete();
    }
}

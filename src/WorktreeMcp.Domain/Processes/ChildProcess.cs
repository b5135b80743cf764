using System.Diagnostics;

namespace WorktreeMcp.Domain.Processes;

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
        if (OperatingSystem.IsWindows())
        {
            throw new ChildStartException(ChildStartFault.System, 0, "Starting processes needs Linux or macOS.");
        }

        Remains.Reap();
        if (cancel.IsCancellationRequested)
        {
            return new ChildExit(null, null, TimedOut: false, Cancelled: true, TimeSpan.Zero, []);
        }

        var begin = Stopwatch.GetTimestamp();
        using var pipes = new ChildPipes(sink, spec.Input, cancel);
        using var watch = Watchdog.Over(spec.Marker);
        var pid = pipes.Start(spec);
        watch.Started(pid);
        using var run = new ChildRun(spec, pid, pipes, watch, begin, cancel);
        started?.Invoke(pid);
        return run.Complete();
    }
}

using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// Runs commands, each with empty input, an environment from the allow-list, and a time after which it is ended with
/// everything it started. An exit code is a result; only a command that cannot start is refused.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="environment">Where commands get their environment from; by default this process's own.</param>
internal sealed class CommandRunner(TimeProvider time, CommandEnvironment? environment = null)
{
    private readonly CommandEnvironment _environment = environment ?? CommandEnvironment.OfThisProcess();

    /// <summary>Where commands get their environment from.</summary>
    internal CommandEnvironment Environment => _environment;

    /// <summary>Runs a command to its end on the calling thread, and keeps of its output what the result holds.</summary>
    /// <param name="request">The command.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="Refusal">It could not be started.</exception>
    public RunResult Run(ShellCommand request, CancellationToken cancel)
    {
        using var log = new RunLog(() => throw new IOException("This run has no folder."));
        return Run(request, log, null, default, cancel);
    }

    /// <summary>Runs a command to its end on the calling thread.</summary>
    /// <param name="request">The command.</param>
    /// <param name="log">Takes its output.</param>
    /// <param name="started">Called once it runs.</param>
    /// <param name="hurry">Set when this process is about to end: less time is left to the command.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="handover">What may give it to another process while it runs, or null; then the result says that it goes on.</param>
    /// <exception cref="Refusal">It could not be started.</exception>
    internal RunResult Run(ShellCommand request, RunLog log, Action? started, CancellationToken hurry, CancellationToken cancel, Handover? handover = null)
    {
        var begin = time.GetTimestamp();
        var exit = Start(Spec(request) with { Hurry = hurry, Handover = handover }, log, started, cancel);
        return Result(request, exit, log, time.GetElapsedTime(begin));
    }

    /// <summary>Goes on with a command that another process began, to its end on the calling thread.</summary>
    /// <param name="child">Its processes.</param>
    /// <param name="request">The command.</param>
    /// <param name="log">Takes its output.</param>
    /// <param name="taken">Called once this process watches over it.</param>
    /// <param name="cancel">Ends it.</param>
    internal RunResult Continue(RunningChild child, ShellCommand request, RunLog log, Action taken, CancellationToken cancel)
    {
        var begin = time.GetTimestamp();
        var exit = ChildProcess.Continue(child, Spec(request), log.Add, taken, cancel);
        return Result(request, exit, log, child.Age + time.GetElapsedTime(begin));
    }

    private static RunResult Result(ShellCommand request, ChildExit exit, RunLog log, TimeSpan duration)
    {
        var (output, error, readOn) = log.Now(ended: !exit.HandedOver);
        return new RunResult
        {
            RunId = request.RunId,
            ExitCode = exit.ExitCode,
            Signal = exit.Signal is { } signal ? Signals.NameOf(signal) : null,
            TimedOut = exit.TimedOut,
            Cancelled = exit.Cancelled,
            IsRunning = exit.HandedOver,
            DurationSeconds = Math.Round(duration.TotalSeconds, 3),
            Output = output,
            Error = error,
            ReadOn = readOn,
            Survivors = exit.Survivors,
        };
    }

    private static ChildExit Start(ChildSpec spec, RunLog log, Action? started, CancellationToken cancel)
    {
        try
        {
            return ChildProcess.Run(spec, log.Add, cancel, _ => started?.Invoke());
        }
        catch (ChildStartException fault)
        {
            throw Refuse(fault);
        }
    }

    private static Refusal Refuse(ChildStartException fault) => fault.Fault switch
    {
        ChildStartFault.WorkingDirectory => new Refusal(
            RefusalCode.NotFound, fault.Message, "See which worktrees there are and where they stand.", new NextStep.ListWorktrees(), fault),
        ChildStartFault.Arguments => new Refusal(
            RefusalCode.InvalidArgument, fault.Message, "Put a long command into a script in the worktree and run that.", inner: fault),
        _ => new Refusal(
            RefusalCode.Internal, fault.Message, "Try again when the machine has room for one more process.", inner: fault),
    };

    // Not a login shell: profile files of the user would change what the allow-list gives.
    private ChildSpec Spec(ShellCommand request)
    {
        IReadOnlyList<string> words = [.. request.Wrapper, "/bin/sh", "-c", request.Command];
        return new ChildSpec(words[0], [.. words.Skip(1)], request.WorkingDirectory, _environment.For(request.Variables, request.RunId))
        {
            Timeout = request.Timeout,
            EndSessionAfterExit = true,
            Marker = $"{CommandEnvironment.RunIdName}={request.RunId}",
        };
    }
}

using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>
/// Runs what the repository asks for when a worktree is made and before it is removed. Invariants:
/// - the commands come from the main checkout, as they are there now, and run only if a person approved exactly them;
/// - a worktree is there whether its setup runs, fails or is not allowed: the answer says which;
/// - a teardown that fails stops a removal unless that is forced; one that was not approved never does.
/// </summary>
internal sealed class WorktreeSetup(WorktreePlaces parts, Trust trust, WorktreeRuns commands)
{
    private const int MostOutput = 2_000;

    private static readonly TimeSpan SetupLimit = TimeSpan.FromHours(1);
    private static readonly TimeSpan TeardownLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Spare = TimeSpan.FromSeconds(10);

    /// <summary>Starts the setup of a worktree that has just been made.</summary>
    internal WorktreeStep Begin(WorktreeStep step, string by)
    {
        try
        {
            _ = parts.Configuration.Look();
            var wanted = trust.Wanted();
            return step.Already || (wanted.Setup.Count == 0 && wanted.Unread is null) ? step
                : WhyNot(wanted, "setup", wanted.Setup.Count) is { } reason ? step with { NotRun = reason }
                : step with { SetupRunId = commands.StartInBackground(step.Worktree.Name, SetupCommands.Script(wanted.Setup), by, SetupLimit, BegunRun.Setup) };
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return step with { NotRun = $"The setup could not be started: {fault.Message}{(fault is Refusal { Hint: var hint } ? $" {hint}" : string.Empty)}" };
        }
    }

    /// <summary>Whether there is anything to run before a removal.</summary>
    internal bool HasTeardown => trust.Wanted() is { Teardown.Count: > 0 } or { Unread: not null };

    /// <summary>Runs the teardown of a worktree that could be removed now.</summary>
    /// <returns>What is worth knowing of it, or null.</returns>
    internal string? End(string name, bool force, string by)
    {
        _ = parts.Configuration.Look();
        var wanted = trust.Wanted();
        if (WhyNot(wanted, "teardown", wanted.Teardown.Count) is { } reason)
        {
            return reason;
        }

        var run = commands.Run(new RunOrder(name, SetupCommands.Script(wanted.Teardown), TeardownLimit, by) { Kind = "teardown" }, TeardownLimit + Spare, null, CancellationToken.None).Run;
        if (run.ExitCode == 0 && !run.TimedOut)
        {
            return null;
        }

        var how = run.TimedOut ? $"took longer than {TeardownLimit.TotalSeconds:0} s" : run.ExitCode is { } code ? $"ended with exit code {code}" : $"was ended by {run.Signal}";
        var words = (run.Output.Text + run.Error.Text).Trim();
        var failure = $"The teardown of worktree \"{name}\" {how}: {(words.Length > MostOutput ? "..." + words[^MostOutput..] : words)}";
        return force ? failure : throw new Refusal(
            RefusalCode.VerifyFailed,
            $"{failure}\nThe worktree was not removed.",
            $"Repair what it complains of, or keep the worktree with {Step.KeepWorktree}. With force it is removed all the same.",
            new NextStep.ShowWorktree(name));
    }

    private string? WhyNot(SetupCommands wanted, string what, int count) =>
        wanted.Unread is { } unread ? $"The repository's {what} was not run, if it has any: {unread}"
        : parts.Settings.Problems is { Count: > 0 } problems ? $"The repository's {what} was not run: there is something in the settings that cannot be understood: {SettingProblem.Words(problems)}"
        : !parts.Settings.Run.Enabled ? $"The repository's {what} was not run: commands are switched off (run.enabled is false or the server has --no-run)."
        : !trust.IsApproved(wanted)
            ? $"The repository's {what} ({count} {(count == 1 ? "command" : "commands")} in .worktree-mcp.json) was not run: nobody has approved it as it stands. A person can look at it and approve it with: worktree-mcp trust --repo '{parts.Layout.Root}'"
            : null;
}

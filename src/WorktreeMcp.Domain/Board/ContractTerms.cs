using System.Globalization;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// Whether a task may be completed. Invariants:
/// - it is asked in <see cref="BoardTask"/>'s only way to completion, so no caller can leave it out;
/// - a proof holds for its command and its commit alone: another contract, or work that went on, needs another one;
/// - a task without a contract is never held up.
/// </summary>
internal static class ContractTerms
{
    private const int MostCommand = 200;
    private const int CommitDigits = 12;

    /// <summary>Whether nothing is missing.</summary>
    internal static bool AreMet(BoardTask task, FinishedWork work) => Missing(task, work).Count == 0;

    /// <summary>Refuses and says what is missing.</summary>
    internal static void EnsureMet(BoardTask task, FinishedWork work)
    {
        var missing = Missing(task, work);
        if (missing.Count == 0)
        {
            return;
        }

        var unmet = OpenCriteria(task).Count > 0;
        var verified = work.IsYetToBeVerified || Unproven(task, work) is null;
        throw new Refusal(
            RefusalCode.ContractOpen,
            $"Task {task.Id} \"{task.Subject}\" cannot be completed yet. {string.Join(" ", missing)}",
            (unmet, verified, task.LiveWorktree) switch
            {
                (true, _, _) => (Advice)$"When a criterion is met say so: {Step.ChangeTask} with met and its number. {Waive(task)}",
                (_, false, { } name) => (Advice)$"{new NextStep.LandWorktree(name)} with complete_task true verifies and completes; {Step.KeepWorktree} with complete_task true does so without landing. {Waive(task)}",
                _ => $"Its work has to be verified in a worktree of its own. {Waive(task)}",
            },
            Next(task, unmet, work));
    }

    /// <summary>The numbers of the criteria that are still open; none where a person has waived them.</summary>
    internal static IReadOnlyList<int> OpenCriteria(BoardTask task) => task.Contract.Waiver is not null ? []
        : [.. task.Contract.Acceptance.Select((criterion, at) => (criterion.MetAt, Number: at + 1)).Where(one => one.MetAt is null).Select(one => one.Number)];

    /// <summary>Whether a task's command has still to pass on its work.</summary>
    internal static bool IsUnproven(BoardTask task, FinishedWork work) => task.Contract.Waiver is null && Unproven(task, work) is not null;

    /// <summary>Whether a task's command has failed on the work that ends at a commit.</summary>
    internal static bool HasFailed(BoardTask task, FinishedWork work, string? tip) =>
        task.Contract is { Waiver: null, Proof: { HasPassed: false } failed } && tip is not null && (failed.Tip ?? failed.Commit) == tip && failed.Command == Command(task, work);

    /// <summary>The command that a task's work must pass, or null.</summary>
    internal static string? Command(BoardTask task, FinishedWork work) => task.Contract.Verify ?? work.DefaultVerify;

    private static List<string> Missing(BoardTask task, FinishedWork work)
    {
        if (task.Contract.Waiver is not null)
        {
            return [];
        }

        var missing = new List<string>();
        var open = OpenCriteria(task);
        if (open.Count > 0)
        {
            missing.Add($"{open.Count} of {task.Contract.Acceptance.Count} criteria are open: {string.Join("; ", open.Select(number => $"{number.ToString(CultureInfo.InvariantCulture)}. {task.Contract.Acceptance[number - 1].Text}"))}.");
        }

        if (!work.IsYetToBeVerified && Unproven(task, work) is { } unproven)
        {
            missing.Add(unproven);
        }

        return missing;
    }

    private static string? Unproven(BoardTask task, FinishedWork work)
    {
        if (Command(task, work) is not { } command)
        {
            return null;
        }

        var named = $"verify ({(command.Length > MostCommand ? $"{command[..MostCommand]}..." : command)})";
        return task.Contract.Proof switch
        {
            null => $"{named} has not run on its work.",
            var other when other.Command != command => $"{named} has not run on its work; what ran was another command.",
            { HasPassed: false } failed => $"{named} {(failed.ExitCode is { } code ? $"ended with exit code {code.ToString(CultureInfo.InvariantCulture)}" : "did not end by itself")} at {Short(failed.Commit)}.{(failed.Tail is { } tail ? $" The end of what it wrote:\n{tail}" : string.Empty)}",
            { } passed when !work.Commits.Contains(passed.Commit) => $"{named} passed at {Short(passed.Commit)}, and its work is {(work.Commits is [var now, ..] ? $"at {Short(now)}" : "nowhere to be found")} now.",
            _ => null,
        };
    }

    private static NextStep Next(BoardTask task, bool unmet, FinishedWork work) => (unmet, task) switch
    {
        (true, _) => new NextStep.MeetCriteria(task.Id, OpenCriteria(task)),
        (_, { LiveWorktree: { } name, Contract.Proof: { HasPassed: false } failed }) when failed.Command == Command(task, work) => new NextStep.RunCommand(name, "..."),
        (_, { LiveWorktree: { } name }) => new NextStep.LandWorktree(name),
        _ => new NextStep.ShowTask(task.Id),
    };

    private static string Waive(BoardTask task) => $"A person can waive it at a terminal: worktree-mcp task waive {task.Id} --reason \"...\".";

    private static string Short(string commit) => commit.Length > CommitDigits ? commit[..CommitDigits] : commit;
}

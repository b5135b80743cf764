using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>
/// Records that a command began and that it ended. The worktree's entry names what runs, in the same operation as the event,
/// so that the end is recorded by whoever finds the entry if all who watch over the command are killed.
/// </summary>
internal sealed class RunEvents(WorktreePlaces parts, WorktreeEntries entries)
{
    internal void Begin(Worktree worktree, BegunRun run, TimeSpan timeout) => Record("worktree.run.before", worktree, run, seconds: timeout.TotalSeconds);

    internal string? Fail(Worktree worktree, BegunRun run, string error) => Record("worktree.run.failed", worktree, run, error: error);

    /// <summary>What the command did is done: its result is not lost because the record of it is.</summary>
    /// <returns>A warning, or null.</returns>
    internal string? End(Worktree worktree, BegunRun run, RunResult result)
    {
        var error = result.TimedOut ? "timed out" : result.StoppedBy is { } by ? $"stopped by {by}" : result.Cancelled ? "cancelled" : null;
        try
        {
            return Record(error is null ? "worktree.run.after" : "worktree.run.failed", worktree, run, result, error);
        }
        catch (Refusal refusal)
        {
            return $"The command has ended, but its end could not be recorded: {refusal.Message}";
        }
    }

    private string? Record(string name, Worktree worktree, BegunRun run, RunResult? result = null, string? error = null, double seconds = 0)
    {
        using var change = parts.Store.Continue(name, run.By);
        var now = entries.All(change).FirstOrDefault(w => w.Id == worktree.Id) ?? worktree;
        var others = now.Runs.Where(r => r.Id != run.Id);
        now = now with { Runs = name == "worktree.run.before" ? [.. others, run] : [.. others] };
        now = name == "worktree.run.before"
            ? SetupState.Begun(PortRange.Give(now, entries.All(change), parts.Layout.Root), run)
            : SetupState.Ended(change, parts.Board, now, run, error ?? Failure(result));
        change.PutWorktree(now.Id, WorktreeImage.Write(now));
        if (run.Kind == BegunRun.Asked)
        {
            parts.Board.Claims.Renew(change, worktree.TaskId, seconds);
        }

        var lifecycleEvent = WorktreeEntries.RunEvent(name, worktree, worktree.TaskId is { } id ? parts.Board.Find(id) : null, run, error);
        if (result is not null)
        {
            lifecycleEvent["exit_code"] = result.ExitCode is { } code ? JsonValue.Create(code) : null;
            lifecycleEvent["duration_seconds"] = result.DurationSeconds;
        }

        change.Emit(lifecycleEvent);
        return change.Commit(name);
    }

    private static string? Failure(RunResult? result) =>
        result?.ExitCode switch { 0 => null, { } code => $"exit code {code}", null => $"ended by {result?.Signal ?? "an unknown signal"}" };
}

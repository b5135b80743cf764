using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>Runs commands in worktrees: under a shared lease, after the identity check, between two events.</summary>
internal sealed class WorktreeCommands(RegistryParts parts, WorktreeEntries entries, WorktreeRepair repair, CommandRunner runner)
{
    private const int MostCommand = 32_000;
    private const int EventCommand = 200;

    private readonly ConcurrentDictionary<object, (int WorktreeId, RunningCommand Command)> _running = new();

    /// <summary>What this server runs in a worktree now.</summary>
    internal IReadOnlyList<RunningCommand> Running(int worktreeId) =>
        [.. _running.Values.Where(r => r.WorktreeId == worktreeId).Select(r => r.Command).OrderBy(c => c.StartedAt)];

    internal WorktreeRun Run(string name, string command, TimeSpan timeout, string by, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(command) || command.Length > MostCommand || command.Contains('\0', StringComparison.Ordinal))
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"command is empty, holds a NUL, or is longer than {MostCommand} characters.", "Give one shell command; put a long one into a script in the worktree and run that.");
        }

        var found = WorktreeEntries.Require(repair.SettledForChange(), name);
        using var lease = parts.TryLease(found, shared: true) ?? throw Busy(found);
        var worktree = WorktreeEntries.Require(entries.All(), name);
        if (!worktree.IsUsable || worktree.Id != found.Id)
        {
            throw Busy(worktree);
        }

        parts.RequireIdentity(worktree);
        var mark = new BegunRun(Guid.NewGuid().ToString("N")[..12], command.Length > EventCommand ? command[..EventCommand] + "..." : command, by);
        Record("worktree.run.before", worktree, mark, seconds: timeout.TotalSeconds);
        _running[mark] = (worktree.Id, new RunningCommand(command, StateJson.Seconds(parts.Store.Time.GetUtcNow()), by));
        try
        {
            var run = RunRecorded(worktree, mark, command, timeout, cancel);
            return new WorktreeRun(worktree, parts.DirectoryOf(worktree), run, RecordEnd(worktree, mark, run));
        }
        finally
        {
            _running.TryRemove(mark, out _);
        }
    }

    private RunResult RunRecorded(Worktree worktree, BegunRun mark, string command, TimeSpan timeout, CancellationToken cancel)
    {
        try
        {
            return runner.Run(new RunRequest(command, parts.DirectoryOf(worktree), Variables(worktree), timeout), cancel);
        }
        catch (Refusal refusal)
        {
            Record("worktree.run.failed", worktree, mark, error: refusal.Message);
            throw;
        }
    }

    // What the command did is done: its result is not lost because the record of it is.
    private string? RecordEnd(Worktree worktree, BegunRun mark, RunResult run)
    {
        try
        {
            return Record(run.TimedOut || run.Cancelled ? "worktree.run.failed" : "worktree.run.after", worktree, mark, run);
        }
        catch (Refusal refusal)
        {
            return $"The command has ended, but its end could not be recorded: {refusal.Message}";
        }
    }

    private Dictionary<string, string> Variables(Worktree worktree)
    {
        var variables = new Dictionary<string, string>
        {
            ["WORKTREE_NAME"] = worktree.Name,
            ["WORKTREE_PATH"] = parts.DirectoryOf(worktree),
            ["WORKTREE_BRANCH"] = worktree.Branch,
            ["MAIN_CHECKOUT"] = parts.Layout.Root,
        };
        if (worktree.TaskId is { } id)
        {
            variables["TASK_ID"] = id.ToString(CultureInfo.InvariantCulture);
        }

        return variables;
    }

    // The entry names what runs, in the same operation as the event, so that its end is recorded also if this server dies.
    private string? Record(string name, Worktree worktree, BegunRun mark, RunResult? run = null, string? error = null, double seconds = 0)
    {
        using var change = parts.Store.Begin(name, mark.By);
        var now = entries.All(change).FirstOrDefault(w => w.Id == worktree.Id) ?? worktree;
        var runs = now.Runs.Where(r => r.Id != mark.Id);
        now = now with { Runs = name == "worktree.run.before" ? [.. runs, mark] : [.. runs] };
        change.PutWorktree(now.Id, WorktreeImage.Write(now));
        parts.Board.Claims.Renew(change, worktree.TaskId is { } taskId ? parts.Board.Find(taskId) : null, run is null ? seconds : 0);
        var lifecycleEvent = WorktreeEntries.RunEvent(
            name, worktree, worktree.TaskId is { } id ? parts.Board.Find(id) : null, mark, error ?? (run is { TimedOut: true } ? "timed out" : run is { Cancelled: true } ? "cancelled" : null));
        if (run is not null)
        {
            lifecycleEvent["exit_code"] = run.ExitCode is { } code ? JsonValue.Create(code) : null;
            lifecycleEvent["duration_seconds"] = run.DurationSeconds;
        }

        change.Emit(lifecycleEvent);
        return change.Commit(name);
    }

    private static Refusal Busy(Worktree worktree) => new(
        RefusalCode.WorktreeBusy,
        $"Worktree \"{worktree.Name}\" is being made or removed ({worktree.Status.Word()}).",
        "Try again in a moment; worktree_list shows where it stands.",
        "worktree_list()");
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>Runs commands in worktrees: under a shared lease, after the identity check, between two events.</summary>
internal sealed class WorktreeCommands(RegistryParts parts, WorktreeEntries entries, WorktreeRepair repair, CommandRunner runner, RunPreparation preparation)
{
    private const int MostCommand = 32_000;
    private const int EventCommand = 200;

    private readonly ConcurrentDictionary<object, (int WorktreeId, RunningCommand Command)> _running = new();

    /// <summary>What this server runs in a worktree now.</summary>
    internal IReadOnlyList<RunningCommand> Running(int worktreeId) =>
        [.. _running.Values.Where(r => r.WorktreeId == worktreeId).Select(r => r.Command).OrderBy(c => c.StartedAt)];

    /// <summary>
    /// Starts a command of our own account in a worktree, such as its setup, and returns while it runs. It is a run like any
    /// other: it holds the lease, stands in the status, and has its two events.
    /// </summary>
    /// <param name="name">The worktree.</param>
    /// <param name="command">The command.</param>
    /// <param name="by">On whose behalf.</param>
    /// <param name="timeout">When it is ended with all it started.</param>
    /// <param name="kind">What it is for, such as "setup".</param>
    /// <returns>The run's id.</returns>
    internal string StartInBackground(string name, string command, string by, TimeSpan timeout, string kind = "command")
    {
        var runId = RunRequest.NewId();
        _ = Task.Factory.StartNew(
            () => Run(name, command, timeout, by, CancellationToken.None, runId), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return runId;
    }

    internal WorktreeRun Run(string name, string command, TimeSpan timeout, string by, CancellationToken cancel, string? runId = null)
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

        var entry = parts.RequireIdentity(worktree);
        preparation.RequireSandbox();
        var text = Redaction.Of(command);
        var mark = new BegunRun(runId ?? RunRequest.NewId(), text.Length > EventCommand ? text[..EventCommand] + "..." : text, by);
        Record("worktree.run.before", worktree, mark);
        _running[mark] = (worktree.Id, new RunningCommand(text, StateJson.Seconds(parts.Store.Time.GetUtcNow()), by));
        try
        {
            worktree = entries.All().FirstOrDefault(now => now.Id == found.Id) ?? worktree;
            var (run, sandbox, left) = RunRecorded(worktree, entry, mark, lease, command, timeout, cancel);
            return new WorktreeRun(worktree, parts.DirectoryOf(worktree), run, Joined(left, RecordEnd(worktree, mark, run))) { Sandbox = sandbox };
        }
        finally
        {
            _running.TryRemove(mark, out _);
        }
    }

    private (RunResult Run, SandboxUse Sandbox, string? Left) RunRecorded(
        Worktree worktree, AdminEntry entry, BegunRun mark, Lease lease, string command, TimeSpan timeout, CancellationToken cancel)
    {
        try
        {
            var prepared = preparation.Prepare(worktree, entry, mark.Id, lease.Descriptor);
            var run = runner.Run(
                new RunRequest(command, parts.DirectoryOf(worktree), prepared.Variables, timeout) { RunId = mark.Id, Wrapper = prepared.Wrapper }, cancel);
            if (run is { TimedOut: false, Cancelled: false })
            {
                preparation.RequireBegun(prepared, run.Error.Text);
            }

            return (run, prepared.Sandbox, preparation.Finish(worktree, lease.Descriptor, mark.Id));
        }
        catch (Refusal refusal)
        {
            Record("worktree.run.failed", worktree, mark, error: refusal.Message);
            throw;
        }
    }

    private static string? Joined(params string?[] warnings) =>
        string.Join(' ', warnings.OfType<string>()) is { Length: > 0 } text ? text : null;

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

    // The entry names what runs, in the same operation as the event, so that its end is recorded also if this server dies.
    private string? Record(string name, Worktree worktree, BegunRun mark, RunResult? run = null, string? error = null)
    {
        using var change = parts.Store.Begin(name, mark.By);
        var now = entries.All(change).FirstOrDefault(w => w.Id == worktree.Id) ?? worktree;
        var runs = now.Runs.Where(r => r.Id != mark.Id);
        now = name == "worktree.run.before" ? PortLease.Give(now, entries.All(change), parts.Layout.Root) with { Runs = [.. runs, mark] } : now with { Runs = [.. runs] };
        change.PutWorktree(now.Id, WorktreeImage.Write(now));
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

using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Server.Wire;

/// <summary>A worktree's entry.</summary>
public sealed record WorktreeEntry(string Name, string? Path, string Branch, string? BaseRef, string? BaseCommit, WorktreeState Status, int? TaskId, string? Reason)
{
    /// <summary>Of one that its reader knows.</summary>
    internal static WorktreeEntry Known(Worktree worktree) => new(worktree.Name, null, worktree.Branch, null, null, worktree.Status, worktree.TaskId, null);

    internal static WorktreeEntry From(Worktree worktree, string directory) => new(
        worktree.Name, directory, worktree.Branch, worktree.BaseRef, worktree.BaseCommit, worktree.Status, worktree.TaskId, worktree.Reason);
}

/// <summary>A worktree in a list, with what git says of it now.</summary>
public sealed record WorktreeRow(
    string Name, string Path, string Branch, WorktreeState Status, int? TaskId, string? Owner, string? BaseRef, string? Head, bool? Dirty, int? Staged,
    int? Modified, int? Untracked, int? Conflicted, int? StatusAgeSeconds, bool? StatusPending, int? Ahead, int? Behind, IReadOnlyList<string>? Drift,
    int? TrashId, long? TrashBytes, long? RemovedAt, long? EmptiedAfter)
{
    private const int DriftBytes = 240;

    internal static WorktreeRow From(WorktreeView view) => new(
        view.Worktree.Name,
        view.Directory,
        view.Worktree.Branch,
        view.Worktree.Status,
        view.Worktree.TaskId,
        view.Owner,
        view.Worktree.BaseRef,
        view.Head,
        view.Changes is null ? null : !view.Changes.IsClean,
        NullIfNone(view.Changes?.Staged),
        NullIfNone(view.Changes?.Modified),
        NullIfNone(view.Changes?.Untracked),
        NullIfNone(view.Changes?.Conflicted),
        Age(view),
        view.IsStatusPending ? true : null,
        view.Ahead,
        view.Behind,
        view.Drift.Count == 0 ? null : [.. view.Drift.Select(drift => CutText.Of(drift, DriftBytes, "git status there has all of it"))],
        view.Trash?.Id,
        view.Trash?.Bytes,
        view.Trash is { } removed ? Slim.Seconds(removed.RemovedAt) : null,
        view.Trash is { } waiting ? Slim.Seconds(waiting.EmptiedAt) : null);

    /// <summary>How old its status is; null for one that is as of now.</summary>
    internal static int? Age(WorktreeView view) => view.StatusAge == 0 ? null : (int)Math.Ceiling(view.StatusAge);

    private static int? NullIfNone(int? count) => count is 0 ? null : count;
}

/// <summary>The task of a worktree, in short; whoever begins it is told what it is.</summary>
public sealed record TaskBrief(
    int Id, string? Subject, string? Description, IReadOnlyList<CriterionRow>? Acceptance, string? Verify, IReadOnlyList<string>? Scope, TaskState Status, string? Owner)
{
    private const int DescriptionBytes = 6_000;

    internal static TaskBrief? Known(BoardTask? task) => task is null ? null : new TaskBrief(task.Id, null, null, null, null, null, task.Status, task.Owner);

    internal static TaskBrief? Begun(BoardTask? task) => Known(task) is not { } brief ? null : brief with
    {
        Subject = CutText.Of(task!.Subject, 240, "task_get has all of it"),
        Description = CutText.Of(task.Description, DescriptionBytes, "task_get has all of it").OrNull(),
        Acceptance = CriterionRow.From(task.Contract, "task_get has all of it"),
        Verify = CriterionRow.Verify(task.Contract),
        Scope = CriterionRow.Scope(task.Contract),
    };
}

/// <summary>Answer of task_bind_worktree and worktree_keep.</summary>
public sealed record WorktreeStepped(
    WorktreeEntry Worktree, TaskBrief? Task, bool? Already, int? IncludedFiles, string? FilesNote, string? SetupRunId, string? NotRun, IReadOnlyList<int>? NowReady, string? BaseNote, WorktreeEntry? FirstAnswer, string? Warning, bool? Done, string? Next)
{
    private const int NoteBytes = 1_000;

    /// <summary>Of one that is put aside.</summary>
    internal static WorktreeStepped Kept(WorktreeStep step, Onward onward) => From(step, onward) with { Worktree = WorktreeEntry.Known(step.Worktree), Task = TaskBrief.Known(step.Task) };

    internal static WorktreeStepped From(WorktreeStep step, Onward onward) => new(
        WorktreeEntry.From(step.Worktree, step.Directory), TaskBrief.Begun(step.Task), step.Already.OrNull(), step.IncludedFiles == 0 ? null : step.IncludedFiles,
        step.FilesNote is null ? null : CutText.Of(step.FilesNote, NoteBytes), step.SetupRunId,
        step.NotRun, step.NowReady.OrNull(),
        step.Note is null ? null : CutText.Of(step.Note, NoteBytes),
        step.FirstAnswer is { } first ? WorktreeEntry.From(first, step.Directory) : null, step.Warning, onward.Done(), onward.Next());
}

/// <summary>Answer of worktree_create; left is there where its task was worked on before.</summary>
public sealed record WorktreeMade(
    WorktreeEntry Worktree, TaskBrief? Task, bool? Already, string? TakenFrom, WorkLeft? Left, int? IncludedFiles, string? FilesNote, string? SetupRunId, string? NotRun, string? BaseNote,
    WorktreeEntry? FirstAnswer, string? Warning, bool? Done, string? Next)
{
    internal static WorktreeMade From(WorktreeStep made, WorkLeftBehind left, Onward onward)
    {
        var step = WorktreeStepped.From(made, onward);
        return new WorktreeMade(
            step.Worktree, step.Task, step.Already, made.TakenFrom, WorkLeft.From(left), step.IncludedFiles, step.FilesNote, step.SetupRunId, step.NotRun, step.BaseNote, step.FirstAnswer,
            step.Warning ?? left.Problem, step.Done, step.Next);
    }
}

/// <summary>Answer of worktree_list.</summary>
public sealed record WorktreeListed(IReadOnlyList<WorktreeRow> Worktrees, int Total, IReadOnlyList<string>? Drift, string? NextCursor, bool? Done, string? Next);

/// <summary>Files with uncommitted work, at most 50 of each kind.</summary>
public sealed record ChangedFiles(
    IReadOnlyList<string>? Staged, IReadOnlyList<string>? Modified, IReadOnlyList<string>? Untracked, IReadOnlyList<string>? Conflicted, string? Omitted)
{
    private const int Most = 50;
    private const int MostBytes = 3_000;

    internal static ChangedFiles? From(WorktreeChanges? changes)
    {
        if (changes is null or { IsClean: true })
        {
            return null;
        }

        var staged = CutText.Of(changes.Staged, Most, MostBytes);
        var modified = CutText.Of(changes.Modified, Most, MostBytes);
        var untracked = CutText.Of(changes.Untracked, Most, MostBytes);
        var conflicted = CutText.Of(changes.Conflicted, Most, MostBytes);
        var omitted = Omission.Of(
            "git status --short in worktree_run lists all",
            (staged.Omitted, "staged"), (modified.Omitted, "modified"), (untracked.Omitted, "untracked"), (conflicted.Omitted, "conflicted files"));
        return new ChangedFiles(staged.Items.OrNull(), modified.Items.OrNull(), untracked.Items.OrNull(), conflicted.Items.OrNull(), omitted);
    }
}

/// <summary>A commit that the base lacks.</summary>
public sealed record CommitRow(string Commit, string Subject, long At)
{
    internal static CommitRow From(CommitLine commit) => new(commit.Hash, CutText.Of(commit.Subject, 240, "git log has all of it"), commit.At);
}

/// <summary>A command that runs now.</summary>
public sealed record RunningRow(string RunId, string Command, long StartedAt, string By, string Kind)
{
    internal static RunningRow From(RunningCommand running) => new(running.RunId, CutText.Of(running.Command, 200, "it runs now"), Slim.Seconds(running.StartedAt), running.By, running.Kind);
}

/// <summary>Answer of worktree_status.</summary>
public sealed record WorktreeShown(
    WorktreeRow Worktree, string? BaseCommit, string? BaseNote, ChangedFiles? Files, IReadOnlyList<CommitRow>? Commits, string? InProgress, string? Locked,
    IReadOnlyList<string>? ConflictsWithBase, IReadOnlyList<RunningRow>? Running, string? Setup, IReadOnlyList<string>? Notes, string? Omitted, bool? Done, string? Next)
{
    private static string? SetupWords(SetupState? setup) =>
        setup is null ? null : $"{setup.State}{(setup.Detail is null ? string.Empty : $": {setup.Detail}")} ({setup.RunId})";

    private const int MostConflicts = 50;
    private const int ConflictBytes = 3_000;
    private const int MostRunning = 8;
    private const int MostNotes = 10;
    private const int NotesBytes = 2_000;

    internal static WorktreeShown From(WorktreeDetail detail, Onward onward)
    {
        var conflicts = CutText.Of(detail.Conflicts ?? [], MostConflicts, ConflictBytes);
        var running = CutText.Of(detail.Running, MostRunning);
        var omitted = Omission.Join(
            Omission.Of($"git log {detail.View.Worktree.BaseRef ?? detail.View.Worktree.BaseCommit}.. in worktree_run lists all", ((detail.View.Ahead ?? 0) - detail.Commits.Count, "older commits")),
            Omission.Of("a merge of the base in worktree_run shows all", (conflicts.Omitted, "files that would conflict")),
            Omission.Of(".worktrees/events.jsonl tells of all", (running.Omitted, "running commands")));
        return new WorktreeShown(
            WorktreeRow.From(detail.View),
            detail.View.Worktree.BaseCommit,
            detail.BaseNote is { } note ? ToolWords.Of(note) : null,
            ChangedFiles.From(detail.Files),
            detail.Commits.Count == 0 ? null : [.. detail.Commits.Select(CommitRow.From)],
            detail.InProgress,
            detail.Locked is null ? null : CutText.Of(detail.Locked, 300, "git worktree list --verbose has all of it"),
            conflicts.Items.OrNull(),
            running.Items.Count == 0 ? null : [.. running.Items.Select(RunningRow.From)],
            SetupWords(detail.View.Worktree.Setup),
            detail.LoneLinks.Count == 0 ? null : CutText.Of(detail.LoneLinks, MostNotes, NotesBytes).Items,
            omitted,
            onward.Done(), onward.Next());
    }
}

/// <summary>Answer of worktree_remove.</summary>
public sealed record WorktreeGone(
    WorktreeEntry Worktree, TaskBrief? Task, bool? Already, string? TrashPath, bool BranchDeleted, string? BranchKept, int? IgnoredFiles,
    IReadOnlyList<string>? UncommittedFiles, string? Omitted, IReadOnlyList<int>? NowReady, string? Warning, bool? Done, string? Next)
{
    private const int MostFiles = 50;
    private const int FileBytes = 6_000;

    internal static WorktreeGone From(WorktreeRemoval removal, Onward onward)
    {
        var files = CutText.Of(removal.Uncommitted, MostFiles, FileBytes);
        return new WorktreeGone(
            WorktreeEntry.Known(removal.Step.Worktree),
            TaskBrief.Known(removal.Step.Task),
            removal.Step.Already.OrNull(),
            removal.TrashDirectory,
            removal.BranchDeleted,
            removal.BranchKept is null ? null : $"{removal.Step.Worktree.Branch} stays: {removal.BranchKept}",
            removal.Ignored.Count == 0 ? null : removal.Ignored.Count,
            files.Items.OrNull(),
            Omission.Of("all of them lie in trash_path", (files.Omitted, "uncommitted files")),
            removal.Step.NowReady.OrNull(),
            removal.Step.Warning,
            onward.Done(), onward.Next());
    }
}

/// <summary>Answer of worktree_restore.</summary>
public sealed record WorktreeBack(
    WorktreeEntry Worktree, TaskBrief? Task, string? Head, string? Detached, bool? BranchMade, string? Unbound, IReadOnlyList<int>? StillInTrash, string? Warning, bool? Done, string? Next)
{
    internal static WorktreeBack From(WorktreeRestoration back, Onward onward) => new(
        WorktreeEntry.From(back.Step.Worktree, back.Step.Directory),
        TaskBrief.Begun(back.Step.Task),
        back.Head,
        back.Detached,
        back.BranchMade.OrNull(),
        back.Unbound,
        back.StillInTrash.Count == 0 ? null : [.. back.StillInTrash.Take(20)],
        back.Step.Warning,
        onward.Done(), onward.Next());
}

/// <summary>Answer of worktree_events; more after since_seq are more, older than the last ones are older.</summary>
public sealed record EventsListed(IReadOnlyList<System.Text.Json.JsonElement> Events, bool? More, bool? Older, long? LastSeq, bool? Done, string? Next)
{
    internal static EventsListed From(EventPage page, long? since, Onward onward) => new(
        [.. page.Events.Select(EventRow.From)], since is null ? null : page.More, since is null && page.More ? true : null, page.LastSeq, onward.Done(), onward.Next());
}

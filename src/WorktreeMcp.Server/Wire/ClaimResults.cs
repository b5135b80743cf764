using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Server.Wire;

/// <summary>What is left of the work on a task: in its worktree, if it has one, and in the trash; nothing of it was touched.</summary>
public sealed record WorkLeft(
    WorktreeRow? Worktree, ChangedFiles? Files, IReadOnlyList<CommitRow>? Commits, string? InProgress, IReadOnlyList<RunningRow>? Running, IReadOnlyList<TrashRow>? InTrash)
{
    private const int Most = 5;

    internal static WorkLeft? From(WorkLeftBehind left) => left is { Detail: null, InTrash.Count: 0 } ? null : new(
        left.Detail is { } detail ? WorktreeRow.From(detail.View) : null,
        ChangedFiles.From(left.Detail?.Files),
        left.Detail is { Commits.Count: > 0 } ? [.. left.Detail.Commits.Select(CommitRow.From)] : null,
        left.Detail?.InProgress,
        left.Detail is { Running.Count: > 0 } ? [.. left.Detail.Running.Take(Most).Select(RunningRow.From)] : null,
        left.InTrash.Count == 0 ? null : [.. left.InTrash.Select(view => TrashRow.From(view.Worktree))]);
}

/// <summary>Answer of task_claim.</summary>
public sealed record TaskClaimed(
    TaskFull Task, bool? Renewed, int LeaseMinutes, string? TakenFrom, WorkLeft? Left, IReadOnlyList<int>? AlsoHeld, string? Warning, bool? Done, string? Next)
{
    private const int MostHeld = 20;

    internal static TaskClaimed From(TaskTaken taken, double leaseLeft, WorkLeftBehind left, Onward onward) => new(
        TaskFull.From(taken.View),
        taken.Renewed.OrNull(),
        (int)Math.Round(leaseLeft / 60),
        taken.TakenFrom,
        WorkLeft.From(left),
        taken.AlsoHeld.Count == 0 ? null : [.. taken.AlsoHeld.Take(MostHeld)],
        taken.Warning,
        onward.Done(), onward.Next());
}

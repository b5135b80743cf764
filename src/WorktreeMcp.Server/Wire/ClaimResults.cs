using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Server.Wire;

/// <summary>What lies in the worktree of a task that was taken over; nothing of it was touched.</summary>
public sealed record WorkLeft(WorktreeRow Worktree, ChangedFiles? Files, IReadOnlyList<CommitRow>? Commits, string? InProgress, IReadOnlyList<RunningRow>? Running)
{
    private const int Most = 5;

    internal static WorkLeft From(WorktreeDetail detail) => new(
        WorktreeRow.From(detail.View),
        ChangedFiles.From(detail.Files),
        detail.Commits.Count == 0 ? null : [.. detail.Commits.Select(CommitRow.From)],
        detail.InProgress,
        detail.Running.Count == 0 ? null : [.. detail.Running.Take(Most).Select(RunningRow.From)]);
}

/// <summary>Answer of task_claim.</summary>
public sealed record TaskClaimed(
    TaskFull Task, bool? Renewed, int LeaseMinutes, string? TakenFrom, WorkLeft? Left, IReadOnlyList<int>? AlsoHeld, string? Warning, bool? Done, string? Next)
{
    private const int MostHeld = 20;

    internal static TaskClaimed From(TaskTaken taken, double leaseLeft, WorktreeDetail? left, Onward onward) => new(
        TaskFull.From(taken.View),
        taken.Renewed.OrNull(),
        (int)Math.Round(leaseLeft / 60),
        taken.TakenFrom,
        left is null ? null : WorkLeft.From(left),
        taken.AlsoHeld.Count == 0 ? null : [.. taken.AlsoHeld.Take(MostHeld)],
        taken.Warning,
        onward.Done(), onward.Next());
}

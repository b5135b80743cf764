namespace WorktreeMcp.Domain.Worktrees;

/// <summary>A landing that is on record and whose end is not.</summary>
/// <param name="Into">The base branch.</param>
/// <param name="From">Where it was.</param>
/// <param name="To">Where it goes.</param>
/// <param name="Tip">The tip of the worktree's branch that lands.</param>
/// <param name="Follow">Whether the worktree's branch moves to what landed.</param>
/// <param name="CompleteTask">Whether the task is completed with it, whoever finishes it.</param>
/// <param name="Since">When it was begun, in unix seconds.</param>
public sealed record PendingLanding(string Into, string From, string To, string Tip, bool Follow, bool CompleteTask, double Since);

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>All that is left of a task's work, for who takes it over; nothing of it was touched.</summary>
/// <param name="Detail">What lies in its worktree; null when it has none, or that cannot be shown.</param>
/// <param name="InTrash">Its worktrees that wait in the trash, the one removed last first.</param>
/// <param name="Problem">Why its worktree cannot be shown; else null.</param>
public sealed record WorkLeftBehind(WorktreeDetail? Detail, IReadOnlyList<WorktreeView> InTrash, string? Problem)
{
    /// <summary>Nothing.</summary>
    internal static WorkLeftBehind None { get; } = new(null, [], null);
}

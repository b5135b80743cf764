using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Domain.Overview;

/// <summary>The facts that decide where a task stands.</summary>
/// <param name="Status">Its state.</param>
/// <param name="Attention">Whether a person should look.</param>
/// <param name="Waits">Whether it waits for others.</param>
/// <param name="Held">Whether somebody holds it now.</param>
/// <param name="LeftBehind">Whether it was begun and its claim has ended.</param>
internal sealed record PlaceFacts(TaskState Status, TaskAttention Attention = TaskAttention.None, bool Waits = false, bool Held = false, bool LeftBehind = false)
{
    /// <summary>Whether its worktree was put aside; such a one waits for a person, not for its owner.</summary>
    public bool Kept { get; init; }

    /// <summary>Commits of its worktree that its base lacks and that have not landed; 0 also when unknown.</summary>
    public int Ahead { get; init; }

    /// <summary>Files with uncommitted work in its worktree; 0 also when unknown.</summary>
    public int Uncommitted { get; init; }
}

/// <summary>The one rule of which fact puts a task where.</summary>
internal static class TaskPlaces
{
    /// <summary>Where a task stands.</summary>
    /// <param name="facts">The facts.</param>
    /// <returns>The place; null for a task that was withdrawn, which stands nowhere.</returns>
    public static TaskPlace? Of(PlaceFacts facts) => facts switch
    {
        { Status: TaskState.Deleted } => null,

        // What is called done and has not landed is not done; and what of it is not committed would be lost on the way.
        { Status: TaskState.Completed, Uncommitted: > 0 } => TaskPlace.Review,
        { Status: TaskState.Completed, Ahead: > 0 } => TaskPlace.ToLand,
        { Status: TaskState.Completed } => TaskPlace.Done,
        { Attention: TaskAttention.Review } => TaskPlace.Review,
        { Held: false, Kept: true, Attention: TaskAttention.None, Ahead: > 0, Uncommitted: 0 } => TaskPlace.ToLand,
        { Status: TaskState.Pending, Held: true } => TaskPlace.Working,
        { Status: TaskState.Pending, Waits: true } => TaskPlace.Blocked,
        { Status: TaskState.Pending } => TaskPlace.Ready,
        { LeftBehind: true } => TaskPlace.LeftOver,
        _ => TaskPlace.Working,
    };

    /// <summary>In which column a place is shown.</summary>
    /// <param name="place">The place.</param>
    /// <returns>The column.</returns>
    public static BoardColumnKind Column(this TaskPlace place) => place switch
    {
        TaskPlace.Working => BoardColumnKind.Working,
        TaskPlace.Review => BoardColumnKind.Review,
        TaskPlace.ToLand => BoardColumnKind.ToLand,
        TaskPlace.Done => BoardColumnKind.Done,
        _ => BoardColumnKind.Ready,
    };
}

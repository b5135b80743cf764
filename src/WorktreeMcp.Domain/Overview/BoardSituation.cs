using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Domain.Overview;

/// <summary>A task, and what of its work lies where.</summary>
/// <param name="Task">The task.</param>
/// <param name="InTrash">The number under which its worktree waits in the trash; null when it has another or none.</param>
internal sealed record TaskAndWork(BoardTask Task, int? InTrash = null);

/// <summary>What the board offers to one agent.</summary>
internal sealed record BoardSituation
{
    /// <summary>The task that the agent is at; null for none.</summary>
    public TaskAndWork? Own { get; init; }

    /// <summary>The best that it can take: ready, or left behind by another; null when there is nothing.</summary>
    public TaskAndWork? Best { get; init; }

    /// <summary>A task of the agent that it put aside; null for none.</summary>
    public TaskAndWork? PutAside { get; init; }

    /// <summary>Whether there is any task at all.</summary>
    public bool HasTasks { get; init; }

    /// <summary>Whether any of them is still to be done.</summary>
    public bool HasOpenTasks { get; init; }
}

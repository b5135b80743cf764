using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Overview;

/// <summary>Which cards are wanted.</summary>
/// <param name="Query">Only with this text in subject, description or notes; null for all.</param>
/// <param name="Owner">Only this owner's; empty for nobody's, null for all.</param>
/// <param name="Label">Only with this label; null for all.</param>
/// <param name="Only">Only one column; null for all.</param>
/// <param name="Skip">How many of it were shown before.</param>
/// <param name="Most">How many of each column at most.</param>
public sealed record CardFilter(string? Query = null, string? Owner = null, string? Label = null, BoardColumnKind? Only = null, int Skip = 0, int Most = 50);

/// <summary>Another worktree that changes the same files.</summary>
/// <param name="Worktree">Its name.</param>
/// <param name="TaskId">Its task, or null.</param>
/// <param name="Files">The files.</param>
public sealed record SharedWork(string Worktree, int? TaskId, IReadOnlyList<string> Files);

/// <summary>A task as it stands on the board.</summary>
/// <param name="Task">The task.</param>
/// <param name="WaitsFor">Open tasks that it waits for.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="LeaseLeft">Seconds for which its owner still holds it; 0 when nobody does.</param>
/// <param name="Worktree">Its worktree as it is known; null when it has none to work in.</param>
/// <param name="Shared">Others that change the same files.</param>
/// <param name="Last">The last thing that happened with it, as far as the log was searched; null when nothing was found.</param>
public sealed record TaskCard(
    BoardTask Task, IReadOnlyList<int> WaitsFor, TaskPlace Place, double LeaseLeft, WorktreeView? Worktree, IReadOnlyList<SharedWork> Shared, JsonElement? Last)
{
    /// <summary>Its worktree's commits that have landed nowhere; null when unknown.</summary>
    public int? Ahead { get; init; }
}

/// <summary>One column.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Total">How many cards there are in all.</param>
/// <param name="Cards">Some of them.</param>
public sealed record CardColumn(BoardColumnKind Kind, int Total, IReadOnlyList<TaskCard> Cards);

/// <summary>The board as a person looks at it.</summary>
/// <param name="Columns">The columns, in their order.</param>
/// <param name="Asks">Tasks that need a person: questions, what failed, reviews; the oldest of each first.</param>
/// <param name="Damaged">Task files that cannot be understood.</param>
/// <param name="Agents">Who holds a task now.</param>
public sealed record CardBoard(IReadOnlyList<CardColumn> Columns, IReadOnlyList<TaskCard> Asks, IReadOnlyList<DamagedTask> Damaged, IReadOnlyList<string> Agents)
{
    /// <summary>The branch that work lands in; null when the main checkout is on none.</summary>
    public string? Base { get; init; }

    /// <summary>The commit that it is at, or null.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>The number of the newest event when this was looked at; what comes later is not in it.</summary>
    public long LastSeq { get; init; }

    /// <summary>Tasks that can be begun.</summary>
    public int Ready { get; init; }

    /// <summary>Worktrees that are there to work in.</summary>
    public int Worktrees { get; init; }

    /// <summary>Everybody who owns an open task.</summary>
    public IReadOnlyList<string> Owners { get; init; } = [];

    /// <summary>Labels of open tasks.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What the doctor would say of the repository as a whole.</summary>
    public IReadOnlyList<string> Drift { get; init; } = [];
}

using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>A call whose server died before it answered, and what it would have done.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record Pending(string Tool, JsonObject Arguments)
{
    /// <summary>The task before, if it changes one.</summary>
    public TaskModel? Before { get; init; }

    /// <summary>The task after.</summary>
    public TaskModel? After { get; init; }

    /// <summary>The worktree it acts on.</summary>
    public WorktreeModel? Worktree { get; init; }

    /// <summary>A file that it writes, and its content.</summary>
    public (string Name, string Content) File { get; init; }
}

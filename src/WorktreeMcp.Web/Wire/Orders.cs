namespace WorktreeMcp.Web.Wire;

/// <summary>Something a person says.</summary>
internal sealed record SayOrder(string Text);

/// <summary>A new task.</summary>
internal sealed record TaskOrderSent(string Subject, string? Description = null, string? Priority = null, IReadOnlyList<int>? BlockedBy = null, IReadOnlyList<string>? Labels = null, string? RequestId = null);

/// <summary>What is to be changed in a task.</summary>
internal sealed record EditOrder(string? Subject = null, string? Description = null, string? Priority = null, IReadOnlyList<int>? AddBlockedBy = null, IReadOnlyList<int>? RemoveBlockedBy = null, IReadOnlyList<string>? Labels = null, long? Revision = null);

/// <summary>Which criterion is met.</summary>
internal sealed record MetOrder(int Number);

/// <summary>How work is to land.</summary>
internal sealed record LandOrder(string Strategy, bool Complete, bool Remove);

/// <summary>Why a worktree is put aside or taken down.</summary>
internal sealed record ReasonOrder(string? Reason = null, bool Complete = false);

/// <summary>Which removed worktree is to come back.</summary>
internal sealed record RestoreOrder(int TrashId, string? NewName = null);

/// <summary>Nothing but the wish itself.</summary>
internal sealed record PlainOrder;

/// <summary>What was done.</summary>
/// <param name="Done">In a sentence.</param>
internal sealed record DoneReply(string Done)
{
    /// <summary>The task it was done with.</summary>
    public int? Task { get; init; }

    /// <summary>What is still to be known.</summary>
    public IReadOnlyList<string>? Notes { get; init; }
}

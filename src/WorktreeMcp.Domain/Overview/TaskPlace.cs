namespace WorktreeMcp.Domain.Overview;

/// <summary>Where a task stands on its way to the base: worked out, never stored, never dragged.</summary>
public enum TaskPlace
{
    /// <summary>It waits for nothing, and nobody has it.</summary>
    Ready,

    /// <summary>It waits for others.</summary>
    Blocked,

    /// <summary>Its owner went silent; the worktree is as it lies.</summary>
    LeftOver,

    /// <summary>Somebody has it.</summary>
    Working,

    /// <summary>A person should look at the work.</summary>
    Review,

    /// <summary>The work is done and committed, and has not landed.</summary>
    ToLand,

    /// <summary>It is over, and nothing of it is left to land.</summary>
    Done,
}

/// <summary>The columns in which places are shown, in their order.</summary>
public enum BoardColumnKind
{
    /// <summary>Ready, blocked and left over.</summary>
    Ready,

    /// <summary>Somebody has it.</summary>
    Working,

    /// <summary>A person should look.</summary>
    Review,

    /// <summary>It can land.</summary>
    ToLand,

    /// <summary>It is over.</summary>
    Done,
}

namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>How a living worktree is found on the disk.</summary>
internal enum SightingKind
{
    /// <summary>Where the registry says, or in a way that only a person can judge.</summary>
    AsRecorded,

    /// <summary>Neither its directory nor git's record of it is there: somebody took it down with git itself.</summary>
    Gone,

    /// <summary>Its directory was moved to another place inside the repository.</summary>
    Moved,

    /// <summary>Its directory was moved out of the repository.</summary>
    MovedOutside,

    /// <summary>Its branch was renamed, and its HEAD went along.</summary>
    BranchRenamed,

    /// <summary>The whole repository was moved: directory and record are in place and point to where they were.</summary>
    RepositoryMoved,

    /// <summary>The whole repository was copied: what is here points into the original, which is still there.</summary>
    Copied,
}

/// <summary>One worktree as it was found.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="Place">Its directory now, or that of the original; the new name of its branch.</param>
internal sealed record Whereabout(SightingKind Kind, string? Place = null)
{
    /// <summary>Whether the registry follows what was done by hand.</summary>
    internal bool IsToReconcile => Kind is SightingKind.Gone or SightingKind.Moved or SightingKind.RepositoryMoved or SightingKind.BranchRenamed;
}

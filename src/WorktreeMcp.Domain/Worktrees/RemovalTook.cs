namespace WorktreeMcp.Domain.Worktrees;

/// <summary>What a removal took along that is on no branch, as it was seen when it began.</summary>
/// <param name="Force">Whether it was forced: without that it takes nothing of the kind.</param>
public sealed record RemovalTook(bool Force)
{
    /// <summary>Files with uncommitted work, each once, untracked ones too; null when git could not tell.</summary>
    public int? Uncommitted { get; init; } = 0;

    /// <summary>Those of them that git did not know.</summary>
    public int Untracked { get; init; }

    /// <summary>Commits that no branch and no tag holds; of many not all are counted.</summary>
    public int LooseCommits { get; init; }

    /// <summary>Whether there was anything, or nobody knows.</summary>
    public bool HasWork => Uncommitted is null or > 0 || LooseCommits > 0;
}

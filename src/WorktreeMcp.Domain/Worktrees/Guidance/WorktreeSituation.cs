namespace WorktreeMcp.Domain.Worktrees.Guidance;

/// <summary>Where the HEAD of a worktree stands beside the branch that is its own.</summary>
internal enum HeadPlace
{
    /// <summary>On its branch.</summary>
    OnBranch,

    /// <summary>Elsewhere, and nothing was done there that the branch lacks.</summary>
    Away,

    /// <summary>Elsewhere, with commits on top of its branch.</summary>
    OnTop,

    /// <summary>Elsewhere, with commits of its own, and so has its branch.</summary>
    Apart,

    /// <summary>At a commit, while its branch is gone or has another name.</summary>
    BranchGone,
}

/// <summary>What is the case in a worktree, as far as it decides what comes next there.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Branch">The branch that is its own.</param>
internal sealed record WorktreeSituation(string Name, string Branch)
{
    /// <summary>Where it stands.</summary>
    public WorktreeState State { get; init; } = WorktreeState.Active;

    /// <summary>Whether its folder and git's record of it are there and belong together.</summary>
    public bool IsThere { get; init; } = true;

    /// <summary>Which of the removed ones it is.</summary>
    public int TrashId { get; init; }

    /// <summary>Where its HEAD stands.</summary>
    public HeadPlace Head { get; init; }

    /// <summary>The commit of its HEAD; null without one.</summary>
    public string? Commit { get; init; }

    /// <summary>What git is in the middle of, in words; null for nothing.</summary>
    public string? InProgress { get; init; }

    /// <summary>Files with conflicts that nobody has resolved yet.</summary>
    public IReadOnlyList<string> Conflicted { get; init; } = [];

    /// <summary>Whether there are such files whose names nobody has asked for.</summary>
    public bool HasOtherConflicts { get; init; }

    /// <summary>Changed files that git was told not to look at.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];

    /// <summary>How many files hold uncommitted work; null when that is not known.</summary>
    public int? Uncommitted { get; init; } = 0;

    /// <summary>The local branch that it came from and lands in; null when there is none.</summary>
    public string? Base { get; init; }

    /// <summary>Commits that it has and its base lacks; null when unknown.</summary>
    public int? Ahead { get; init; }

    /// <summary>Whether it would conflict with its base as both are now.</summary>
    public bool WouldConflict { get; init; }

    /// <summary>Whether something of it landed, and nothing came since.</summary>
    public bool HasLanded { get; init; }

    /// <summary>A command that runs in it; null when none does.</summary>
    public string? RunId { get; init; }

    /// <summary>The task that it serves; null for none.</summary>
    public int? TaskId { get; init; }

    /// <summary>Whether that task is still to be done.</summary>
    public bool IsTaskOpen { get; init; }

    /// <summary>The numbers of the criteria of that task that are still open.</summary>
    public IReadOnlyList<int> OpenCriteria { get; init; } = [];

    /// <summary>Whether the command that its work must pass has failed on exactly this work.</summary>
    public bool HasFailedVerify { get; init; }

    /// <summary>Whether what landed of it has not passed that command.</summary>
    public bool IsUnproven { get; init; }

    /// <summary>Whether a person is asked to look at that task first.</summary>
    public bool WaitsForPerson { get; init; }
}

namespace WorktreeMcp.KillStorm;

/// <summary>A worktree as its record says it must be, or was when it was removed.</summary>
internal sealed class WorktreeModel(string name, string branch, string start)
{
    public string Name => name;

    public string Branch => branch;

    public int EntryId { get; set; }

    public string Status { get; set; } = "active";

    /// <summary>What it was when it was removed.</summary>
    public string StatusBefore { get; set; } = "active";

    /// <summary>Whether HEAD is at a commit and on no branch, since its branch went on while it was in the trash.</summary>
    public bool IsDetached { get; set; }

    public int? TaskId { get; set; }

    public string Head { get; set; } = start;

    /// <summary>The commit it started from.</summary>
    public string Base { get; } = start;

    /// <summary>What its branch landed as last, or null.</summary>
    public string? LandedAs { get; set; }

    /// <summary>Every file written in it, with its content.</summary>
    public Dictionary<string, string> Files { get; } = [];

    /// <summary>Files that a removal without force must refuse on.</summary>
    public HashSet<string> Uncommitted { get; } = [];

    /// <summary>Whether a branch of its own was made for it.</summary>
    public bool BranchMade { get; init; } = true;

    /// <summary>Whether its branch may stay although it has nothing of its own: the answer said so, or there was none.</summary>
    public bool MayKeepBranch { get; set; } = true;

    public bool HasOwnCommits => Head != Base;

    /// <summary>Whether it was touched since the oracle looked last.</summary>
    public bool Touched { get; set; } = true;

    /// <summary>Whether a killed command of the user may have left git's lock.</summary>
    public bool MayBeLocked { get; set; }
}

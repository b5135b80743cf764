namespace WorktreeMcp.Domain.Worktrees;

/// <summary>What of a worktree landed last.</summary>
/// <param name="Into">The branch it went into.</param>
/// <param name="Commit">What that branch was moved to.</param>
/// <param name="Tip">The tip of the worktree's branch then.</param>
public sealed record LandedWork(string Into, string Commit, string Tip);

using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>What the registry knows about one of git's records.</summary>
/// <param name="Worktree">The entry it belongs to.</param>
/// <param name="Record">The record.</param>
/// <param name="Directory">The files it belongs to.</param>
/// <param name="Branch">The branch its HEAD is on; null for a removed worktree, whose HEAD is detached.</param>
/// <param name="Commit">The commit to fall back on.</param>
internal sealed record RecordOwner(Worktree Worktree, AdminEntry Record, string Directory, string? Branch, string? Commit);

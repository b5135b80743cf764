using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Git;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>Frees and deletes branches of worktrees, also after a git that was killed over them.</summary>
internal sealed class WorktreeBranches(WorktreePlaces parts)
{
    /// <summary>Takes away lock files that a killed git of ours left on a worktree's branch.</summary>
    /// <returns>One that has to stay for now, or null.</returns>
    internal string? Free(Worktree worktree) => parts.LeftLocks.Free(worktree.Branch, worktree.UpdatedAt);

    /// <summary>
    /// Deletes a worktree's branch if it is still at that commit; the caller has asked whether it was made for it. A git that was
    /// killed over it is begun once more. What counts is whether the branch is there afterwards.
    /// </summary>
    /// <returns>git's words if it is still there, else null; and whether a git was killed, which may have left a lock.</returns>
    internal (string? Words, bool WasKilled) Drop(Worktree worktree, string tip, SafeHandle guard)
    {
        var answer = parts.Git.DeleteBranch(worktree.Branch, tip, guard);
        var wasKilled = answer.ExitCode is null;
        if (wasKilled)
        {
            Free(worktree);
            answer = parts.Git.DeleteBranch(worktree.Branch, tip, guard);
        }

        return (answer.Succeeded || parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is null ? null : answer.ErrorInOneLine, wasKilled);
    }
}

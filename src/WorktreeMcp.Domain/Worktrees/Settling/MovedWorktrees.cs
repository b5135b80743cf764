using System.Text;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>
/// Follows what a person moved: the registry learns the new path, and directory and git's record point at each other
/// again. Nothing else in either is touched. Each step can be repeated after a kill.
/// </summary>
internal sealed class MovedWorktrees(WorktreePlaces parts)
{
    /// <summary>Follows one worktree to where it was found.</summary>
    internal void Follow(StateChange change, Worktree worktree, Whereabout seen)
    {
        var directory = seen.Place!;
        var before = parts.DirectoryOf(worktree);
        new RecordPointers(parts).Link(AdminEntry.At(parts.Layout.CommonDirectory, worktree.AdminId!), directory);
        var moved = worktree;
        if (seen.Kind == SightingKind.Moved)
        {
            moved = WorktreeEntries.Put(change, worktree with { Path = Path.GetRelativePath(parts.Layout.Root, directory) });
        }

        var reconciled = WorktreeEntries.Event("worktree.reconciled", moved, null);
        reconciled["reason"] = seen.Kind == SightingKind.Moved ? $"moved by hand from {before} to {directory}" : $"the repository was moved to {parts.Layout.Root}";
        change.Emit(reconciled);
        change.Commit("worktree.reconcile");
    }

    /// <summary>Follows a branch to its new name.</summary>
    internal static void FollowBranch(StateChange change, Worktree worktree, string branch)
    {
        var renamed = WorktreeEntries.Put(change, worktree with { Branch = branch });
        var reconciled = WorktreeEntries.Event("worktree.reconciled", renamed, null);
        reconciled["reason"] = $"branch {worktree.Branch} was renamed to {branch}";
        change.Emit(reconciled);
        change.Commit("worktree.reconcile");
    }

}

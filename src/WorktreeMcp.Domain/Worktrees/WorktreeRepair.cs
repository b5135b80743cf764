using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Finishes or takes back what a killed server left half-made, under the lock and safe to repeat at any point:
/// a creation nobody holds the lease of is rolled back, a removal is finished.
/// </summary>
internal sealed class WorktreeRepair(RegistryParts parts, WorktreeEntries entries, WorktreeTrash trash)
{
    /// <summary>Settles every entry that is in the middle of something and whose lease nobody holds.</summary>
    internal void SettleAbandoned(StateChange change)
    {
        foreach (var worktree in entries.All(change).Where(w => w.Status is WorktreeState.Creating or WorktreeState.Removing))
        {
            using var lease = Lease.Try(parts.Layout, worktree.Id, shared: false);
            if (lease is null)
            {
                continue;
            }

            if (worktree.Status == WorktreeState.Creating)
            {
                RollBack(change, worktree, "the server that made it is gone");
            }
            else
            {
                trash.Finish(change, worktree, completeTask: false);
            }
        }
    }

    /// <summary>Whether a list would show something in the middle of a step.</summary>
    internal bool MayBeAbandoned(IReadOnlyList<Worktree> all) => all
        .Where(w => w.Status is WorktreeState.Creating or WorktreeState.Removing)
        .Any(IsUnheld);

    /// <summary>
    /// Takes a creation back: files into the trash, git's record dropped with them, the branch deleted only if we made
    /// it and nothing was done on it since.
    /// </summary>
    internal void RollBack(StateChange change, Worktree worktree, string cause)
    {
        trash.TakeAway(worktree);
        if (worktree.BranchCreated && IsUntouched(worktree))
        {
            parts.Git.DeleteBranch(worktree.Branch, worktree.BaseCommit!, change.Descriptor);
        }

        change.PutWorktree(worktree.Id, null);
        var task = worktree.TaskId is { } id && parts.Store.TaskFiles.Find(id) is not null ? worktree.TaskId : null;
        change.Emit(WorktreeEntries.Event("worktree.create.failed", worktree with { TaskId = task }, null, cause));
        change.Commit("worktree.create.undo");
    }

    private bool IsUnheld(Worktree worktree)
    {
        using var lease = Lease.Try(parts.Layout, worktree.Id, shared: false);
        return lease is not null;
    }

    private bool IsUntouched(Worktree worktree)
    {
        if (parts.Git.Refs.Resolve($"refs/heads/{worktree.Branch}") != worktree.BaseCommit || parts.Git.CheckedOutAt(worktree.Branch) is not null)
        {
            return false;
        }

        var reflog = Path.Join(parts.Layout.CommonDirectory, "logs", "refs", "heads", worktree.Branch);
        return !parts.Files.File.Exists(reflog) || parts.Files.File.ReadLines(reflog).Take(2).Count() <= 1;
    }
}

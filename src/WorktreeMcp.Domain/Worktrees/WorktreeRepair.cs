using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Finishes or takes back what a killed server left half-made, under the lock and safe to repeat at any point:
/// a creation nobody holds the lease of is rolled back, a removal is finished, and what a person took down with git is
/// taken off the registry. One that cannot be settled now waits for the next call and blocks nothing else.
/// </summary>
internal sealed class WorktreeRepair(RegistryParts parts, WorktreeEntries entries, WorktreeTrash trash)
{
    private const int Tries = 3;

    /// <summary>All entries, after what a killed server left in the middle was settled: nobody is shown that.</summary>
    internal IReadOnlyList<Worktree> Settled()
    {
        var all = entries.All();
        if (!all.Any(NeedsSettling))
        {
            return all;
        }

        using (var change = parts.Store.Begin("recovery", "recovery"))
        {
            SettleAbandoned(change);
        }

        return entries.All();
    }

    /// <summary>Settles every entry that is in the middle of something and whose lease nobody holds.</summary>
    internal void SettleAbandoned(StateChange change)
    {
        foreach (var worktree in entries.All(change).Where(w => w.IsLive && (IsInTheMiddle(w) || w.Runs.Count > 0 || IsGone(w))))
        {
            using var lease = parts.TryLease(worktree, shared: false, Tries);
            if (lease is null)
            {
                continue;
            }

            try
            {
                Settle(change, worktree);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal { Code: RefusalCode.CorruptFile or RefusalCode.GitFailed })
            {
                // It shows as drift until its cause is gone.
            }
        }
    }

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

    private void Settle(StateChange change, Worktree worktree)
    {
        worktree = EndRuns(change, worktree);
        switch (worktree.Status)
        {
            case WorktreeState.Creating:
                RollBack(change, worktree, "the server that made it is gone");
                break;
            case WorktreeState.Removing:
                trash.Finish(change, worktree, worktree.Trash?.CompleteTask == true);
                break;
            case var _ when IsGone(worktree):
                trash.Reconcile(change, worktree);
                break;
        }
    }

    // Nobody holds the lease, so whoever ran these is gone.
    private static Worktree EndRuns(StateChange change, Worktree worktree)
    {
        if (worktree.Runs.Count == 0)
        {
            return worktree;
        }

        foreach (var run in worktree.Runs)
        {
            change.Emit(WorktreeEntries.RunEvent("worktree.run.failed", worktree, run, "the server that ran it is gone"));
        }

        worktree = worktree with { Runs = [] };
        change.PutWorktree(worktree.Id, WorktreeImage.Write(worktree));
        change.Commit("worktree.run.abandoned");
        return worktree;
    }

    private bool NeedsSettling(Worktree worktree)
    {
        if (!IsInTheMiddle(worktree) && (!worktree.IsLive || worktree.Runs.Count == 0))
        {
            return worktree.IsLive && IsGone(worktree);
        }

        using var lease = parts.TryLease(worktree, shared: false, Tries);
        return lease is not null;
    }

    private static bool IsInTheMiddle(Worktree worktree) => worktree.Status is WorktreeState.Creating or WorktreeState.Removing;

    // Neither its directory nor git's record of it is there: somebody took it down with git itself.
    private bool IsGone(Worktree worktree)
    {
        if (worktree.AdminId is not { } id || parts.Files.Directory.Exists(Git.AdminEntry.At(parts.Layout.CommonDirectory, id).Directory))
        {
            return false;
        }

        try
        {
            return !parts.Exists(parts.DirectoryOf(worktree));
        }
        catch (Refusal)
        {
            return false;
        }
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

using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Finishes or takes back what a killed server left half-made, under the lock and safe to repeat at any point:
/// a creation nobody holds the lease of is rolled back, a removal or a restoration is finished, and what a person took down with git is
/// taken off the registry. A landing is finished or taken back. One that cannot be settled now waits for the next call and blocks nothing else.
/// </summary>
internal sealed class WorktreeRepair(RegistryParts parts, WorktreeEntries entries, WorktreeTrash trash, WorktreeReturn back, RunPreparation preparation, LandingBook landings)
{
    private readonly Sightings _sightings = new(parts);
    private readonly Relocation _relocation = new(parts);
    private readonly Adoption _adoption = new(parts);

    /// <summary>All entries, after what a killed server left in the middle was settled: nobody is shown that.</summary>
    internal IReadOnlyList<Worktree> Settled()
    {
        var all = entries.All();
        if (parts.Store.IndexFile.NewerVersion is not null || (!all.Any(NeedsSettling) && _adoption.Lost().Count == 0))
        {
            return all;
        }

        try
        {
            TakeOverRuns(all);
            using var change = parts.Store.Begin("recovery", "recovery", StateStore.ReaderPatience);
            SettleAbandoned(change);
        }
        catch (Refusal refusal) when (refusal.Code is RefusalCode.Busy or RefusalCode.Internal || parts.Store.Log.Newer() is not null)
        {
            // Whoever holds the lock may be long at it, or the disk is full: what is in the middle is shown as that, and a change
            // waits by itself or says so.
        }

        return entries.All();
    }

    /// <summary>
    /// Settles what a killed server left in the middle, for a call of the board. It reads no file beside the registry and
    /// stands in nobody's way: what cannot be settled now waits for a call about worktrees, which says why.
    /// </summary>
    internal void SettleAbandoned()
    {
        try
        {
            var all = entries.All();
            if (parts.Store.IndexFile.NewerVersion is null && (all.Any(worktree => (IsHalfDone(worktree) && IsAbandoned(worktree)) || landings.IsAbandoned(worktree)) || _adoption.Lost().Count > 0))
            {
                TakeOverRuns(all);
                using var change = parts.Store.Begin("recovery", "recovery", StateStore.ReaderPatience);
                SettleAbandoned(change);
            }
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            // The board's own call meets what is in its way, and names it.
        }
    }

    /// <summary>The same for a call that is going to change something: refuses in a copy of the repository.</summary>
    internal IReadOnlyList<Worktree> SettledForChange()
    {
        parts.Store.IndexFile.RefuseNewer();
        var all = Settled();
        _sightings.RefuseCopy(all);
        return all;
    }

    /// <summary>Settles what is in the middle or was moved, before a change; refuses in a copy of the repository.</summary>
    internal void SettleAbandoned(StateChange change)
    {
        change.RequireWritableRegistry();
        _sightings.RefuseCopy(entries.All(change));
        Settle(change);
    }

    /// <summary>
    /// Settles every entry that is in the middle of something, or that a person took down or moved by hand, and whose
    /// lease nobody holds.
    /// </summary>
    internal void Settle(StateChange change)
    {
        if (parts.Store.IndexFile.NewerVersion is not null)
        {
            return;
        }

        _adoption.Run(change);
        landings.SettleAbandoned(change);
        foreach (var worktree in entries.All(change).Where(w => w.IsLive && (IsInTheMiddle(w) || w.Runs.Count > 0 || _sightings.Of(w).IsToReconcile)))
        {
            using var lease = parts.TryLease(worktree, shared: false);
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
    /// it and nothing was done on it since. Where a killed git left something that another git may still hold, the intent
    /// stays on record and the next call goes on from there.
    /// </summary>
    internal void RollBack(StateChange change, Worktree worktree, string cause)
    {
        if (worktree.Spare is { } spare)
        {
            parts.Spares.FinishMove(spare, parts.DirectoryOf(worktree));
        }

        trash.TakeAway(worktree, change.Descriptor);
        DropDangling(worktree);
        _ = parts.FreeBranch(worktree);
        ForgetUnborn(worktree);
        if (IsUntouched(worktree) && parts.Proof.MadeBranch(worktree))
        {
            parts.DropBranch(worktree, worktree.BaseCommit!, change.Descriptor);
        }

        if (parts.FreeBranch(worktree) is not null || trash.Unfinished(worktree) is not null)
        {
            return;
        }

        change.PutWorktree(worktree.Id, null);
        var task = worktree.TaskId is { } id && parts.Store.FindTask(id) is not null ? worktree.TaskId : null;
        change.Emit(WorktreeEntries.Event("worktree.create.failed", worktree with { TaskId = task }, null, cause));
        change.Commit("worktree.create.undo");
    }

    /// <summary>The same where the refusal that led to it is what the caller has to know: what cannot be taken back now waits for the next call.</summary>
    internal void TryRollBack(StateChange change, Worktree worktree, string cause)
    {
        try
        {
            RollBack(change, worktree, cause);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
        {
            // The intent is on record. A full disk is full for this, too.
        }
    }

    /// <summary>
    /// Takes away the directory of a creation whose record was deleted while git made it: it holds nothing but a pointer to
    /// that record. Anything else in it lets it stay.
    /// </summary>
    internal void DropDangling(Worktree worktree)
    {
        var directory = parts.DirectoryOf(worktree);
        var records = Path.Join(parts.Layout.CommonDirectory, "worktrees");
        if (parts.Files.DirectoryInfo.New(directory) is { Exists: true } info && !info.Attributes.HasFlag(FileAttributes.ReparsePoint)
            && AdminEntry.Pointer(directory, parts.Files) is { } record
            && AdminEntry.SamePath(Path.GetDirectoryName(record)!, records) && !parts.Exists(record)
            && parts.Files.Directory.EnumerateFileSystemEntries(directory).Take(2).Count() == 1)
        {
            parts.Store.Disk.Delete(Path.Join(directory, ".git"));
            parts.Files.Directory.Delete(directory);
        }
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
            case WorktreeState.Restoring:
                back.Settle(change, worktree);
                break;
            default:
                Reconcile(change, worktree);
                break;
        }
    }

    private void Reconcile(StateChange change, Worktree worktree)
    {
        var seen = _sightings.Of(worktree);
        switch (seen.Kind)
        {
            case SightingKind.Gone:
                trash.Reconcile(change, worktree);
                break;
            case SightingKind.BranchRenamed:
                Relocation.FollowBranch(change, worktree, seen.Place!);
                break;
            case SightingKind.Moved or SightingKind.RepositoryMoved:
                _relocation.Follow(change, worktree, seen);
                _relocation.RelinkTrash(entries.All(change));
                break;
        }
    }

    // Before the lock: every object is unpacked and hashed. Under it what is left to do then is nothing.
    private void TakeOverRuns(IEnumerable<Worktree> all)
    {
        foreach (var worktree in all.Where(worktree => worktree.IsLive && worktree.Runs.Count > 0))
        {
            using var lease = parts.TryLease(worktree, shared: false);
            if (lease is not null)
            {
                _ = preparation.Finish(worktree, lease.Descriptor, [.. worktree.Runs.Select(run => run.Id)]);
            }
        }
    }

    // Nobody holds the lease, so whoever ran these is gone.
    private Worktree EndRuns(StateChange change, Worktree worktree)
    {
        if (worktree.Runs.Count == 0)
        {
            return worktree;
        }

        var task = worktree.TaskId is { } id ? parts.Board.Find(id) : null;
        var ended = worktree.Runs;
        foreach (var run in ended)
        {
            change.Emit(WorktreeEntries.RunEvent("worktree.run.failed", worktree, task, run, "the server that ran it is gone"));
        }

        foreach (var run in worktree.Runs)
        {
            worktree = SetupState.Ended(change, parts.Board, worktree, run, "the server that ran it is gone");
        }

        worktree = worktree with { Runs = [] };
        _ = preparation.Finish(worktree, change.Descriptor, [.. ended.Select(run => run.Id)]);
        change.PutWorktree(worktree.Id, WorktreeImage.Write(worktree));
        change.Commit("worktree.run.abandoned");
        return worktree;
    }

    // git writes a branch's log before the branch: a kill in between leaves a log that a later branch would go on with.
    private void ForgetUnborn(Worktree worktree)
    {
        var reflog = Reflog(worktree);
        if (worktree.BranchCreated && parts.Git.Refs.Resolve($"refs/heads/{worktree.Branch}") is null && parts.Files.KindOf(reflog) == FileKind.Regular
            && PlainFile.Lines(reflog).Take(2).All(line => IsBirth(line, worktree.BaseCommit!)))
        {
            parts.Store.Disk.Delete(reflog);
        }
    }

    private bool NeedsSettling(Worktree worktree) =>
        landings.IsAbandoned(worktree) || (IsHalfDone(worktree) ? IsAbandoned(worktree) : worktree.IsLive && _sightings.Of(worktree).IsToReconcile);

    private static bool IsHalfDone(Worktree worktree) => IsInTheMiddle(worktree) || (worktree.IsLive && worktree.Runs.Count > 0);

    private bool IsAbandoned(Worktree worktree)
    {
        using var lease = parts.TryLease(worktree, shared: false);
        return lease is not null;
    }

    private static bool IsInTheMiddle(Worktree worktree) => worktree.Status is WorktreeState.Creating or WorktreeState.Removing or WorktreeState.Restoring;

    private bool IsUntouched(Worktree worktree)
    {
        if (parts.Git.Refs.Resolve($"refs/heads/{worktree.Branch}") != worktree.BaseCommit || parts.Git.CheckedOutAt(worktree.Branch) is not null)
        {
            return false;
        }

        var reflog = Reflog(worktree);
        return PlainFile.Lines(reflog).Take(2).Count() <= 1;
    }

    private string Reflog(Worktree worktree) => Path.Join(parts.Layout.CommonDirectory, "logs", "refs", "heads", worktree.Branch);

    private static bool IsBirth(string line, string commit) => line.StartsWith($"{new string('0', commit.Length)} {commit} ", StringComparison.Ordinal);
}

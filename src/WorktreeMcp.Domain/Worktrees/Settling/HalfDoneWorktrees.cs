using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Creating;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Domain.Worktrees.Trash;

namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>
/// Finishes or takes back what a killed server left half-made, under the lock and safe to repeat at any point:
/// a creation nobody holds the lease of is rolled back, a removal or a restoration is finished, and what a person took down with git is
/// taken off the registry. A landing is finished or taken back. One that cannot be settled now waits for the next call and blocks nothing else.
/// Every call comes through one of these, and each looks once at each entry's files:
/// - one that reads worktrees: <see cref="Settled"/>;
/// - one that chooses a worktree, takes its lock and then changes it: <see cref="SettledForChange"/>;
/// - one that changes the registry at once: <see cref="Begin"/>;
/// - one that reads or changes tasks: the store, which calls <see cref="SettleSteps"/>.
/// </summary>
internal sealed class HalfDoneWorktrees(WorktreePlaces parts, WorktreeEntries entries, IntoTrash trash, OutOfTrash back, RunPreparation preparation, LandingRecord landings) : ISettling
{
    private const string Recovery = "recovery";

    private readonly Whereabouts _sightings = new(parts);
    private readonly MovedWorktrees _relocation = new(parts);
    private readonly LostWorktrees _adoption = new(parts);
    private readonly CreationUndo _undo = new(parts, trash);

    /// <summary>All entries, after what a killed server left in the middle was settled: nobody is shown that.</summary>
    public IReadOnlyList<Worktree> Settled() => SettledAll(new WhereaboutsOnce(_sightings));

    /// <summary>The same for a call that is going to change something: refuses in a copy of the repository.</summary>
    public IReadOnlyList<Worktree> SettledForChange()
    {
        parts.Store.OnDisk.RefuseNewerRegistry();
        var seen = new WhereaboutsOnce(_sightings);
        var all = SettledAll(seen);
        RefuseCopy(all, seen);
        return all;
    }

    /// <summary>Begins a change: under the lock, what is in the middle or was moved is settled; refuses in a copy of the repository.</summary>
    public StateChange Begin(string operation, string by) => BeginSettled(operation, by, null);

    private StateChange BeginSettled(string operation, string by, TimeSpan? patience)
    {
        var change = parts.Store.Continue(operation, by, patience);
        try
        {
            change.RequireWritableRegistry();
            var seen = new WhereaboutsOnce(_sightings);
            RefuseCopy(entries.All(change), seen);
            Settle(change, seen);
            return change;
        }
        catch
        {
            change.Dispose();
            throw;
        }
    }

    private ReadEntries SettledAll(WhereaboutsOnce seen)
    {
        var all = entries.All();
        if (parts.Store.OnDisk.NewerRegistry is not null || (!all.Any(worktree => NeedsSettling(worktree, seen)) && _adoption.Lost().Count == 0))
        {
            return all;
        }

        try
        {
            TakeOverRuns(all);
            BeginSettled(Recovery, Recovery, StateStore.ReaderPatience).Dispose();
        }
        catch (Refusal refusal) when (refusal.Code is RefusalCode.Busy or RefusalCode.Internal || parts.Store.OnDisk.NewerLog is not null)
        {
            // Whoever holds the lock may be long at it, or the disk is full: what is in the middle is shown as that, and a change
            // waits by itself or says so.
        }

        seen.Forget();
        return entries.All();
    }

    /// <summary>
    /// Settles what a killed server left in the middle, for a call of the board. It reads no file beside the registry and
    /// stands in nobody's way: what cannot be settled now waits for a call about worktrees, which says why.
    /// </summary>
    internal void SettleSteps()
    {
        try
        {
            var all = entries.All();
            if (parts.Store.OnDisk.NewerRegistry is null && (all.Any(worktree => (IsHalfDone(worktree) && IsAbandoned(worktree)) || landings.IsAbandoned(worktree)) || _adoption.Lost().Count > 0))
            {
                TakeOverRuns(all);
                BeginSettled(Recovery, Recovery, StateStore.ReaderPatience).Dispose();
            }
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            // The board's own call meets what is in its way, and names it.
        }
    }

    /// <summary>Settles all that can be, for the doctor, who has put git's records in order before.</summary>
    internal void Settle(StateChange change) => Settle(change, new WhereaboutsOnce(_sightings));

    // Every entry that is in the middle of something, or that a person took down or moved by hand, and whose lease nobody holds.
    private void Settle(StateChange change, WhereaboutsOnce seen)
    {
        if (parts.Store.OnDisk.NewerRegistry is not null)
        {
            return;
        }

        _adoption.Run(change);
        landings.SettleAbandoned(change);
        foreach (var worktree in entries.All(change).Where(w => w.IsLive && (IsInTheMiddle(w) || w.Runs.Count > 0 || seen.Of(w).IsToReconcile)))
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

    private void Settle(StateChange change, Worktree worktree)
    {
        worktree = EndRuns(change, worktree);
        switch (worktree.Status)
        {
            case WorktreeState.Creating:
                _undo.RollBack(change, worktree, "the server that made it is gone");
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

    // The few that differ are looked at again, now that their lock is in hand.
    private void Reconcile(StateChange change, Worktree worktree)
    {
        var seen = _sightings.Of(worktree);
        switch (seen.Kind)
        {
            case SightingKind.Gone:
                trash.Reconcile(change, worktree);
                break;
            case SightingKind.BranchRenamed:
                MovedWorktrees.FollowBranch(change, worktree, seen.Place!);
                break;
            case SightingKind.Moved or SightingKind.RepositoryMoved:
                _relocation.Follow(change, worktree, seen);
                new TrashPointers(parts).RelinkTrash(entries.All(change));
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

    private void RefuseCopy(IEnumerable<Worktree> all, WhereaboutsOnce seen)
    {
        foreach (var worktree in all)
        {
            if (seen.Of(worktree) is { Kind: SightingKind.Copied } copied)
            {
                throw new Refusal(
                    RefusalCode.NotARepository,
                    $"{parts.Layout.Root} is a copy: its worktree \"{worktree.Name}\" belongs to {copied.Place}, which is still there. A change here could act on the original, so nothing was changed.",
                    "Work in the original. A copy of its own is made with git clone, which leaves worktrees behind.",
                    new NextStep.ListWorktrees());
            }
        }
    }

    private bool NeedsSettling(Worktree worktree, WhereaboutsOnce seen) =>
        landings.IsAbandoned(worktree) || (IsHalfDone(worktree) ? IsAbandoned(worktree) : worktree.IsLive && seen.Of(worktree).IsToReconcile);

    private static bool IsHalfDone(Worktree worktree) => IsInTheMiddle(worktree) || (worktree.IsLive && worktree.Runs.Count > 0);

    private bool IsAbandoned(Worktree worktree)
    {
        using var lease = parts.TryLease(worktree, shared: false);
        return lease is not null;
    }

    private static bool IsInTheMiddle(Worktree worktree) => worktree.Status is WorktreeState.Creating or WorktreeState.Removing or WorktreeState.Restoring;
}

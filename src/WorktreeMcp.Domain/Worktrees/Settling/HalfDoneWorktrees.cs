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
/// </summary>
internal sealed class HalfDoneWorktrees(WorktreePlaces parts, WorktreeEntries entries, IntoTrash trash, OutOfTrash back, RunPreparation preparation, LandingRecord landings)
{
    private readonly Whereabouts _sightings = new(parts);
    private readonly MovedWorktrees _relocation = new(parts);
    private readonly LostWorktrees _adoption = new(parts);
    private readonly CreationUndo _undo = new(parts, trash);

    /// <summary>Whether there is anything that could be settled.</summary>
    internal bool IsAny(IReadOnlyList<Worktree> all, WhereaboutsOnce seen) =>
        parts.Store.OnDisk.NewerRegistry is null && (all.Any(worktree => NeedsSettling(worktree, seen)) || _adoption.Lost().Count > 0);

    /// <summary>The same by the registry alone: no file beside it is read.</summary>
    internal bool IsAnyStep(IReadOnlyList<Worktree> all) =>
        parts.Store.OnDisk.NewerRegistry is null && (all.Any(worktree => (IsHalfDone(worktree) && IsAbandoned(worktree)) || landings.IsAbandoned(worktree)) || _adoption.Lost().Count > 0);

    /// <summary>Takes over what commands left whose server is gone. Before the lock: every object is unpacked and hashed, and under it nothing is left to do.</summary>
    internal void TakeOverRuns(IEnumerable<Worktree> all)
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

    /// <summary>Settles every entry that is in the middle of something, or that a person took down or moved by hand, and whose lease nobody holds.</summary>
    /// <param name="change">The lock in hand.</param>
    /// <param name="seen">What this call has seen of them with the lock in hand; null for nothing yet.</param>
    internal void Settle(StateChange change, WhereaboutsOnce? seen = null)
    {
        if (parts.Store.OnDisk.NewerRegistry is not null)
        {
            return;
        }

        seen ??= new WhereaboutsOnce(_sightings);
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

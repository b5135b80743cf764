using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>
/// Where calls begin: what is half-done is settled first (<see cref="HalfDoneWorktrees"/>), and nobody is shown or acts on it.
/// Every call comes through one of these, and each looks once at each entry's files:
/// - one that reads worktrees: <see cref="Settled"/>;
/// - one that chooses a worktree, takes its lock and then changes it: <see cref="SettledForChange"/>;
/// - one that changes the registry at once: <see cref="Begin"/>;
/// - one that reads or changes tasks: the store, which calls <see cref="SettleSteps"/>.
/// </summary>
internal sealed class SettledCalls(WorktreePlaces parts, WorktreeEntries entries, HalfDoneWorktrees halfDone) : ISettling
{
    private const string Recovery = "recovery";

    private readonly Whereabouts _whereabouts = new(parts);

    /// <summary>All entries, after what a killed server left in the middle was settled: nobody is shown that.</summary>
    public IReadOnlyList<Worktree> Settled() => SettledAll(new WhereaboutsOnce(_whereabouts));

    /// <summary>The same for a call that is going to change something: refuses in a copy of the repository.</summary>
    public IReadOnlyList<Worktree> SettledForChange()
    {
        parts.Store.OnDisk.RefuseNewerRegistry();
        var seen = new WhereaboutsOnce(_whereabouts);
        var all = SettledAll(seen);
        RefuseCopy(all, seen);
        return all;
    }

    /// <summary>Begins a change: under the lock, what is in the middle or was moved is settled; refuses in a copy of the repository.</summary>
    public StateChange Begin(string operation, string by) => BeginSettled(operation, by, null);

    /// <summary>
    /// Settles what a killed server left in the middle, for a call of the board. It reads no file beside the registry and
    /// stands in nobody's way: what cannot be settled now waits for a call about worktrees, which says why.
    /// </summary>
    internal void SettleSteps()
    {
        try
        {
            var all = entries.All();
            if (halfDone.IsAnyStep(all))
            {
                halfDone.TakeOverRuns(all);
                BeginSettled(Recovery, Recovery, StateStore.ReaderPatience).Dispose();
            }
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            // The board's own call meets what is in its way, and names it.
        }
    }

    private StateChange BeginSettled(string operation, string by, TimeSpan? patience)
    {
        var change = parts.Store.Continue(operation, by, patience);
        try
        {
            change.RequireWritableRegistry();
            var seen = new WhereaboutsOnce(_whereabouts);
            RefuseCopy(entries.All(change), seen);
            halfDone.Settle(change, seen);
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
        if (!halfDone.IsAny(all, seen))
        {
            return all;
        }

        try
        {
            halfDone.TakeOverRuns(all);
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
}

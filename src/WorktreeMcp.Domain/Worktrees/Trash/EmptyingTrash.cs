using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Trash;

/// <summary>
/// Empties the trash. Invariants:
/// - the intent is on record before anything goes, and from then on nobody restores it; whoever sweeps next goes on;
/// - commits that nothing else holds are kept under a ref before git's record goes;
/// - the record goes by one rename under the lock, files outside it; no link is followed;
/// - what holds the only copy of a repository's commits goes only when somebody says so who was told of them: no ref of ours can keep those;
/// - one process sweeps at a time, and what somebody holds the lease of is left alone.
/// </summary>
public sealed class EmptyingTrash
{
    private const double Day = 24 * 3600;
    private const int MostNamed = 5;
    private const long Gigabyte = 1024L * 1024 * 1024;

    private readonly WorktreePlaces _parts;
    private readonly WorktreeEntries _entries;
    private readonly TrashContents _shelf;
    private readonly IntoTrash _trash;
    private readonly WorktreeMoves _moves;

    internal EmptyingTrash(WorktreePlaces parts, WorktreeEntries entries) =>
        (_parts, _entries, _shelf, _trash, _moves) = (parts, entries, new TrashContents(parts), new IntoTrash(parts), new WorktreeMoves(parts));

    /// <summary>All that waits, what was removed first first.</summary>
    /// <param name="measure">Whether to count what nobody has counted yet.</param>
    /// <returns>Name, age and size of each.</returns>
    public IReadOnlyList<TrashItem> Items(bool measure)
    {
        var items = _shelf.Items(_entries.All());
        return measure ? [.. items.Select(item => item with { Bytes = item.Bytes ?? _shelf.Measure(item.Id) })] : items;
    }

    /// <summary>What is over its time, and what is over the size that may wait, at this moment.</summary>
    /// <param name="items">All that waits, with sizes.</param>
    /// <returns>Those of them that are to go.</returns>
    public IReadOnlyList<TrashItem> Due(IReadOnlyList<TrashItem> items)
    {
        var now = StateJson.Seconds(_parts.Store.Time.GetUtcNow());
        var due = items.Where(item => item.Begun || item.EmptiedAt <= now).ToList();
        var over = items.Except(due).Sum(item => item.Bytes ?? 0) - (_parts.Settings.TrashGigabytes * Gigabyte);
        foreach (var item in items.Except(due).Where(item => item.RemovedAt + Day <= now).ToList())
        {
            if (over <= 0)
            {
                break;
            }

            over -= item.Bytes ?? 0;
            due.Add(item);
        }

        return due;
    }

    /// <summary>Which were removed at least so many days ago.</summary>
    /// <param name="items">All that waits.</param>
    /// <param name="days">How many days.</param>
    /// <returns>Those of them that are as old.</returns>
    public IReadOnlyList<TrashItem> OlderThan(IReadOnlyList<TrashItem> items, int days)
    {
        var now = StateJson.Seconds(_parts.Store.Time.GetUtcNow());
        return [.. items.Where(item => item.Begun || item.RemovedAt + (days * Day) <= now)];
    }

    /// <summary>Empties what is due, unless another process does.</summary>
    /// <param name="by">Who sweeps.</param>
    /// <param name="cancel">Ends it between two worktrees.</param>
    /// <returns>Those that are gone.</returns>
    public IReadOnlyList<TrashItem> Sweep(string by, CancellationToken cancel)
    {
        using var lease = WorktreeLock.TryTrash(_parts.Layout);
        if (lease is null)
        {
            return [];
        }

        ReleaseRestored(by);
        var items = Items(measure: false);
        if (items.Count == 0)
        {
            return [];
        }

        BringOver(items, by);
        return EmptyEach(Due(Items(measure: true)).Where(IsReallyDue).TakeWhile(_ => !cancel.IsCancellationRequested), by, onlyCopiesToo: false);
    }

    // Nothing goes for good because a file says so that anybody may have written: then the trash itself says since when it waits.
    private bool IsReallyDue(TrashItem item) =>
        item.Name is null || _entries.IsAsWeWroteIt(item.Id) || _shelf.LockedAt(item.Id) + (_parts.Settings.TrashDays * Day) <= StateJson.Seconds(_parts.Store.Time.GetUtcNow());

    /// <summary>The same on a thread of its own.</summary>
    /// <param name="by">Who sweeps.</param>
    /// <param name="cancel">Ends it between two worktrees.</param>
    /// <returns>Those that are gone.</returns>
    public Task<IReadOnlyList<TrashItem>> SweepQuietly(string by, CancellationToken cancel)
    {
        // A thread of its own, but not of a low priority: on a busy machine the lock in its hand, and the collector that waits
        // for it, would hold up everybody.
        var done = new TaskCompletionSource<IReadOnlyList<TrashItem>>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                done.SetResult(Sweep(by, cancel));
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
        })
        {
            IsBackground = true,
            Name = "trash",
        }.Start();
        return done.Task;
    }

    /// <summary>Repositories in what waits that hold commits which nothing else has, and folders that cannot be looked into.</summary>
    /// <param name="item">What waits.</param>
    /// <returns>One line each.</returns>
    public IReadOnlyList<string> OnlyCopies(TrashItem item)
    {
        var record = _parts.TrashedRecord(item.Id);
        return [.. _shelf.Trees(item.Id).SelectMany(tree => _parts.Git.Below.OnlyHere(record, tree)), .. _parts.Git.Outside.UnsharedInSubmodules(record, MostNamed)];
    }

    /// <summary>Deletes these for good, unless another process empties the trash.</summary>
    /// <param name="items">Which.</param>
    /// <param name="by">Who wants it.</param>
    /// <param name="onlyCopiesToo">Whether what holds the only copy of a repository's commits goes too.</param>
    /// <returns>Those that are gone; the others are in use, hold such commits or cannot be deleted.</returns>
    public IReadOnlyList<TrashItem> Empty(IReadOnlyList<TrashItem> items, string by, bool onlyCopiesToo = false)
    {
        using var lease = WorktreeLock.TryTrash(_parts.Layout) ?? throw new Refusal(
            RefusalCode.Busy, "Another process empties the trash.", "Repeat the call when it is done.");
        return EmptyEach(items, by, onlyCopiesToo);
    }

    // What was restored needs its ref no more; a restoration does not wait for a git that takes it away.
    private void ReleaseRestored(string by)
    {
        if (_parts.Git.Kept.Held().Where(IsNotNeeded).ToList() is { Count: > 0 } left)
        {
            using var change = _parts.Store.Continue("trash.release", by);
            _parts.Git.Kept.Release([.. left.Where(IsNotNeeded)], _parts.LeftLocks, change.Descriptor);
        }

        bool IsNotNeeded(int id) => _parts.Files.KindOf(_parts.TrashedRecord(id).Directory) == FileKind.None;
    }

    // Those of a time when git's records of removed worktrees lay among the others, and spares in which somebody was at work.
    private void BringOver(IReadOnlyList<TrashItem> items, string by)
    {
        foreach (var item in items.Where(item => !item.Begun && _parts.Exists(AdminEntry.InTrashBefore(_parts.Layout.CommonDirectory, item.Id).Directory)))
        {
            try
            {
                using var lease = WorktreeLock.Try(_parts.Layout, item.Id, shared: false);
                using var change = _parts.Store.Continue("trash.bring_over", by);
                if (lease is not null && Waits(change, item.Id, out var worktree) && worktree?.Status is null or WorktreeState.Removed)
                {
                    _trash.BringOver(item.Id, worktree, change.Descriptor);
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
            {
                // It stays where it is, as safe as it was.
            }
        }
    }

    // Its entry, or null where it has none; an entry that cannot be read is somebody's all the same.
    private bool Waits(StateChange change, int id, out Worktree? worktree)
    {
        worktree = _entries.All(change).FirstOrDefault(w => w.Id == id);
        return worktree is { IsLive: false } || (worktree is null && change.Worktrees().All(entry => entry.Id != id));
    }

    // What is gone is said, also if the lock cannot be had for the rest of it.
    private List<TrashItem> EmptyEach(IEnumerable<TrashItem> items, string by, bool onlyCopiesToo)
    {
        var gone = new List<TrashItem>();
        try
        {
            foreach (var item in items.Where(item => Empty(item, by, onlyCopiesToo)))
            {
                gone.Add(item);
            }
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.Busy && gone.Count > 0)
        {
            // The next sweep goes on.
        }

        return gone;
    }

    private bool Empty(TrashItem item, string by, bool onlyCopiesToo)
    {
        using var lease = WorktreeLock.Try(_parts.Layout, item.Id, shared: false);
        try
        {
            if (lease is null || (!item.Begun && !onlyCopiesToo && OnlyCopies(item).Count > 0) || !Begin(item.Id, by))
            {
                return false;
            }

            foreach (var tree in _shelf.Trees(item.Id).ToList())
            {
                _parts.Disk.DeleteTree(tree);
            }

            _parts.Disk.DeleteTree(Dropped(item.Id));
            _shelf.ForgetSize(item.Id);
            End(item.Id, by);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal { Code: RefusalCode.GitFailed or RefusalCode.Internal or RefusalCode.CorruptFile })
        {
            // It is tried again by the next sweep; until then the doctor and the lists show it.
            _shelf.Note(item.Id, fault.Message);
            return false;
        }
    }

    private bool Begin(int id, string by)
    {
        using var change = _parts.Store.Continue("trash.empty", by);
        change.RequireWritableRegistry();
        if (!Waits(change, id, out var worktree))
        {
            return false;
        }

        var record = _parts.TrashedRecord(id);
        var held = record.Commits(_parts.Files).Concat(new[] { worktree?.Trash?.Tip, worktree?.Trash?.BranchTip }.OfType<string>());
        _parts.Git.Kept.Keep(held, id, _parts.LeftLocks, change.Descriptor);
        if (worktree is { Status: WorktreeState.Removed })
        {
            var trash = worktree.Trash is { } place ? place with { RemovedAt = RestoreRequest.RemovedAt(worktree) } : null;
            WorktreeEntries.Put(change, worktree with { Status = WorktreeState.Emptying, Trash = trash });
            change.Commit("trash.empty.begin");
        }

        if (_parts.Files.KindOf(record.Directory) == FileKind.Folder)
        {
            _parts.Disk.DeleteTree(Dropped(id));
            _moves.Once(record.Directory, Dropped(id));
        }

        _parts.Git.Kept.Release([id], _parts.LeftLocks, change.Descriptor);

        return true;
    }

    private void End(int id, string by)
    {
        using var change = _parts.Store.Continue("trash.empty", by);
        if (_entries.All(change).FirstOrDefault(w => w.Id == id) is { Status: WorktreeState.Emptying } worktree)
        {
            change.PutWorktree(id, null);
            change.Emit(WorktreeEntries.Event("worktree.emptied", worktree with { TaskId = null }, null));
            change.Commit("trash.empty");
        }
    }

    private string Dropped(int id) => Path.Join(_parts.Layout.DroppedRecords, $"{id}");
}

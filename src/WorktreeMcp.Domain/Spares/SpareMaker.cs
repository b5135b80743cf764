using System.Collections.Concurrent;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// Makes, renews and discards spares. Invariants:
/// - whatever is done to a spare is done under its lease; what changes git's records also under the lock;
/// - it is put on the shelf last, after it was proven clean, and taken off first;
/// - a spare in which somebody was at work is never deleted: it is set aside in the trash.
/// </summary>
internal sealed class SpareMaker(StateStore store, SpareShelf shelf, SpareCheckouts git, IFileSystem files, IDisk disk) : IDisposable
{
    private const string Reason = "worktree-mcp: a checkout kept ready to become a worktree";
    private const long LeastFree = 2L << 30;

    // The clock of file systems is coarse.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // An index of some two thousand files; below that it takes less to read them all again than to wait.
    private const long LargeIndex = 256 * 1024;

    private readonly ConcurrentDictionary<string, TreeWatch> _watches = new();
    private readonly ConcurrentQueue<TreeWatch> _ended = new();

    /// <summary>Makes one more; false when this repository, the disk or git does not allow it.</summary>
    internal bool Make(string commit, CancellationToken cancel)
    {
        if (!git.SettingsAllow() || !TryMakeFolder() || !HasRoom())
        {
            return false;
        }

        var id = SpareShelf.NewName();
        using var lease = shelf.TryLease(id);
        if (lease is null)
        {
            return false;
        }

        using (var change = store.Continue("spare", "spare"))
        {
            if (!git.Add(shelf.DirectoryOf(id), commit, Reason, change.Descriptor).Succeeded)
            {
                Drop(id);
                return false;
            }

            shelf.EntryOf(id).ShareWith(shelf.DirectoryOf(id));
        }

        // Taken before the files are written: what changes meanwhile then shows at the next look.
        if (Fill(id, commit, CheckoutConditions.Now(git, files), lease, cancel))
        {
            return true;
        }

        Remove(id);
        return false;
    }

    /// <summary>Lets one and git's record of it point at each other again after the repository was moved; a copy's belong to the original.</summary>
    internal void Follow(string id)
    {
        if (!shelf.WasMoved(id))
        {
            return;
        }

        using var lease = shelf.TryLease(id);
        using var change = store.Continue("spare", "spare");
        if (lease is not null && shelf.WasMoved(id))
        {
            shelf.Repoint(shelf.EntryOf(id), shelf.DirectoryOf(id));
            shelf.Point(shelf.DirectoryOf(id), shelf.EntryOf(id));
        }
    }

    /// <summary>Brings a ready one to a commit, or proves it anew; discards what cannot be.</summary>
    internal bool Renew(Spare spare, string commit, CancellationToken cancel)
    {
        using var lease = shelf.TryLease(spare.Id);
        if (lease is null || shelf.Find(spare.Id) is not { } now)
        {
            return false;
        }

        var conditions = CheckoutConditions.Now(git, files);
        if (IsPristine(now) && now.Conditions.AgreeWith(conditions) && !git.ReplacesObjects && git.Distance(now.Commit, commit) is not null)
        {
            shelf.Withdraw(now.Id);
            if (Fill(now.Id, commit, conditions, lease, cancel))
            {
                return true;
            }

            Remove(now.Id);
            return false;
        }

        Discard(now);
        return false;
    }

    /// <summary>Takes one off the shelf for good, whatever state it is in; nothing happens while somebody holds its lease.</summary>
    internal void Discard(string id)
    {
        using var lease = shelf.TryLease(id);
        if (lease is null)
        {
            return;
        }

        if (shelf.Find(id) is { } ready)
        {
            Discard(ready);
        }
        else
        {
            // It never was ready, or its files are about to be somebody's worktree and no longer here.
            Remove(id);
        }
    }

    /// <summary>Whether nothing happened to a spare since it was proven clean: by the watch where there is one, else by looking.</summary>
    internal bool IsPristine(Spare spare) => IsRecordPristine(spare) && (IsWatched(spare.Id) || LooksPristine(spare, background: true));

    /// <summary>The same for one that is about to be used: it is watched from before the look on, where that can be done, so that <see cref="IsStillPristine"/> knows what happens after it.</summary>
    internal bool Prove(Spare spare) => IsRecordPristine(spare) && (IsWatched(spare.Id) || Look(spare, background: false, orUnwatched: true));

    /// <summary>Whether nothing has happened to one since it was proven; takes no longer than the lock may be held.</summary>
    internal bool IsStillPristine(Spare spare) => IsRecordPristine(spare) && (!_watches.TryGetValue(spare.Id, out var watch) || watch.IsUnbroken);

    /// <summary>Whether an unbroken watch of this server proves that a spare is as it was.</summary>
    internal bool IsWatched(string id) => _watches.TryGetValue(id, out var watch) && watch.IsUnbroken;

    /// <summary>Begins to watch one that another server made, if it is beyond doubt.</summary>
    internal bool TryWatch(Spare spare) => IsRecordPristine(spare) && Look(spare, background: true, orUnwatched: false);

    // A broken watch stays until another has taken its place: somebody may have proven the spare by it, and is about to ask it once more.
    private bool Look(Spare spare, bool background, bool orUnwatched)
    {
        var watch = TreeWatch.Begin(shelf.DirectoryOf(spare.Id), shelf.EntryOf(spare.Id).Directory);
        try
        {
            if ((watch is null && !orUnwatched) || !LooksPristine(spare, background))
            {
                return false;
            }

            Unwatch(spare.Id);
            if (watch is not null)
            {
                (_watches[spare.Id], watch) = (watch, null);
            }

            return true;
        }
        finally
        {
            watch?.Dispose();
        }
    }

    private bool IsRecordPristine(Spare spare) =>
        git.IsRecordPristine(shelf.EntryOf(spare.Id), shelf.DirectoryOf(spare.Id), spare.Commit) && shelf.IndexStamp(spare.Id) == spare.Index;

    private bool LooksPristine(Spare spare, bool background) => spare.Tree is { } tree
        ? shelf.FingerprintOf(spare.Id, alone: background) == tree
        : git.IsPristine(shelf.EntryOf(spare.Id), shelf.DirectoryOf(spare.Id), spare.Commit, background);

    /// <summary>Forgets the watch of a spare, before its files are moved.</summary>
    internal void Unwatch(string id)
    {
        if (_watches.TryRemove(id, out var watch))
        {
            _ended.Enqueue(watch);
        }
    }

    /// <summary>Ends the watches of all but some, of those that another server took too.</summary>
    internal void KeepWatches(IEnumerable<string> ids)
    {
        foreach (var id in _watches.Keys.Except(ids))
        {
            Unwatch(id);
        }

        EndWatches();
    }

    /// <summary>Ends the watches that were forgotten: with thousands of folders the kernel takes milliseconds, which are not a call's.</summary>
    internal void EndWatches()
    {
        while (_ended.TryDequeue(out var watch))
        {
            watch.Dispose();
        }
    }

    public void Dispose() => KeepWatches([]);

    private bool Fill(string id, string commit, CheckoutConditions conditions, WorktreeLock lease, CancellationToken cancel)
    {
        var (entry, directory) = (shelf.EntryOf(id), shelf.DirectoryOf(id));
        Unwatch(id);
        if (!git.CheckOut(entry, directory, commit, lease.Descriptor, cancel).Succeeded || git.IsSpecial(entry, directory) || !Outlast(entry, directory, lease, cancel))
        {
            return false;
        }

        var watch = TreeWatch.Begin(directory, entry.Directory);

        // Before git looks: what happens on the way is seen by git, or makes another fingerprint.
        var spare = new Spare(id, commit, shelf.IndexStamp(id), shelf.FingerprintOf(id, alone: true), conditions);
        if (cancel.IsCancellationRequested || !git.IsPristine(entry, directory, commit, background: true))
        {
            watch?.Dispose();
            return false;
        }

        if (watch is not null)
        {
            _watches[id] = watch;
        }

        shelf.Publish(spare);
        return true;
    }

    // Waits for the next second, and has the index written in it.
    private bool Outlast(AdminEntry entry, string directory, WorktreeLock lease, CancellationToken cancel)
    {
        var index = files.FileInfo.New(Path.Join(entry.Directory, "index"));
        if (!index.Exists || index.Length < LargeIndex)
        {
            return true;
        }

        var next = index.LastWriteTimeUtc.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond + TimeSpan.TicksPerSecond + Tick.Ticks;
        var left = TimeSpan.FromTicks(next - store.Time.GetUtcNow().UtcTicks);
        return !(left > TimeSpan.Zero && cancel.WaitHandle.WaitOne(left < Second ? left : Second)) && git.Refresh(entry, directory, lease.Descriptor, cancel).Succeeded;
    }

    private void Discard(Spare spare)
    {
        if (IsPristine(spare))
        {
            Remove(spare.Id);
        }
        else
        {
            SetAside(spare.Id);
        }
    }

    private void Remove(string id)
    {
        Unwatch(id);
        shelf.Withdraw(id);
        Delete(shelf.DirectoryOf(id));
        using (store.Continue("spare", "spare"))
        {
            Drop(id);
        }
    }

    // Under the lock: git's record of it, if it is still one of a spare.
    private void Drop(string id)
    {
        if (shelf.IsRecordOf(id))
        {
            Delete(shelf.EntryOf(id).Directory);
        }

        shelf.Forget(id);
    }

    private void SetAside(string id)
    {
        Unwatch(id);
        using var change = store.Continue("spare", "spare");
        var directory = shelf.DirectoryOf(id);
        if (files.KindOf(directory) == FileKind.Folder)
        {
            if (files.KindOf(store.Layout.TrashBeside) == FileKind.Link)
            {
                throw NotPlainException.Linked(store.Layout.TrashBeside);
            }

            var (place, record) = FreePlace(change);
            disk.MakeFolder(Path.GetDirectoryName(place)!);
            var ours = shelf.IsRecordOf(id);
            if (ours)
            {
                shelf.Repoint(shelf.EntryOf(id), place);
            }

            files.Directory.Move(directory, place);
            if (ours)
            {
                files.Directory.Move(shelf.EntryOf(id).Directory, record.Directory);
                shelf.Point(place, record);
            }
        }

        // Off the shelf last: what is not on it and still there is taken for half-made, and deleted.
        shelf.Forget(id);
    }

    // Under a worktree's number, so that it is listed and in its time deleted as whatever else is in the trash. git's record stays in git's sight,
    // which keeps what it names; the next sweep brings it where those of removed worktrees are.
    private (string Place, AdminEntry Record) FreePlace(StateChange change)
    {
        while (true)
        {
            var number = change.NewWorktreeId();
            var (place, record) = (Path.Join(store.Layout.TrashBeside, $"{number}"), AdminEntry.InTrashBefore(store.Layout.CommonDirectory, number));
            if (files.KindOf(place) == FileKind.None && files.KindOf(record.Directory) == FileKind.None && files.KindOf(AdminEntry.InTrash(store.Layout.CommonDirectory, number).Directory) == FileKind.None && files.KindOf(Path.Join(store.Layout.Trash, $"{number}")) == FileKind.None)
            {
                return (place, record);
            }
        }
    }

    // Only what bears a spare's name in the spares' own folder comes here, and it is no link.
    private void Delete(string folder)
    {
        if (files.KindOf(folder) == FileKind.Folder)
        {
            disk.DeleteTree(folder);
        }
    }

    // False where something else is in its place, a link for one.
    private bool TryMakeFolder()
    {
        if (files.KindOf(store.Layout.Spares) == FileKind.None)
        {
            disk.MakeFolder(store.Layout.Worktrees);
#pragma warning disable RS0030 // System.IO.Abstractions knows no modes.
            Directory.CreateDirectory(store.Layout.Spares, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore RS0030
        }

        return files.KindOf(store.Layout.Spares) == FileKind.Folder;
    }

    private bool HasRoom()
    {
        try
        {
            return new DriveInfo(store.Layout.Spares).AvailableFreeSpace > LeastFree;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}

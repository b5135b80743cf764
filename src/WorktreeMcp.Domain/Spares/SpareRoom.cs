using System.IO.Abstractions;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// The spares of a repository. Invariants:
/// - a spare becomes a worktree only if it is proven to equal a fresh checkout; any doubt means the ordinary way;
/// - one server at a time makes and renews them, and only while it runs;
/// - without spares, or with broken ones, everything works as before.
/// </summary>
internal sealed class SpareRoom : IDisposable
{
    /// <summary>More spares than this are never kept.</summary>
    internal const int Most = 8;

    private readonly SpareShelf _shelf;
    private readonly SpareMaker _maker;
    private readonly SpareCheckouts _git;
    private readonly IFileSystem _files;
    private readonly IDisk _disk;

    // Names never come again.
    private volatile HashSet<string> _seen = [];

    internal SpareRoom(StateStore store, SpareCheckouts git, IFileSystem files, IDisk disk)
    {
        (_git, _files, _disk) = (git, files, disk);
        _shelf = new SpareShelf(store.Layout, files, disk);
        _maker = new SpareMaker(store, _shelf, git, files, disk);
    }

    /// <summary>Whether there is one that could be reserved.</summary>
    internal bool HasAny => _shelf.Ready().Count > 0;

    /// <summary>Whether there is one, ready, in the making, or left half-made by a kill.</summary>
    internal bool HasTraces => _shelf.Traces().Count > 0;

    /// <summary>The ready spare that is nearest to a commit and beyond doubt; null when there is none.</summary>
    internal SpareReservation? Reserve(string commit)
    {
        try
        {
            return _shelf.Ready()
                .Select(spare => (Spare: spare, Distance: spare.Commit == commit ? 0 : _git.Distance(spare.Commit, commit)))
                .Where(each => each.Distance is <= SpareReservation.MostChanged)
                .OrderBy(each => each.Distance)
                .Select(each => Reserve(each.Spare, commit))
                .FirstOrDefault(reservation => reservation is not null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
        {
            return null;
        }
    }

    /// <summary>Whether there are others than when this server looked last: another server made or took one, or was killed at it.</summary>
    internal bool HasChanged => !_seen.SetEquals(_shelf.Traces());

    /// <summary>
    /// Looks at those that other servers made, and watches them from then on: a creation here then need not look at all their files.
    /// It takes no lease, since git only reads: whoever wants one meanwhile takes it.
    /// </summary>
    /// <param name="commit">Where they should be; those that are elsewhere are about to be renewed.</param>
    /// <param name="cancel">Ends it between two.</param>
    internal void WatchOthers(string commit, CancellationToken cancel)
    {
        var (ready, seen) = (_shelf.Ready(), _shelf.Traces());
        _maker.KeepWatches(ready.Select(spare => spare.Id));
        foreach (var spare in ready.Where(spare => spare.Commit == commit && !_maker.IsWatched(spare.Id)).TakeWhile(_ => !cancel.IsCancellationRequested))
        {
            _ = spare.Conditions.Hold(_git, _files) && _maker.TryWatch(spare);
        }

        _seen = seen;
    }

    /// <summary>Makes, renews and discards until there are as many as wanted, all at a commit; does nothing if another server is at it.</summary>
    /// <param name="wanted">How many; null leaves those that others made.</param>
    /// <param name="commit">Where they should be.</param>
    /// <param name="cancel">Ends it between two steps, and git's work in the middle of one.</param>
    /// <returns>False if another server is at it.</returns>
    internal bool Tend(int? wanted, string commit, CancellationToken cancel)
    {
        using var keeper = _shelf.TryKeeper();
        if (keeper is null)
        {
            return false;
        }

        var ready = _shelf.Ready();
        foreach (var spare in ready)
        {
            _maker.Follow(spare.Id);
        }

        foreach (var id in _shelf.Names().Except(ready.Select(spare => spare.Id)).TakeWhile(_ => !cancel.IsCancellationRequested))
        {
            _maker.Discard(id);
        }

        var count = 0;
        foreach (var spare in ready.OrderByDescending(spare => spare.Commit == commit).TakeWhile(_ => !cancel.IsCancellationRequested))
        {
            if (count >= (wanted ?? Most))
            {
                _maker.Discard(spare.Id);
            }
            else if (IsUpToDate(spare, commit) || _maker.Renew(spare, commit, cancel))
            {
                count++;
            }
        }

        while (count < wanted && !cancel.IsCancellationRequested && _maker.Make(commit, cancel))
        {
            count++;
        }

        // What is half-made by now came while this looked elsewhere, or could not be discarded: the next look is for it.
        _seen = [.. _shelf.Ready().SelectMany(spare => SpareShelf.TracesOf(spare.Id))];
        _maker.EndWatches();
        return true;
    }

    /// <summary>How many there are, ready or half-made, and their bytes.</summary>
    internal (int Count, long Bytes) OnDisk()
    {
        var folders = _shelf.Names().Select(_shelf.DirectoryOf).ToList();
        return (folders.Count, folders.Where(folder => _files.KindOf(folder) == FileKind.Folder).Sum(_files.TreeBytes));
    }

    /// <summary>Takes all away; false if another server is at them, or one could not be.</summary>
    internal bool TryDiscardAll()
    {
        using var keeper = _shelf.TryKeeper();
        if (keeper is null)
        {
            return false;
        }

        foreach (var id in _shelf.Names())
        {
            _maker.Discard(id);
        }

        return _shelf.Names().Count == 0;
    }

    /// <summary>Whether git's record is that of a spare, ready or half-made: a kill leaves some that the next server discards.</summary>
    internal bool Owns(AdminEntry record) => SpareShelf.IsName(record.Id) && _shelf.IsRecordOf(record.Id);

    /// <summary>Finishes a move that a kill interrupted, so that what is taken back is taken back whole.</summary>
    internal void FinishMove(string id, string directory)
    {
        if (SpareShelf.IsName(id) && _files.KindOf(_shelf.DirectoryOf(id)) == FileKind.Folder && _files.KindOf(directory) == FileKind.None
            && _shelf.EntryOf(id).NamesWorktree(_files) is { } named && AdminEntry.SamePath(named, directory))
        {
            _shelf.RequireOurs();
            _files.Directory.Move(_shelf.DirectoryOf(id), directory);
        }
    }

    public void Dispose() => _maker.Dispose();

    private bool IsUpToDate(Spare spare, string commit) =>
        spare.Commit == commit && spare.Conditions.Hold(_git, _files) && _maker.IsPristine(spare);

    private SpareReservation? Reserve(Spare seen, string commit)
    {
        if (_shelf.TryLease(seen.Id) is not { } lease)
        {
            return null;
        }

        SpareReservation? reserved = null;
        try
        {
            if (_shelf.Find(seen.Id) is { } spare && spare.Commit == seen.Commit && spare.Conditions.Hold(_git, _files) && _maker.Prove(spare))
            {
                reserved = new SpareReservation(spare, commit, lease, _shelf, _maker, _git, _files, _disk);
            }

            return reserved;
        }
        finally
        {
            if (reserved is null)
            {
                lease.Dispose();
            }
        }
    }
}

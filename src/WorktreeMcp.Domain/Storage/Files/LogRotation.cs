using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// Keeps the operation log from growing without end. Invariants:
/// - the new log begins with one snapshot of all that the old one would still be asked for, and goes on with the last operation;
/// - what the old log would redo and the snapshot cannot is durable before the new log is: older files, and the events once more;
/// - a rotation that fails leaves a whole log, old or new, and takes nothing back from the operation before it.
/// </summary>
internal sealed class LogRotation(StateStore store, long limit)
{
    internal const long DefaultLimit = 8L * 1024 * 1024;

    private const int Growth = 3;
    private const int RetryShare = 8;

    private long _notBefore;

    /// <summary>Rotates if the log has grown enough; the lock is held and the last operation's files are all there.</summary>
    internal void RunIfDue(Operation last)
    {
        var length = store.Log.Length;
        if (length <= limit || length < _notBefore)
        {
            return;
        }

        try
        {
            if (length > Growth * store.Log.FirstLineLength())
            {
                Rotate(last);
                _notBefore = 0;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Reading all of the log for nothing at each commit would be dear.
            _notBefore = length + (limit / RetryShare);
            DropTemporary();
        }
    }

    private void Rotate(Operation last)
    {
        var images = new Dictionary<(EntityKind Kind, int Id), (JsonObject? Image, bool ByHand)>();
        var own = new Dictionary<int, JsonObject?>();
        var requests = new Dictionary<string, Operation>();
        var changed = new HashSet<int>();
        foreach (var operation in store.Log.Backward())
        {
            foreach (var change in operation.Changes.Reverse())
            {
                images.TryAdd((change.Kind, change.Id), (change.After, change.ByHand));
                if (change is { Kind: EntityKind.Worktree, ByHand: false })
                {
                    own.TryAdd(change.Id, change.After);
                }

                if (operation.Kind != Operation.Snapshot && change.Kind == EntityKind.Task)
                {
                    changed.Add(change.Id);
                }
            }

            foreach (var request in operation.Requests.Append(operation).Where(o => o.RequestId is not null))
            {
                requests.TryAdd(request.RequestId!, request with { Events = [], Requests = [] });
            }
        }

        TakeFromFiles(images);
        if (store.Durable)
        {
            SyncFiles(changed);
        }

        // Where a hand wrote the newest of an entry, what we wrote before it is kept, so that it can be put right.
        var before = images.Where(i => i.Value.ByHand && own.GetValueOrDefault(i.Key.Id) is not null).OrderBy(i => i.Key).Select(i => new EntityChange(i.Key.Kind, i.Key.Id, null, own[i.Key.Id]));
        var changes = before.Concat(images.Where(i => i.Value.Image is not null).OrderBy(i => i.Key).Select(i => new EntityChange(i.Key.Kind, i.Key.Id, null, i.Value.Image) { ByHand = i.Value.ByHand }));
        var snapshot = new Operation(last.Number, last.At, Recovery.Name, Operation.Snapshot, null, Machine.BootId, [.. changes], [], last.Next)
        {
            Requests = [.. requests.Values.Where(o => o.At >= store.OldestRequest).OrderBy(o => o.Number)],
        };
        if (!OperationLog.MayHold(snapshot))
        {
            throw new IOException("The board is too large for one line.");
        }

        store.Events.Archive(store.Log.Backward().Reverse().SelectMany(o => o.Events), store.Durable);
        store.Log.Replace([snapshot, last]);
    }

    // The files are the truth; what cannot be read in them, or is gone, is as the log has it. What a hand wrote into the file of a task that the
    // log knows is not noticed yet: for that the snapshot says what we wrote.
    private void TakeFromFiles(Dictionary<(EntityKind Kind, int Id), (JsonObject? Image, bool ByHand)> images)
    {
        store.TaskFiles.LookAgain();
        foreach (var task in store.TaskFiles.All().Where(t => t.Problem is null))
        {
            if (images.GetValueOrDefault((EntityKind.Task, task.Id)).Image is null && StateJson.Read(task.Bytes.Span) is { } image)
            {
                images[(EntityKind.Task, task.Id)] = (image, false);
            }
        }

        foreach (var entry in store.IndexFile.IsReadable() ? store.IndexFile.Entries() : [])
        {
            // An entry that is not as it was written last was edited by a hand, and that must stay known: it proves nothing.
            var image = StateJson.Read(entry.Bytes.Span);
            var isAsLogged = images.TryGetValue((EntityKind.Worktree, entry.Id), out var logged) && logged.Image is { } known && image is not null && StateJson.Hash(known) == StateJson.Hash(image);
            images[(EntityKind.Worktree, entry.Id)] = isAsLogged ? logged : (image, true);
        }
    }

    // A file older than the snapshot, come back after a power loss, would be taken for an edit by hand.
    private void SyncFiles(IEnumerable<int> changed)
    {
        foreach (var id in changed.Where(id => store.TaskFiles.Find(id) is { Problem: null }))
        {
            store.Disk.Sync(store.Layout.Task(id));
        }

        if (store.IndexFile.Kind == FileKind.Regular)
        {
            store.Disk.Sync(store.Layout.Index);
        }

        store.Events.Sync();
        store.Disk.SyncFolder(store.Layout.Tasks);
        store.Disk.SyncFolder(store.Layout.Worktrees);
    }

    private void DropTemporary()
    {
        try
        {
            store.Disk.Delete(StateChange.TemporaryOf(store.Layout.OperationLog));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next rotation or the next server removes it.
        }
    }
}

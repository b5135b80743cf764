using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// Brings the files up to the log. A file is redone only if it is as before the operation, missing or unreadable;
/// any other content is a person's edit and is adopted. The lock is held, except for <see cref="IsApplied"/>.
/// </summary>
internal sealed class Recovery(StateStore store)
{
    /// <summary>Finishes what a kill left undone.</summary>
    /// <returns>What persons edited by hand since, for the log to learn.</returns>
    internal IReadOnlyList<EntityChange> Run()
    {
        store.Log.Repair();
        RebuildIndexIfUnreadable();
        if (store.Log.Last() is not { } last)
        {
            return [];
        }

        store.Log.Sync();
        var edits = new List<EntityChange>();
        foreach (var change in last.Boot == Machine.BootId ? last.Changes : NewestImages())
        {
            RemoveLeftover(change);
            if (Settle(change) is { } edit)
            {
                edits.Add(edit);
            }
        }

        store.Events.AppendMissing(last.Events);
        return edits;
    }

    /// <summary>Whether nothing of an operation has to be redone; takes no lock and changes nothing.</summary>
    internal bool IsApplied(Operation operation) =>
        operation.Changes.All(change => Look(change) is State.After or State.Edited)
        && (operation.Events.Count == 0 || store.Events.LastSeq() >= (long)operation.Events[^1]["seq"]!);

    /// <summary>The next free numbers where there is no log: one more than the highest found.</summary>
    internal Counters CountersFromFiles() => new(
        1,
        store.TaskFiles.HighestId() + 1,
        store.IndexFile.Entries().Select(e => e.Id).DefaultIfEmpty(0).Max() + 1,
        store.Events.LastSeq() + 1);

    // After a reboot nothing that was not synced can be trusted, so every entity's newest image is compared.
    private IEnumerable<EntityChange> NewestImages()
    {
        var seen = new HashSet<(EntityKind, int)>();
        return [.. store.Log.Backward().SelectMany(o => o.Changes.Reverse()).Where(c => seen.Add((c.Kind, c.Id)))];
    }

    private void RebuildIndexIfUnreadable()
    {
        if (store.IndexFile.IsReadable())
        {
            return;
        }

        Quarantine.Keep(store.Layout, store.Disk, "index.json", store.IndexFile.Bytes());
        store.Disk.Delete(store.Layout.Index);
        var images = NewestImages().Where(c => c.Kind == EntityKind.Worktree).ToDictionary(c => c.Id, c => c.After);
        WriteIndex(images);
    }

    private EntityChange? Settle(EntityChange change)
    {
        switch (Look(change))
        {
            case State.Before or State.Missing:
                Redo(change);
                return null;
            case State.Unreadable:
                Quarantine.Keep(store.Layout, store.Disk, Path.GetFileName(store.Layout.Task(change.Id)), BytesOf(change)!);
                Redo(change);
                return null;
            case State.Edited:
                return change with { Before = change.After is null ? null : HashAfter(change), After = StateJson.Read(BytesOf(change)) };
            default:
                return null;
        }
    }

    private State Look(EntityChange change)
    {
        var bytes = BytesOf(change);
        if (bytes is null)
        {
            return change.After is null ? State.After : State.Missing;
        }

        var hash = StateJson.Hash(bytes);
        if (change.After is not null && hash == HashAfter(change))
        {
            return State.After;
        }

        if (hash == change.Before)
        {
            return State.Before;
        }

        return StateJson.Read(bytes) is null ? State.Unreadable : State.Edited;
    }

    private byte[]? BytesOf(EntityChange change) => change.Kind == EntityKind.Task
        ? store.TaskFiles.Find(change.Id)?.Bytes.ToArray()
        : store.IndexFile.Entries().FirstOrDefault(e => e.Id == change.Id)?.Bytes.ToArray();

    private static string HashAfter(EntityChange change) => change.Kind == EntityKind.Task
        ? StateJson.Hash(StateJson.File(change.After!))
        : StateJson.Hash(change.After!);

    private void Redo(EntityChange change)
    {
        if (change.Kind == EntityKind.Worktree)
        {
            WriteIndex(new Dictionary<int, JsonObject?> { [change.Id] = change.After });
            return;
        }

        var target = store.Layout.Task(change.Id);
        var temporary = StateChange.TemporaryOf(target);
        store.Disk.WriteTemporary(temporary, StateJson.File(change.After!));
        store.Disk.Replace(temporary, target);
        store.TaskFiles.Find(change.Id);
    }

    private void WriteIndex(IReadOnlyDictionary<int, JsonObject?> images)
    {
        var temporary = StateChange.TemporaryOf(store.Layout.Index);
        store.Disk.WriteTemporary(temporary, store.IndexFile.With(images));
        store.Disk.Replace(temporary, store.Layout.Index);
    }

    private void RemoveLeftover(EntityChange change)
    {
        var target = change.Kind == EntityKind.Task ? store.Layout.Task(change.Id) : store.Layout.Index;
        store.Disk.Delete(StateChange.TemporaryOf(target));
    }

    private enum State
    {
        Missing,
        Unreadable,
        Before,
        After,
        Edited,
    }
}

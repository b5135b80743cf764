using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// Brings the files up to the log. A file is redone only if it is as before the operation, missing or unreadable;
/// any other content is a person's edit and is kept: an entry's is adopted here, a task's is found by <see cref="HandEdits"/>. What is a link or a folder where a file should be is never
/// touched. The lock is held, except for the questions.
/// </summary>
internal sealed class Recovery(StateStore store)
{
    internal const string Name = "recovery";
    internal const string Hand = "hand";

    // Whoever sweeps faster than we write has the next call write it.
    private const int MostSweeps = 5;

    private readonly List<EntityChange> _edits = [];
    private readonly List<JsonObject> _repairs = [];
    private readonly Dictionary<(EntityKind, int), HashSet<string>> _earlier = [];

    /// <summary>Whether a kill may have left temporaries of tasks that no later operation touches: at first, and after a holder of the lock died.</summary>
    internal bool HasLeftovers { get; private set; } = true;

    /// <summary>Lets the next run look for them.</summary>
    internal void LookForLeftovers() => HasLeftovers = true;

    /// <summary>Finishes what a kill left undone.</summary>
    /// <param name="everything">Whether the newest image of each entity is compared, not only the last operation's.</param>
    /// <param name="known">Whether this process has seen the last operation's files in place: then what differs is an edit.</param>
    /// <param name="rebooted">Whether a file may have come back older than the last operation found it: then any image before counts.</param>
    /// <returns>What else was found.</returns>
    internal RecoveryFindings Run(bool everything, bool known, bool rebooted)
    {
        _earlier.Clear();
        _repairs.Clear();
        store.Log.Repair();
        var last = store.Log.Last();
        if (last is not null)
        {
            store.Log.Sync();
        }

        if (rebooted)
        {
            FindEarlier();
        }

        for (var sweeps = 0; !TrySettle(last, everything, known, isLast: sweeps == MostSweeps) && sweeps < MostSweeps; sweeps++)
        {
            // Whoever took the event log or a folder away took task files, too.
            (everything, known) = (true, false);
        }

        return new RecoveryFindings([.. _edits], [.. _repairs]);
    }

    /// <summary>Whether nothing of an operation has to be redone; edits by hand do not count.</summary>
    internal bool IsApplied(Operation operation) => Holds(operation, State.After, State.Edited, State.Foreign);

    /// <summary>Whether the files are as an operation left them.</summary>
    internal bool IsUntouched(Operation operation) => Holds(operation, State.After, State.Foreign, State.Foreign);

    /// <summary>Whether the registry can be read, or cannot be ours to repair.</summary>
    internal bool IsIndexSound(Operation? last) => store.IndexFile.Kind switch
    {
        FileKind.None => last is null || last.Next.Worktree <= 1,
        FileKind.Regular => store.IndexFile.IsReadable(),
        _ => true,
    };

    /// <summary>The next free numbers where there is no log: one more than the highest found.</summary>
    internal Counters CountersFromFiles() => new(
        1,
        store.TaskFiles.HighestId() + 1,
        (store.IndexFile.IsReadable() ? store.IndexFile.Entries() : []).Select(e => e.Id).Where(id => id < TaskFiles.HighestPossibleId).DefaultIfEmpty(0).Max() + 1,
        store.Events.LastSeq() + 1);

    private bool TrySettle(Operation? last, bool everything, bool known, bool isLast)
    {
        _edits.Clear();
        try
        {
            SettleFiles(last, everything, known);
            SweepLeftovers();
            return TryCompleteEvents(last, everything);
        }
        catch (Exception fault) when (!isLast && fault is (FileNotFoundException or DirectoryNotFoundException))
        {
            store.Folders.Ensure();
            return false;
        }
    }

    // After a reboot nothing that was not synced can be trusted, so every entity's newest image is compared.
    private void SettleFiles(Operation? last, bool everything, bool known)
    {
        RebuildIndexIfUnsound(last);
        foreach (var change in last is null ? [] : everything ? store.Log.NewestImages() : last.Changes)
        {
            Settle(change, known || (!everything && WasPutInPlace(change)));
            RemoveLeftover(change);
        }
    }

    // What a kill kept from its place still lies beside it; so an older content without that was put there since, by a hand.
    private bool WasPutInPlace(EntityChange change) =>
        change.Kind == EntityKind.Task && !store.Files.File.Exists(StateChange.TemporaryOf(store.Layout.Task(change.Id)));

    private bool TryCompleteEvents(Operation? last, bool everything)
    {
        if (last is null)
        {
            return true;
        }

        if (everything)
        {
            return store.Events.TryComplete(OwedEvents);
        }

        // What is not there before the last operation's events was swept away, or is half restored.
        var newest = store.Events.LastSeq();
        return newest >= last.Next.Seq - 1 - last.Events.Count && store.Events.TryAppendMissing(last.Events, create: newest == 0);
    }

    private bool Holds(Operation operation, State one, State two, State three) =>
        operation.Changes.All(change => Look(change) is var state && (state == one || state == two || state == three))
        && store.Events.HoldsAll(operation.Events);

    private void FindEarlier()
    {
        foreach (var change in store.Log.Backward().SelectMany(o => o.Changes).Where(c => c.Before is not null))
        {
            if (!_earlier.TryGetValue((change.Kind, change.Id), out var hashes))
            {
                _earlier[(change.Kind, change.Id)] = hashes = [];
            }

            hashes.Add(change.Before!);
        }
    }

    private List<JsonObject> OwedEvents(long after) =>
        [.. store.Log.Backward().TakeWhile(o => o.Events.Count == 0 || (long)o.Events[^1]["seq"]! > after).Reverse().SelectMany(o => o.Events)];

    private void RebuildIndexIfUnsound(Operation? last)
    {
        if (IsIndexSound(last))
        {
            return;
        }

        if (store.IndexFile.Kind == FileKind.Regular)
        {
            SetIndexAside();
        }

        var images = store.Log.NewestImages().Where(c => c is { Kind: EntityKind.Worktree, After: not null }).ToDictionary(c => c.Id, c => c.After!);
        Write(store.Layout.Index, IndexFile.Of(images));
    }

    private void Settle(EntityChange change, bool known)
    {
        var state = Look(change);
        if (state == State.Unreadable)
        {
            SetAside(store.Layout.Task(change.Id), BytesOf(change)!);
        }

        if (state is State.Missing or State.Unreadable || (state == State.Before && !known))
        {
            Redo(change);
        }
        else if (state is State.Edited or State.Before && change.Kind == EntityKind.Worktree)
        {
            _edits.Add(change with { Before = change.After is null ? null : HashAfter(change), After = StateJson.Read(BytesOf(change)) });
        }
    }

    private State Look(EntityChange change)
    {
        if (IsForeign(change))
        {
            return State.Foreign;
        }

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

        // An edit that was adopted stands in the log as we would write it, and in the file as the person did.
        return StateJson.Read(bytes) is not { } read ? State.Unreadable
            : change.After is not null && HashOf(change.Kind, read) == HashAfter(change) ? State.After
            : hash == change.Before || (_earlier.TryGetValue((change.Kind, change.Id), out var earlier) && earlier.Contains(hash)) ? State.Before
            : State.Edited;
    }

    private bool IsForeign(EntityChange change) => change.Kind == EntityKind.Task
        ? store.TaskFiles.Find(change.Id)?.Problem is not null
        : !store.IndexFile.Kind.IsOurs() || store.IndexFile.NewerVersion is not null;

    private byte[]? BytesOf(EntityChange change) => change.Kind == EntityKind.Task
        ? store.TaskFiles.Find(change.Id)?.Bytes.ToArray()
        : (store.IndexFile.IsReadable() ? store.IndexFile.Entries() : []).FirstOrDefault(e => e.Id == change.Id)?.Bytes.ToArray();

    private static string HashAfter(EntityChange change) => HashOf(change.Kind, change.After!);

    private static string HashOf(EntityKind kind, JsonObject image) =>
        kind == EntityKind.Task ? StateJson.Hash(StateJson.File(image)) : StateJson.Hash(image);

    private void Redo(EntityChange change)
    {
        if (change.Kind == EntityKind.Worktree)
        {
            Write(store.Layout.Index, store.IndexFile.With(new Dictionary<int, JsonObject?> { [change.Id] = change.After }));
            return;
        }

        Write(store.Layout.Task(change.Id), StateJson.File(change.After!));
        store.TaskFiles.Find(change.Id);
    }

    private void Write(string target, byte[] bytes)
    {
        var temporary = StateChange.TemporaryOf(target);
        store.Disk.WriteTemporary(temporary, bytes);
        store.Disk.Replace(temporary, target);
    }

    private void SetIndexAside()
    {
        var path = store.Layout.Index;
        if (store.IndexFile.IsTooLarge)
        {
            TellSetAside(path, Quarantine.Move(store.Layout, store.Disk, path, store.Time.GetUtcNow().UtcDateTime));
        }
        else
        {
            SetAside(path, store.IndexFile.Bytes());
        }
    }

    private void SetAside(string path, byte[] bytes) => TellSetAside(path, Quarantine.Keep(store.Layout, store.Disk, Path.GetFileName(path), bytes));

    private void TellSetAside(string path, string copy)
    {
        _repairs.Add(new JsonObject
        {
            ["event"] = "board.repaired",
            ["file"] = Path.GetRelativePath(store.Layout.Root, path),
            ["set_aside"] = Path.GetFileName(copy),
            ["by"] = Name,
        });
    }

    private void SweepLeftovers()
    {
        if (HasLeftovers)
        {
            foreach (var path in store.TaskFiles.Temporaries().Append(StateChange.TemporaryOf(store.Layout.Index)).Append(StateChange.TemporaryOf(store.Layout.OperationLog)))
            {
                store.Disk.Delete(path);
            }

            HasLeftovers = false;
        }
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
        Foreign,
    }
}

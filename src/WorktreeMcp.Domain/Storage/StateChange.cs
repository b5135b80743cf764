using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// A change in the making, with the lock in hand. Invariants:
/// - nothing is visible before <see cref="Commit"/>; all of it is afterwards, together with its events;
/// - the line in the operation log is the commit point: what fails before it leaves everything as it was, what fails
///   after it is finished by the next call and only warned about;
/// - it may commit more than once under one lock (an intent, then the outcome), each on top of all the one before promised;
/// - what is read meanwhile is read here: the store's own reads may wait for the lock, and nobody else would free it.
/// </summary>
public sealed class StateChange : IDisposable
{
    private const int MostSweeps = 5;

    private const int MostEdits = 100;

    private readonly StateStore _store;
    private readonly HeldLock _lock;
    private readonly Dictionary<int, JsonObject> _tasks = [];
    private readonly Dictionary<int, JsonObject?> _worktrees = [];
    private readonly List<JsonObject> _events = [];
    private Counters _next;
    private double? _now;
    private bool _behind;

    internal StateChange(StateStore store, HeldLock held, string by, Counters next) =>
        (_store, _lock, By, _next) = (store, held, by, next);

    /// <summary>Who makes the change.</summary>
    public string By { get; }

    /// <summary>The time of what is staged, in unix seconds: one for all of it.</summary>
    public double Now => _now ??= StateJson.Seconds(_store.Time.GetUtcNow());

    /// <summary>This instant, also on the clock that nobody can set.</summary>
    internal TwoClocks Moment => _store.Moment;

    /// <summary>What a git child that writes must inherit, so that the lock outlives a killed server.</summary>
    public SafeHandle Descriptor => _lock.Descriptor;

    /// <summary>One task as it is now, or null.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The file's content.</returns>
    public StoredTask? Task(int id) => _store.FindTask(id);

    /// <summary>All tasks as they are now, in no order.</summary>
    /// <returns>The files' contents.</returns>
    public IReadOnlyList<StoredTask> Tasks()
    {
        var tasks = _store.TaskFiles.All();
        if (_store.Folders.Exist && !_store.TaskFiles.HasVanished)
        {
            return tasks;
        }

        try
        {
            _store.RestoreSwept();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw NotWritten.Of(fault, _store.Layout);
        }

        return _store.TaskFiles.All();
    }

    /// <summary>All entries of the registry as they are now.</summary>
    /// <returns>The entries, by number.</returns>
    public IReadOnlyList<StoredWorktree> Worktrees() => _store.IndexFile.Entries();

    /// <summary>Takes the next free task number.</summary>
    /// <returns>A number that no task ever had.</returns>
    public int NewTaskId()
    {
        var id = _store.TaskFiles.FreeFrom(_next.Task);
        _next = _next with { Task = id + 1 };
        return id;
    }

    /// <summary>Takes the next free worktree number.</summary>
    /// <returns>A number that no worktree ever had.</returns>
    public int NewWorktreeId()
    {
        var taken = Worktrees().Select(e => e.Id).ToHashSet();
        var highest = Math.Max(_next.Worktree - 1, taken.DefaultIfEmpty(0).Max());
        var id = highest < TaskFiles.HighestPossibleId ? highest + 1 : IndexFile.FreeAfter(_next.Worktree - 1, taken);
        _next = _next with { Worktree = id + 1 };
        return id;
    }

    /// <summary>The images that an earlier call with this request id made; null when there was none in 24 hours.</summary>
    /// <param name="requestId">The caller's id, or null.</param>
    /// <param name="kind">The kind of the operation that is asked for.</param>
    /// <returns>The images after that operation, task or worktree, each with its number.</returns>
    public IReadOnlyList<JsonObject>? AnswerOf(string? requestId, string kind)
    {
        if (requestId is null || _store.FindRequest(requestId) is not { } operation)
        {
            return null;
        }

        return operation.Kind == kind
            ? [.. operation.Changes.Select(change => change.After!)]
            : throw new Refusal(
                RefusalCode.InvalidArgument,
                $"request_id \"{requestId}\" was used for {operation.Kind} before.",
                "Use a new request_id for each different call.");
    }

    /// <summary>Stages a task's new image.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="image">The whole file.</param>
    public void PutTask(int id, JsonObject image) => _tasks[id] = image;

    /// <summary>Stages an entry of the registry; null takes it out.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="image">The whole entry.</param>
    public void PutWorktree(int id, JsonObject? image) => _worktrees[id] = image;

    /// <summary>Stages an event; its time, number and author are filled in.</summary>
    /// <param name="lifecycleEvent">Name, task, worktree and what else belongs to it.</param>
    public void Emit(JsonObject lifecycleEvent) => _events.Add(lifecycleEvent);

    /// <summary>Makes everything staged happen, as one operation.</summary>
    /// <param name="kind">What it is, for the log.</param>
    /// <param name="requestId">The caller's id, so that a repetition does nothing.</param>
    /// <returns>Null, or a warning: it has happened, but the next call must finish writing it. After a refusal nothing is staged any more.</returns>
    public string? Commit(string kind, string? requestId = null)
    {
        if (_tasks.Count == 0 && _worktrees.Count == 0 && _events.Count == 0 && requestId is null)
        {
            return null;
        }

        var temporaries = new List<(string Temporary, string Target)>();
        Operation operation;
        try
        {
            RefuseNewer();
            FinishBefore();
            operation = Stage(kind, requestId, temporaries);
            _store.Events.EnsureWritable();
            _store.Log.Append(operation);
        }
        catch (Exception fault)
        {
            Discard(temporaries);
            Unstage();
            throw fault is IOException or UnauthorizedAccessException ? NotWritten.Of(fault, _store.Layout) : fault;
        }

        _next = operation.Next;
        Unstage();
        return Apply(operation, temporaries);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.LetGo();
        _lock.Dispose();
    }

    /// <summary>
    /// Records what hands have written into tasks' files since: each with its event and a revision of its own, so that whoever acts on an older one is
    /// refused. Only while nothing is staged: what is staged was made of files as they were read.
    /// </summary>
    /// <returns>Whether there was any.</returns>
    internal bool TakeEdits()
    {
        if (_tasks.Count > 0 || _worktrees.Count > 0 || _events.Count > 0 || _store.Edits.Find(Now) is not { Count: > 0 } edits)
        {
            return false;
        }

        foreach (var some in edits.Chunk(MostEdits))
        {
            foreach (var edit in some)
            {
                PutTask(edit.File.Id, edit.Image);
                Emit(edit.Event);
            }

            Commit(Recovery.Hand);
        }

        return true;
    }

    /// <summary>Records what recovery found: entries edited by hand, which stay as they are, and what it repaired.</summary>
    internal void Adopt(RecoveryFindings found)
    {
        _events.AddRange(found.Repairs);
        foreach (var edit in found.Edits)
        {
            Emit(new JsonObject
            {
                ["event"] = "worktree.reconciled",
                ["worktree"] = new JsonObject { ["name"] = edit.After!["name"]?.DeepClone(), ["status"] = edit.After["status"]?.DeepClone() },
                ["by"] = Recovery.Hand,
            });
        }

        var kind = found.Edits.Count > 0 ? Recovery.Hand : Recovery.Name;
        var operation = Describe(kind, null) with { Changes = found.Edits, By = kind };
        _store.Log.Append(operation);
        _next = operation.Next;
        _events.Clear();
        _store.AppendEvents(operation);
        _store.MarkApplied();
    }

    /// <summary>Refuses a change of worktrees before anything is done, if a newer version has written the registry.</summary>
    internal void RequireWritableRegistry() => _store.IndexFile.RefuseNewer();

    // What is written begins with what was read, so it still says in which version that was.
    private void RefuseNewer()
    {
        foreach (var (id, image) in _tasks)
        {
            if (FormatVersion.NewerThanKnown(image) is { } version)
            {
                throw FormatVersion.RefusalOf(_store.Layout.Task(id), version);
            }
        }

        if (_worktrees.Count > 0)
        {
            RequireWritableRegistry();
        }
    }

    // Recovery looks at the last operation only: none may follow one whose files or events are not there.
    private void FinishBefore()
    {
        if (_behind)
        {
            _store.FinishLast();
            _behind = false;
        }
    }

    private void Unstage()
    {
        _tasks.Clear();
        _worktrees.Clear();
        _events.Clear();
        _now = null;
    }

    // A git clean may take the folders away at any moment; what else it took comes back first.
    private Operation Stage(string kind, string? requestId, List<(string Temporary, string Target)> temporaries)
    {
        for (var sweeps = 0; ; sweeps++)
        {
            try
            {
                if (sweeps > 0)
                {
                    _store.RestoreSwept();
                }

                var operation = Describe(kind, requestId);
                WriteTemporaries(temporaries);
                return operation;
            }
            catch (DirectoryNotFoundException) when (sweeps < MostSweeps)
            {
                // It may still be at it, faster than we write.
                temporaries.Clear();
            }
        }
    }

    private Operation Describe(string kind, string? requestId)
    {
        var now = Now;
        var seq = _next.Seq;
        foreach (var lifecycleEvent in _events)
        {
            lifecycleEvent["ts"] = now;
            lifecycleEvent["seq"] = seq++;
            lifecycleEvent["by"] ??= By;
        }

        var entries = _worktrees.Count == 0 ? [] : Worktrees().ToDictionary(e => e.Id);
        var changes = _worktrees
            .Select(w => new EntityChange(EntityKind.Worktree, w.Key, entries.TryGetValue(w.Key, out var entry) ? StateJson.Hash(entry.Bytes.Span) : null, w.Value))
            .Concat(_tasks.Select(t => new EntityChange(EntityKind.Task, t.Key, Task(t.Key) is { } file ? StateJson.Hash(file.Bytes.Span) : null, t.Value)));
        var next = _next with { Operation = _next.Operation + 1, Seq = seq };
        return kind == Recovery.Hand
            ? new Operation(_next.Operation, now, kind, kind, null, Machine.BootId, [.. changes.Select(change => change with { ByHand = true })], [.. _events], next)
            : new Operation(_next.Operation, now, By, kind, requestId, Machine.BootId, [.. changes], [.. _events], next);
    }

    private void WriteTemporaries(List<(string Temporary, string Target)> temporaries)
    {
        foreach (var (id, image) in _tasks)
        {
            Write(_store.Layout.Task(id), StateJson.File(image));
        }

        if (_worktrees.Count > 0)
        {
            Write(_store.Layout.Index, _store.IndexFile.With(_worktrees));
        }

        void Write(string target, byte[] bytes)
        {
            _store.RefuseForeign(target);
            var temporary = TemporaryOf(target);
            temporaries.Add((temporary, target));
            _store.Disk.WriteTemporary(temporary, bytes);
        }
    }

    private string? Apply(Operation operation, List<(string Temporary, string Target)> temporaries)
    {
        try
        {
            foreach (var (temporary, target) in temporaries)
            {
                _store.Edits.PutInPlace(operation, temporary, target);
            }


            _store.AppendEvents(operation);
            foreach (var change in operation.Changes.Where(c => c.Kind == EntityKind.Task))
            {
                _store.TaskFiles.Find(change.Id);
            }

            _store.Rotation.RunIfDue(operation);
            _store.MarkApplied();
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _store.MarkBehind();
            _behind = true;
            return $"Done and recorded in the operation log, but not every file could be written ({fault.Message}); the next call, even one that only reads, finishes it.";
        }
    }

    private void Discard(List<(string Temporary, string Target)> temporaries)
    {
        foreach (var (temporary, _) in temporaries)
        {
            try
            {
                _store.Disk.Delete(temporary);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // A leftover is unlinked by the next change of the same file.
            }
        }
    }

    /// <summary>The one name that a temporary of this target has: a leftover is replaced, never gathered.</summary>
    internal static string TemporaryOf(string target) => Path.Join(Path.GetDirectoryName(target), $".{Path.GetFileName(target)}.tmp");
}

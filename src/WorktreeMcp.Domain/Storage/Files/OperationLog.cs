using System.IO.Abstractions;
using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// The write-ahead log. Invariants:
/// - an operation has happened when its line is whole and synced, and not before;
/// - it is written and repaired under the lock only;
/// - a line that could not be made durable is cut off again; if that fails too, nothing more is written by this process;
/// - nothing is appended to a log whose name this process has not seen on the disk: a rotation may have died before.
/// </summary>
internal sealed class OperationLog(StateLayout layout, IFileSystem files, IDisk disk, bool durable)
{
    // Number and time of the first operation, and more.
    private const int HeadLength = 64;

    private readonly LineFile _lines = new(layout.OperationLog, layout, files, disk, FileLimits.OperationLine);
    private bool _outcomeUnknown;
    private string? _durableName;
    private LogMark _firstLine = new(string.Empty, 0);
    private NewerAt? _newerAt;
    private Numbered? _numbered;

    /// <summary>Length in bytes.</summary>
    internal long Length => _lines.Length;

    /// <summary>Length of the first line; it may be a long one, so it is looked for once in each log.</summary>
    internal long FirstLineLength()
    {
        var first = Mark().First;
        if (_firstLine.First != first)
        {
            _firstLine = new LogMark(first, _lines.LineAt(1));
        }

        return _firstLine.Length;
    }

    /// <summary>How far the log goes; another mark than remembered means that somebody has committed.</summary>
    internal LogMark Mark()
    {
        var (length, head) = _lines.Head(HeadLength);
        return new LogMark(Encoding.Latin1.GetString(head), length);
    }

    /// <summary>The newest whole operation, or null for an empty log; damaged lines behind it are skipped.</summary>
    internal Operation? Last() => Backward().FirstOrDefault();

    /// <summary>How far it goes, and the number of the newest event in it; found out once for each length.</summary>
    internal (LogMark Log, long Seq) Newest()
    {
        var mark = Mark();
        if (_numbered is not { } known || known.Log != mark)
        {
            _numbered = known = new Numbered(mark, (Last()?.Next.Seq ?? 1) - 1);
        }

        return (known.Log, known.Seq);
    }

    /// <summary>Operations from the newest to the oldest.</summary>
    internal IEnumerable<Operation> Backward() =>
        _lines.Backward().Select(line => Operation.From(line.Line)).OfType<Operation>();

    /// <summary>The newest image of each entity, the newest first.</summary>
    internal List<EntityChange> NewestImages()
    {
        var seen = new HashSet<(EntityKind, int)>();
        return [.. Backward().SelectMany(o => o.Changes.Reverse()).Where(c => seen.Add((c.Kind, c.Id)))];
    }

    /// <summary>The numbers of all tasks that there are.</summary>
    internal IEnumerable<int> TaskIds() => NewestImages().Where(change => change is { Kind: EntityKind.Task, After: not null }).Select(change => change.Id);

    /// <summary>The newest image of one task, or null.</summary>
    internal JsonObject? NewestTask(int id)
    {
        var needle = Encoding.UTF8.GetBytes($"{{\"task\":{id},");
        return _lines.Backward().Where(line => line.Line.AsSpan().IndexOf(needle) >= 0).Select(line => Operation.From(line.Line)).OfType<Operation>()
            .SelectMany(o => o.Changes.Reverse()).FirstOrDefault(c => c.Kind == EntityKind.Task && c.Id == id)?.After;
    }

    /// <summary>What was written of one worktree, the newest first.</summary>
    internal IEnumerable<EntityChange> OfWorktree(int id)
    {
        var needle = Encoding.UTF8.GetBytes($"{{\"worktree\":{id},");
        return _lines.Backward().Where(line => line.Line.AsSpan().IndexOf(needle) >= 0).Select(line => Operation.From(line.Line)).OfType<Operation>()
            .SelectMany(o => o.Changes.Reverse()).Where(c => c.Kind == EntityKind.Worktree && c.Id == id);
    }

    /// <summary>The newest that was written of one worktree; null when the log does not know it.</summary>
    internal EntityChange? NewestWorktree(int id) => OfWorktree(id).FirstOrDefault();

    /// <summary>What changes of ours wrote of one worktree, the newest first: what a hand wrote is left out.</summary>
    internal IEnumerable<EntityChange> OwnChanges(int id) => OfWorktree(id).Where(change => !change.ByHand);

    /// <summary>What was newest of every worktree that changes of ours wrote.</summary>
    internal List<EntityChange> NewestOwnWorktrees()
    {
        var seen = new HashSet<int>();
        return [.. Backward().SelectMany(o => o.Changes.Reverse()).Where(c => c is { Kind: EntityKind.Worktree, ByHand: false } && seen.Add(c.Id))];
    }

    /// <summary>The operations appended since the log had this length.</summary>
    internal IEnumerable<Operation> Since(long length) =>
        _lines.Forward(length).Select(line => Operation.From(line.Line)).OfType<Operation>();

    /// <summary>The operation that a request id has already made, if it is not older than a given time.</summary>
    internal Operation? FindRequest(string requestId, double notBefore)
    {
        var needle = Encoding.UTF8.GetBytes($"\"request_id\":{StateText.Quote(requestId)}");
        foreach (var (_, line) in _lines.Backward())
        {
            if (line.AsSpan().IndexOf(needle) >= 0
                && Operation.From(line) is { } operation
                && operation.Requests.Append(operation).FirstOrDefault(o => o.RequestId == requestId) is { } found)
            {
                return found.At >= notBefore ? found : null;
            }
        }

        return null;
    }

    /// <summary>What a newer version of this program wrote at the end of it, in words; null when there is nothing of the kind.</summary>
    internal string? Newer()
    {
        // Asked by every list, so it is found out once for each length.
        var mark = Mark();
        if (_newerAt is not { } known || known.Log != mark)
        {
            _newerAt = known = new NewerAt(mark, FindNewer());
        }

        return known.Words;
    }

    private string? FindNewer() =>
        _lines.Backward().TakeWhile(line => Operation.From(line.Line) is null).Select(line => Operation.NewerWords(line.Line)).FirstOrDefault(words => words is not null);

    /// <summary>Refuses to go on with a log that a newer version has written: what it says cannot be known, so nothing may follow it.</summary>
    internal void RefuseNewer()
    {
        if (Newer() is { } words)
        {
            throw FormatVersion.RefusalBecause(layout.OperationLog, words);
        }
    }

    /// <summary>Cuts what a kill left at the end: a torn line, or whole lines that are not operations.</summary>
    internal void Repair()
    {
        RefuseNewer();
        _lines.CutTorn();
        var bad = _lines.Backward().TakeWhile(line => Operation.From(line.Line) is null).Select(line => line.Offset).LastOrDefault(-1);
        if (bad >= 0)
        {
            _lines.CutFrom(bad);
        }
    }

    /// <summary>Makes what another process appended durable before anything is built on it.</summary>
    internal void Sync()
    {
        if (durable && Length > 0)
        {
            _lines.Sync();
            SyncName();
        }
    }

    /// <summary>Whether an operation is not too long to be read again.</summary>
    internal static bool MayHold(Operation operation) => StateJson.Line(operation.ToJson()).Length <= FileLimits.OperationLine;

    /// <summary>Puts another log in this one's place, whole or not at all; the caller has made durable what the old one would redo.</summary>
    internal void Replace(IEnumerable<Operation> operations)
    {
        var temporary = StateChange.TemporaryOf(layout.OperationLog);
        disk.WriteTemporary(temporary, operations.SelectMany(o => StateJson.Line(o.ToJson())).ToArray());
        if (durable)
        {
            disk.Sync(temporary);
        }

        disk.Replace(temporary, layout.OperationLog);
        if (durable)
        {
            SyncName();
        }
    }

    /// <summary>Commits one operation; on failure the log is as before, or all further writing is refused.</summary>
    internal void Append(Operation operation)
    {
        if (_outcomeUnknown)
        {
            throw OutcomeUnknown(null);
        }

        var before = Length;
        try
        {
            if (before > 0 && durable)
            {
                SyncName();
            }

            _lines.Append(StateJson.Line(operation.ToJson()), durable);
            if (before == 0 && durable)
            {
                SyncName();
                disk.SyncFolder(layout.CommonDirectory);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            TakeBack(before, fault);
            throw;
        }
    }

    // What is synced into a file is lost all the same if its name is not: once for each log in a process.
    private void SyncName()
    {
        var name = Mark().First;
        if (name != _durableName)
        {
            disk.SyncFolder(layout.Private);
            _durableName = name;
        }
    }

    private void TakeBack(long length, Exception cause)
    {
        try
        {
            if (Length > length)
            {
                _lines.Truncate(length, durable);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _outcomeUnknown = true;
            throw OutcomeUnknown(new AggregateException(cause, fault));
        }
    }

    private Refusal OutcomeUnknown(Exception? cause) => new(
        RefusalCode.Internal,
        $"The operation log {layout.OperationLog} could be neither written nor cut back{(cause is null ? string.Empty : $": {cause.Message}")}. Whether the last change is durable is unknown, so this server refuses further changes.",
        "Check the disk, then restart the server: it reads the log anew.",
        inner: cause);

    private sealed record NewerAt(LogMark Log, string? Words);

    private sealed record Numbered(LogMark Log, long Seq);
}

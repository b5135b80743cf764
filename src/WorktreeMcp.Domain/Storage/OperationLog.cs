using System.IO.Abstractions;
using System.Text;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// The write-ahead log. Invariants:
/// - an operation has happened when its line is whole and synced, and not before;
/// - it is written and repaired under the lock only;
/// - a line that could not be made durable is cut off again; if that fails too, nothing more is written by this process.
/// </summary>
internal sealed class OperationLog(StateLayout layout, IFileSystem files, IDurableFiles disk, bool durable)
{
    private readonly LineFile _lines = new(layout.OperationLog, layout, files, disk);
    private bool _outcomeUnknown;

    /// <summary>Length in bytes; another length than remembered means that somebody has committed.</summary>
    internal long Length => _lines.Length;

    /// <summary>The newest whole operation, or null for an empty log; damaged lines behind it are skipped.</summary>
    internal Operation? Last() => Backward().FirstOrDefault();

    /// <summary>Operations from the newest to the oldest.</summary>
    internal IEnumerable<Operation> Backward() =>
        _lines.Backward().Select(line => Operation.From(line.Line)).OfType<Operation>();

    /// <summary>The operations appended since the log had this length.</summary>
    internal IEnumerable<Operation> Since(long length) =>
        _lines.Forward(length).Select(line => Operation.From(line.Line)).OfType<Operation>();

    /// <summary>The operation that a request id has already made, if it is not older than a given time.</summary>
    internal Operation? FindRequest(string requestId, double notBefore)
    {
        var needle = Encoding.UTF8.GetBytes($"\"request_id\":{StateText.Quote(requestId)}");
        foreach (var (_, line) in _lines.Backward())
        {
            if (line.AsSpan().IndexOf(needle) >= 0 && Operation.From(line) is { } found && found.RequestId == requestId)
            {
                return found.At >= notBefore ? found : null;
            }
        }

        return null;
    }

    /// <summary>Cuts what a kill left at the end: a torn line, or whole lines that are not operations.</summary>
    internal void Repair()
    {
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
            _lines.Append(StateJson.Line(operation.ToJson()), durable);
            if (before == 0 && durable)
            {
                disk.SyncFolder(layout.Private);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            TakeBack(before, fault);
            throw;
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
}

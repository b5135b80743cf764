using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>Which events are wanted.</summary>
/// <param name="Limit">How many at most.</param>
/// <param name="SinceSeq">Only events numbered higher; then the oldest of them come first in line.</param>
/// <param name="TaskId">Only events of this task.</param>
/// <param name="Worktree">Only events of this worktree.</param>
/// <param name="MaxBytes">How much of the log may be read; null for all of it.</param>
public sealed record EventQuery(int Limit, long? SinceSeq = null, int? TaskId = null, string? Worktree = null, long? MaxBytes = null);

/// <summary>Events, oldest first.</summary>
/// <param name="Events">Each as it stands in the log.</param>
/// <param name="More">Whether more events match than are shown.</param>
public sealed record EventPage(IReadOnlyList<JsonElement> Events, bool More)
{
    /// <summary>The number of the newest event shown, or null when none has one.</summary>
    public long? LastSeq => Events.Count > 0 && EventLog.SeqOf(Events[^1]) is > 0 and var seq ? seq : null;
}

/// <summary>
/// The audit log: read from its end, appended under the lock, never used to decide anything. The operation log holds the newest
/// events once more; those it lets go at a rotation are kept in a second file, where no git clean comes.
/// </summary>
public sealed class EventLog
{
    private const int MostAtOnce = 1024 * 1024;
    private const int Tail = 100;

    // No event of ours has such a number; after one that somebody wrote by hand none would be left.
    private const long MostEvents = 1L << 52;

    private readonly LineFile _lines;
    private readonly LineFile _kept;

    internal EventLog(StateLayout layout, IFileSystem files, IDisk disk)
    {
        _lines = new LineFile(layout.Events, layout, files, disk, FileLimits.EventLine, isOptional: true);
        _kept = new LineFile(layout.KeptEvents, layout, files, disk, FileLimits.EventLine, isOptional: true);
    }

    /// <summary>Reads events without the lock and without reading the whole log.</summary>
    /// <param name="query">Which events.</param>
    /// <returns>At most <c>Limit</c> events, oldest first.</returns>
    public EventPage Read(EventQuery query) => query.SinceSeq is { } since ? After(since, query) : Newest(query);

    /// <summary>Whether there is nothing in it, or no file at all.</summary>
    internal bool IsEmpty => _lines.Length == 0;

    /// <summary>The number of the newest event; 0 when there is none.</summary>
    internal long LastSeq() => LastSeq(_lines);

    /// <summary>Events with a higher number, oldest first, read from the end on: the cost is that of what is new.</summary>
    /// <param name="seq">The number.</param>
    /// <param name="last">No event of ours has a higher number than this.</param>
    /// <param name="most">How many at most; of more the newest.</param>
    internal IReadOnlyList<JsonElement> Newer(long seq, long last, int most)
    {
        List<JsonElement> found = [];
        foreach (var (_, line) in _lines.Backward().TakeWhile(_ => found.Count < most))
        {
            if (Parse(line) is not { } element || SeqOf(element) is var number && (number <= 0 || number > last))
            {
                continue;
            }

            if (number <= seq)
            {
                break;
            }

            found.Add(element);
        }

        found.Reverse();
        return found;
    }

    /// <summary>Whether all of these events are there, or something that is not ours is in their place: then no reader can bring them back.</summary>
    internal bool HoldsAll(IReadOnlyList<JsonObject> events) => Missing(events).Count == 0 || _lines.IsForeign;

    /// <summary>
    /// Appends events; the caller holds the lock. A person's git clean may take the log away at any moment, and a log that
    /// begins in the middle would hide that: only whoever appends all there is may make the file.
    /// </summary>
    /// <param name="events">The events.</param>
    /// <param name="create">Whether these are all there is.</param>
    /// <returns>False if the log was taken away meanwhile.</returns>
    internal bool TryAppend(IReadOnlyCollection<JsonObject> events, bool create)
    {
        return TryWrite([.. events.SelectMany(StateJson.Line)], create);
    }

    /// <summary>Appends the events that are not there yet, after a kill; as <see cref="TryAppend"/>.</summary>
    internal bool TryAppendMissing(IReadOnlyList<JsonObject> events, bool create) => TryAppend(Missing(events), create);

    /// <summary>Appends all events that are not there yet, first those that were kept, then those of the operation log.</summary>
    /// <param name="ofLog">The operation log's events from a number on, oldest first.</param>
    /// <returns>False if the log was taken away meanwhile.</returns>
    internal bool TryComplete(Func<long, IReadOnlyList<JsonObject>> ofLog)
    {
        // Not the newest alone: a line added by hand may have any number, and nothing may come twice because of it.
        var create = IsEmpty;
        var last = Numbers(_lines).Take(Tail).DefaultIfEmpty(0).Max();
        foreach (var lines in Kept(last))
        {
            if (!TryWrite(lines, create))
            {
                return false;
            }

            create = false;
        }

        return TryAppend(Missing(ofLog(last)), create);
    }

    /// <summary>Keeps events that the operation log is about to let go; those kept before are left out.</summary>
    /// <param name="events">The events, oldest first.</param>
    /// <param name="sync">Whether they have to be durable.</param>
    internal void Archive(IEnumerable<JsonObject> events, bool sync)
    {
        _kept.CutTorn();
        var last = LastSeq(_kept);
        _kept.Append(events.Where(e => (long)e["seq"]! > last).SelectMany(StateJson.Line).ToArray(), sync);
    }

    /// <summary>Cuts a torn last line off into quarantine; the caller holds the lock.</summary>
    internal void CutTorn() => _lines.CutTorn();

    /// <summary>Makes all events durable that are there.</summary>
    internal void Sync() => _lines.Sync();

    /// <summary>Fails early, before the commit point, if the log cannot be written.</summary>
    internal void EnsureWritable() => _lines.Append([], sync: false);

    private IEnumerable<List<byte>> Kept(long after)
    {
        var lines = new List<byte>();
        foreach (var (_, line) in _kept.Forward(StartAfter(_kept, after)))
        {
            if (Parse(line) is not { } element || SeqOf(element) <= after)
            {
                continue;
            }

            lines.AddRange(line);
            lines.Add((byte)'\n');
            if (lines.Count >= MostAtOnce)
            {
                yield return lines;
                lines.Clear();
            }
        }

        if (lines.Count > 0)
        {
            yield return lines;
        }
    }

    private bool TryWrite(List<byte> lines, bool create)
    {
        if (lines.Count == 0)
        {
            return true;
        }

        try
        {
            _lines.CutTorn();
            _lines.Append(CollectionsMarshal.AsSpan(lines), sync: false, create);
        }
        catch (FileNotFoundException)
        {
            return false;
        }

        return !IsEmpty;
    }

    private static long LastSeq(LineFile lines) => Numbers(lines).FirstOrDefault();

    // From the newest on. Other tools append events without a number.
    private static IEnumerable<long> Numbers(LineFile lines) => lines.Backward().Select(line => Parse(line.Line) is { } element ? SeqOf(element) : 0).Where(seq => seq > 0);

    // Looked for one by one: a line added by hand may have any number.
    private List<JsonObject> Missing(IReadOnlyList<JsonObject> events)
    {
        var missing = events.ToDictionary(e => (long)e["seq"]!);
        var first = missing.Keys.DefaultIfEmpty(0).Min();
        foreach (var (_, line) in missing.Count == 0 ? [] : _lines.Backward())
        {
            if (Parse(line) is not { } element || SeqOf(element) is var seq && seq <= 0)
            {
                continue;
            }

            missing.Remove(seq);
            if (seq < first || missing.Count == 0)
            {
                break;
            }
        }

        return [.. missing.Values];
    }

    private EventPage Newest(EventQuery query)
    {
        var found = new List<JsonElement>();
        var end = _lines.Length;
        foreach (var (offset, line) in _lines.Backward())
        {
            if (query.MaxBytes is { } most && end - offset > most)
            {
                break;
            }

            if (Matches(line, query) is { } element)
            {
                if (found.Count == query.Limit)
                {
                    found.Reverse();
                    return new EventPage(found, More: true);
                }

                found.Add(element);
            }
        }

        found.Reverse();
        return new EventPage(found, More: false);
    }

    private EventPage After(long since, EventQuery query)
    {
        var found = new List<JsonElement>();
        foreach (var (_, line) in _lines.Forward(StartAfter(_lines, since)))
        {
            if (Matches(line, query) is { } element && SeqOf(element) > since)
            {
                if (found.Count == query.Limit)
                {
                    return new EventPage(found, More: true);
                }

                found.Add(element);
            }
        }

        return new EventPage(found, More: false);
    }

    // Event numbers grow along the file, so the place is found by halving.
    private static long StartAfter(LineFile lines, long since)
    {
        long low = 0;
        var high = lines.Length;
        while (high - low > 64 * 1024)
        {
            var middle = lines.LineAt(low + ((high - low) / 2));
            var seq = lines.Forward(middle).Select(line => Parse(line.Line) is { } e ? SeqOf(e) : 0).FirstOrDefault(found => found > 0, long.MaxValue);
            if (middle >= high || seq > since)
            {
                high = low + ((high - low) / 2);
            }
            else
            {
                low = middle;
            }
        }

        return low;
    }

    private static JsonElement? Matches(byte[] line, EventQuery query)
    {
        // A cheap look at the bytes first: most lines of a long log are about other tasks.
        if ((query.Worktree is { } name && line.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) < 0)
            || (query.TaskId is { } id && line.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"{id}")) < 0)
            || Parse(line) is not { } element)
        {
            return null;
        }

        return (query.TaskId is null || (Member(element, "task", "id", "task_id") is { ValueKind: JsonValueKind.Number } task && task.TryGetInt32(out var number) && number == query.TaskId))
            && (query.Worktree is null || (Member(element, "worktree", "name", "worktree") is { ValueKind: JsonValueKind.String } worktree && worktree.GetString() == query.Worktree))
            ? element
            : null;
    }

    // Flat events of the public teaching version name task and worktree directly.
    private static JsonElement? Member(JsonElement element, string of, string name, string flat) =>
        element.TryGetProperty(of, out var inner) && inner.ValueKind == JsonValueKind.Object && inner.TryGetProperty(name, out var value) ? value
        : element.TryGetProperty(flat, out var direct) ? direct
        : null;

    internal static long SeqOf(JsonElement element) =>
        element.TryGetProperty("seq", out var seq) && seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var number) && number < MostEvents ? number : 0;

    private static JsonElement? Parse(byte[] line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

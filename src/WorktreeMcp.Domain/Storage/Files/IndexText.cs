using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>One entry as it stands in the registry's file.</summary>
/// <param name="Text">Its bytes there.</param>
/// <param name="WrittenId">The number that it says, or 0.</param>
/// <param name="Stored">What it is, with the number that it has.</param>
internal sealed record IndexEntry(ReadOnlyMemory<byte> Text, int WrittenId, StoredWorktree Stored);

/// <summary>
/// The text of the registry's file, cut at its entries. What was removed stays in the file until the trash is emptied, so most of it is the same
/// from one change to the next: an entry whose bytes are known is neither read nor written anew.
/// </summary>
internal sealed class IndexText
{
    private const string List = "worktrees";
    private const string Indent = "\n    ";
    private static readonly byte[] EmptyList = "\n  \"worktrees\": []"u8.ToArray();

    private IndexText(byte[] bytes, JsonObject frame, IReadOnlyList<IndexEntry> entries, IReadOnlyList<JsonNode?> strange) =>
        (Bytes, Frame, Entries, Strange) = (bytes, frame, entries, strange);

    /// <summary>All of it; empty where there is no file.</summary>
    internal byte[] Bytes { get; }

    /// <summary>The outermost object, its list of worktrees empty or not there.</summary>
    internal JsonObject Frame { get; }

    /// <summary>The entries, in the order of the file.</summary>
    internal IReadOnlyList<IndexEntry> Entries { get; }

    // Members of the list that are no objects; nobody knows what they mean, and they stay.
    private IReadOnlyList<JsonNode?> Strange { get; }

    /// <summary>The text of a file that is not there.</summary>
    /// <param name="entries">What it is to hold.</param>
    /// <returns>The parts.</returns>
    internal static IndexText Of(IReadOnlyList<StoredWorktree> entries) =>
        new([], [], [.. entries.Select(entry => new IndexEntry(Shifted(StateJson.Read(entry.Bytes.Span)!), entry.Id, entry))], []);

    /// <summary>Cuts a file.</summary>
    /// <param name="bytes">Its content.</param>
    /// <param name="known">The entries of an earlier cut.</param>
    /// <returns>The parts; null where it is no object that can be written again, or its list of worktrees is none.</returns>
    internal static IndexText? Cut(byte[] bytes, IReadOnlyList<IndexEntry> known)
    {
        var text = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
        if (Find(text) is not { } found || StateJson.Read(found.Frame) is not { } frame)
        {
            return null;
        }

        var isKnown = new Lookup(known);
        var read = new List<(ReadOnlyMemory<byte> Text, int Id, StoredWorktree? Stored, JsonObject? Entry)>(found.Objects.Count);
        foreach (var part in found.Objects)
        {
            if (isKnown.Find(part) is { } same)
            {
                read.Add((part, same.WrittenId, same.Stored, null));
            }
            else if (StateJson.Read(part.Span) is { } entry)
            {
                read.Add((part, IdOf(entry), null, entry));
            }
            else
            {
                return null;
            }
        }

        return Members(found.Others) is { } strange ? new IndexText(bytes, frame, Number(read), strange) : null;
    }

    /// <summary>The text with some entries replaced, added or (null) taken out.</summary>
    /// <param name="changed">The new images.</param>
    /// <returns>The new text, already cut.</returns>
    internal IndexText With(IReadOnlyDictionary<int, JsonObject?> changed)
    {
        var frame = (JsonObject)Frame.DeepClone();
        frame["revision"] = (frame["revision"] is JsonValue revision && revision.TryGetValue(out long number) ? number : 0) + 1;
        frame[List] = new JsonArray();
        var file = StateJson.File(frame);
        var cut = file.AsSpan().IndexOf(EmptyList) + EmptyList.Length - 1;

        List<(ReadOnlyMemory<byte> Text, StoredWorktree? Stored)> parts = [.. Parts(changed)];
        var separators = parts.Count == 0 ? 0 : (parts.Count * (Indent.Length + 1)) - 1 + "\n  ".Length;
        var bytes = new byte[file.Length + separators + parts.Sum(part => part.Text.Length)];
        var entries = new List<IndexEntry>(parts.Count);
        var end = Put(file.AsSpan(0, cut), 0);
        foreach (var (text, stored) in parts)
        {
            var from = Put(end == cut ? "\n    "u8 : ",\n    "u8, end);
            end = Put(text.Span, from);
            if (stored is not null)
            {
                entries.Add(new IndexEntry(bytes.AsMemory(from..end), stored.Id, stored));
            }
        }

        Put(file.AsSpan(cut), parts.Count == 0 ? end : Put("\n  "u8, end));
        return new IndexText(bytes, frame, entries, Strange);

        int Put(ReadOnlySpan<byte> text, int at)
        {
            text.CopyTo(bytes.AsSpan(at));
            return at + text.Length;
        }
    }

    private IEnumerable<(ReadOnlyMemory<byte> Text, StoredWorktree? Stored)> Parts(IReadOnlyDictionary<int, JsonObject?> changed)
    {
        var kept = Entries.Where(entry => !changed.ContainsKey(entry.Stored.Id)).ToDictionary(entry => entry.Stored.Id);
        foreach (var id in kept.Keys.Concat(changed.Where(change => change.Value is not null).Select(change => change.Key)).Order())
        {
            if (kept.TryGetValue(id, out var entry))
            {
                yield return (entry.WrittenId == id ? entry.Text : Shifted(StateJson.Read(entry.Stored.Bytes.Span)!), entry.Stored);
            }
            else
            {
                var text = Shifted(changed[id]!);
                yield return (text, Store(id, StateJson.Read(text.Span)!));
            }
        }

        foreach (var member in Strange)
        {
            yield return (member is null ? "null"u8.ToArray() : Shifted(member), null);
        }
    }

    // A string never holds a line's end as such.
    private static ReadOnlyMemory<byte> Shifted(JsonNode node) =>
        System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(StateJson.File(node)).TrimEnd('\n').Replace("\n", Indent, StringComparison.Ordinal));

    // As members of an object they are held to what our own writing can write again.
    private static List<JsonNode?>? Members(List<ReadOnlyMemory<byte>> others)
    {
        var read = others.ConvertAll(other => StateJson.Read([.. "{\"it\":"u8, .. other.Span, .. "}"u8]));
        return read.Contains(null) ? null : read.ConvertAll(member => member!["it"]?.DeepClone());
    }

    // Entries without a number, or with one that another has, get one by their place.
    private static List<IndexEntry> Number(List<(ReadOnlyMemory<byte> Text, int Id, StoredWorktree? Stored, JsonObject? Entry)> read)
    {
        var highest = read.Select(part => part.Id).DefaultIfEmpty(0).Max();
        var seen = new HashSet<int>();
        var entries = new List<IndexEntry>(read.Count);
        foreach (var (text, written, stored, entry) in read)
        {
            var id = written;
            if (id <= 0 || !seen.Add(id))
            {
                highest = IndexFile.FreeAfter(highest, seen);
                id = highest;
                seen.Add(id);
            }

            entries.Add(stored?.Id == id ? new IndexEntry(text, written, stored) : new IndexEntry(text, written, Store(id, entry ?? StateJson.Read(text.Span)!)));
        }

        return entries;
    }

    private static StoredWorktree Store(int id, JsonObject entry)
    {
        entry["id"] = id;
        return new StoredWorktree(id, StateJson.Line(entry).AsMemory()[..^1]);
    }

    private static int IdOf(JsonObject entry) => entry["id"] is JsonValue value && value.TryGetValue(out int id) && id is > 0 and <= TaskFiles.HighestPossibleId ? id : 0;

    // Where the members of the list lie, and the text without them; null where it is no JSON object, or its list is no list.
    private static (byte[] Frame, List<ReadOnlyMemory<byte>> Objects, List<ReadOnlyMemory<byte>> Others)? Find(ReadOnlyMemory<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { MaxDepth = 64 });
            (int From, int To)? list = null;
            List<ReadOnlyMemory<byte>> objects = [], others = [];
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals(List))
                {
                    continue;
                }

                reader.Read();
                if (list is not null || reader.TokenType != JsonTokenType.StartArray)
                {
                    return null;
                }

                var from = (int)reader.BytesConsumed;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    var (start, members) = ((int)reader.TokenStartIndex, reader.TokenType == JsonTokenType.StartObject ? objects : others);
                    reader.Skip();
                    members.Add(text[start..(int)reader.BytesConsumed]);
                }

                list = (from, (int)reader.TokenStartIndex);
            }

            return list is { } inside ? ([.. text.Span[..inside.From], .. text.Span[inside.To..]], objects, others) : (text.ToArray(), [], []);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Entries keep their order, so each is looked for behind the one that was found before.
    private sealed class Lookup(IReadOnlyList<IndexEntry> known)
    {
        private int _next;

        internal IndexEntry? Find(ReadOnlyMemory<byte> text)
        {
            for (var i = _next; i < known.Count; i++)
            {
                if (known[i].Text.Span.SequenceEqual(text.Span))
                {
                    _next = i + 1;
                    return known[i];
                }
            }

            return null;
        }
    }
}

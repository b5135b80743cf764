using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>A value in a file of settings, and where it stands.</summary>
/// <param name="Key">Its key; a dot stands between a section and the key in it.</param>
/// <param name="Value">Its value.</param>
/// <param name="KeyAt">Offset of its key.</param>
/// <param name="ValueAt">Offset of its value.</param>
internal sealed record SettingsMember(string Key, JsonNode? Value, int KeyAt, int ValueAt);

/// <summary>
/// A file of settings as text: one JSON object in UTF-8, in which comments and a comma after the last member are allowed. All
/// that can be told of it is told: what was read before a fault is kept.
/// </summary>
internal sealed class SettingsText
{
    /// <summary>The one key that is there for editors.</summary>
    private const string Schema = "$schema";

    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 64 };

    private readonly string _source;
    private readonly byte[] _bytes;
    private readonly int _begin;
    private readonly List<SettingProblem> _problems = [];
    private readonly List<SettingsMember> _members = [];
    private readonly List<string> _doubtful = [];
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);

    private SettingsText(string source, byte[] bytes)
    {
        (_source, _bytes) = (source, bytes);
        _begin = bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
    }

    /// <summary>What is set, in the order of the file; nothing that is set twice.</summary>
    internal IReadOnlyList<SettingsMember> Members => _members;

    /// <summary>What cannot be understood.</summary>
    internal IReadOnlyList<SettingProblem> Problems => _problems;

    /// <summary>Keys of which nobody can tell what they are set to.</summary>
    internal IReadOnlyList<string> Doubtful => _doubtful;

    /// <summary>Whether it was read to its end; else it may set anything.</summary>
    internal bool IsWhole { get; private set; }

    /// <summary>Reads it.</summary>
    /// <param name="source">The file, for messages.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="sections">The keys whose members are settings of their own.</param>
    internal static SettingsText Of(string source, byte[] bytes, IReadOnlySet<string> sections)
    {
        var text = new SettingsText(source, bytes);
        if (text.EncodingFault() is { } fault)
        {
            text._problems.Add(fault);
            return text;
        }

        text.ReadAll(sections);
        return text;
    }

    /// <summary>Says what is wrong at an offset.</summary>
    internal SettingProblem At(int offset, string reason)
    {
        var (line, column) = PlaceOf(offset);
        return new SettingProblem(_source, line, column, reason);
    }

    /// <summary>The text itself, as well as it can be read.</summary>
    internal string Raw => (_bytes is [0xFF, 0xFE, ..] ? Encoding.Unicode : _bytes is [0xFE, 0xFF, ..] ? Encoding.BigEndianUnicode : Encoding.UTF8).GetString(_bytes);

    private SettingProblem? EncodingFault()
    {
        var bytes = _bytes.AsSpan();
        if (bytes is [0xFF, 0xFE, 0, 0, ..] or [0, 0, 0xFE, 0xFF, ..])
        {
            return new SettingProblem(_source, null, null, "it is UTF-32; save it as UTF-8");
        }

        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, not 0, ..] or [not 0, 0, ..])
        {
            return new SettingProblem(_source, null, null, "it is UTF-16; save it as UTF-8");
        }

        if (bytes.IndexOf((byte)0) is >= 0 and var nul)
        {
            return At(nul, "there is a NUL byte");
        }

        return Utf8.IsValid(bytes) ? null : At(ValidLength(bytes), "this is not UTF-8; save it as UTF-8");
    }

    private static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        var length = 0;
        while (Rune.DecodeFromUtf8(bytes[length..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
        {
            length += consumed;
        }

        return length;
    }

    private void ReadAll(IReadOnlySet<string> sections)
    {
        var reader = new Utf8JsonReader(_bytes.AsSpan(_begin), Lenient);
        var hasBegun = false;
        try
        {
            hasBegun = reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                _problems.Add(At(Offset(reader), $"it must be one JSON object, but is {Kind(reader.TokenType)}"));
                return;
            }

            ReadMembers(ref reader, string.Empty, sections);
            reader.Read();
            IsWhole = true;
        }
        catch (JsonException fault)
        {
            var at = OffsetOf(fault);
            var isEmpty = !hasBegun && _bytes.AsSpan(_begin).TrimStart(" \t\r\n"u8) is var rest && (rest.IsEmpty || (rest[0] == '/' && at == _bytes.Length));
            _problems.Add(isEmpty ? new SettingProblem(_source, null, null, "it is empty; without any settings it holds {}") : At(at, Words(fault)));
        }
    }

    private void ReadMembers(ref Utf8JsonReader reader, string section, IReadOnlySet<string> sections)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var keyAt = Offset(reader);
            var name = NameOf(ref reader);
            var key = section + name;
            reader.Read();
            var valueAt = Offset(reader);
            if (section.Length == 0 && sections.Contains(key))
            {
                ReadSection(ref reader, key, keyAt, valueAt, sections);
                continue;
            }

            var value = JsonNode.Parse(ref reader);
            if (key != Schema && IsFirst(key, keyAt) && IsText(value, valueAt, key))
            {
                _members.Add(new SettingsMember(key, value, keyAt, valueAt));
            }
        }
    }

    private void ReadSection(ref Utf8JsonReader reader, string key, int keyAt, int valueAt, IReadOnlySet<string> sections)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            _problems.Add(At(valueAt, $"{key} must be a section in braces, but is {Kind(reader.TokenType)}"));
            reader.Skip();
            return;
        }

        IsFirst(key, keyAt);
        ReadMembers(ref reader, $"{key}.", sections);
    }

    private bool IsFirst(string key, int at)
    {
        if (_seen.TryAdd(key, at))
        {
            return true;
        }

        _problems.Add(At(at, $"\"{Shown(key)}\" is set twice, in line {PlaceOf(_seen[key]).Line} too"));
        _members.RemoveAll(member => member.Key == key);
        _doubtful.Add(key);
        return false;
    }

    // Half a surrogate pair, written as an escape, is found by writing it.
    private bool IsText(JsonNode? value, int at, string key)
    {
        try
        {
            _ = value?.ToJsonString();
            return true;
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException)
        {
            _problems.Add(At(at, $"{Shown(key)} holds half a character"));
            _doubtful.Add(key);
            return false;
        }
    }

    private static string NameOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    private int Offset(in Utf8JsonReader reader) => _begin + (int)reader.TokenStartIndex;

    private int OffsetOf(JsonException fault)
    {
        var at = _begin;
        for (var line = fault.LineNumber ?? 0; line > 0 && _bytes.AsSpan(at).IndexOf((byte)'\n') is >= 0 and var end; line--)
        {
            at += end + 1;
        }

        return Math.Min(_bytes.Length, at + (int)(fault.BytePositionInLine ?? 0));
    }

    private (int Line, int Column) PlaceOf(int offset)
    {
        var before = _bytes.AsSpan(_begin, Math.Clamp(offset - _begin, 0, _bytes.Length - _begin));
        return (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1);
    }

    private static string Words(JsonException fault)
    {
        var end = fault.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return Shown(end < 0 ? fault.Message : fault.Message[..end]).TrimEnd('.');
    }

    /// <summary>Words out of a file, cut, and without what a terminal would not show as it is.</summary>
    internal static string Shown(string text)
    {
        const int Most = 200;
        var safe = string.Concat(text.EnumerateRunes().Take(Most).Select(rune => Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.Format ? "\uFFFD" : rune.ToString()));
        return safe.Length < text.Length ? safe + "..." : safe;
    }

    private static string Kind(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };
}

using System.Text;

namespace WorktreeMcp.Domain.Worktrees.Files;

/// <summary>
/// The text of a file, with what its bytes have besides. What callers see and give ends its lines with a newline; the file keeps what it has:
/// bytes that are not replaced stay as they are.
/// </summary>
internal sealed class TextContent
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly string _raw;
    private readonly bool _hasMark;

    // Where in Text the newlines stand that have a carriage return before them in the file.
    private readonly List<int> _returns = [];

    private TextContent(string raw, bool hasMark)
    {
        (_raw, _hasMark) = (raw, hasMark);
        var text = new StringBuilder(raw.Length);
        for (var at = 0; at < raw.Length; at++)
        {
            if (raw[at] == '\r' && at + 1 < raw.Length && raw[at + 1] == '\n')
            {
                _returns.Add(text.Length);
                continue;
            }

            text.Append(raw[at]);
        }

        Text = _returns.Count == 0 ? raw : text.ToString();
        Newlines = Text.AsSpan().Count('\n');
    }

    /// <summary>The text, lines ending with a newline.</summary>
    internal string Text { get; }

    /// <summary>How many lines it has.</summary>
    internal int TotalLines => Newlines + (EndsOpen ? 1 : 0);

    /// <summary>Whether its last line has no end.</summary>
    internal bool EndsOpen => Text.Length > 0 && Text[^1] != '\n';

    private int Newlines { get; }

    /// <summary>Its text, or why it is none.</summary>
    internal static (TextContent? Content, string? Problem) Of(byte[] bytes)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            return (null, "is UTF-16, not UTF-8");
        }

        if (Array.IndexOf(bytes, (byte)0) is >= 0 and var at)
        {
            return (null, $"is binary: it has a NUL byte at {at}");
        }

        var hasMark = bytes is [0xEF, 0xBB, 0xBF, ..];
        try
        {
            return (new TextContent(Strict.GetString(bytes.AsSpan(hasMark ? 3 : 0)), hasMark), null);
        }
        catch (DecoderFallbackException fault)
        {
            return (null, $"is not UTF-8: byte {fault.Index + (hasMark ? 3 : 0)} begins no character");
        }
    }

    /// <summary>What is to be known of it.</summary>
    internal FileTraits Traits(bool isIgnored) => new(
        _returns.Count == 0 ? LineEnds.Lf : _returns.Count == Newlines ? LineEnds.CrLf : LineEnds.Mixed, _hasMark, EndsOpen, isIgnored);

    /// <summary>Some of its lines, without their ends.</summary>
    internal IReadOnlyList<string> Lines(int from, int most)
    {
        var lines = new List<string>();
        var at = StartOf(from);
        for (var line = from; line <= TotalLines && lines.Count < most; line++)
        {
            var end = Text.IndexOf('\n', at);
            lines.Add(end < 0 ? Text[at..] : Text[at..end]);
            at = end + 1;
        }

        return lines;
    }

    /// <summary>The number of the line in which a place of the text lies.</summary>
    internal int LineAt(int at) => Text.AsSpan(0, at).Count('\n') + 1;

    /// <summary>Where a text stands in it, at most so many places.</summary>
    internal IReadOnlyList<int> PlacesOf(string text, int most)
    {
        var places = new List<int>();
        for (var at = Text.IndexOf(text, StringComparison.Ordinal); at >= 0 && places.Count < most; at = Text.IndexOf(text, at + 1, StringComparison.Ordinal))
        {
            places.Add(at);
        }

        return places;
    }

    /// <summary>The file's bytes with other text in one place; its lines end as those around.</summary>
    internal byte[] With(int at, int length, string text)
    {
        var (begin, end) = (InFile(at), InFile(at + length));
        var newline = _raw.IndexOf('\n', begin) is >= 0 and var next ? next : begin == 0 ? -1 : _raw.LastIndexOf('\n', begin - 1);
        var ended = newline > 0 && _raw[newline - 1] == '\r' ? text.Replace("\n", "\r\n", StringComparison.Ordinal) : text;
        var changed = string.Concat(_raw.AsSpan(0, begin), ended, _raw.AsSpan(end));
        return [.. _hasMark ? Encoding.UTF8.Preamble : [], .. Strict.GetBytes(changed)];
    }

    /// <summary>What a caller gave, lines ending as callers see them.</summary>
    internal static string Plain(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);

    private int StartOf(int line)
    {
        var at = 0;
        for (var passed = 1; passed < line && at >= 0; passed++)
        {
            at = Text.IndexOf('\n', at) + 1;
        }

        return at;
    }

    private int InFile(int at)
    {
        var before = _returns.BinarySearch(at);
        return at + (before < 0 ? ~before : before);
    }
}

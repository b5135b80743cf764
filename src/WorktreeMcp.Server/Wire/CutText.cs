using System.Globalization;
using System.Text;

namespace WorktreeMcp.Server.Wire;

/// <summary>What is cut says how much is missing and where the rest stands. Sizes are bytes of JSON on the wire.</summary>
internal static class CutText
{
    /// <summary>The text, or its beginning.</summary>
    internal static string Of(string text, int mostBytes, string? rest = null)
    {
        var end = Fitting(text, mostBytes);
        return end == text.Length ? text : $"{text[..end]}... ({text.Length - end} more characters{(rest is null ? string.Empty : $"; {rest}")})";
    }

    /// <summary>The first items, and how many were left out.</summary>
    internal static (IReadOnlyList<T> Items, int Omitted) Of<T>(IReadOnlyList<T> items, int most) =>
        items.Count <= most ? (items, 0) : ([.. items.Take(most)], items.Count - most);

    /// <summary>The first texts that fit, and how many were left out.</summary>
    internal static (IReadOnlyList<string> Items, int Omitted) Of(IReadOnlyList<string> items, int most, int mostBytes)
    {
        var size = 0;
        return Of(items, Math.Min(most, items.TakeWhile(item => (size += Size(item) + 3) <= mostBytes).Count()));
    }

    /// <summary>The beginning and the end of an output, with a line between them.</summary>
    /// <param name="text">What is there of it.</param>
    /// <param name="mostBytes">What may be left.</param>
    /// <param name="missing">How many bytes of the output the text itself leaves out in its middle.</param>
    internal static string Middle(string text, int mostBytes, long missing)
    {
        if (Fitting(text, mostBytes) == text.Length)
        {
            return text;
        }

        var head = Fitting(text, mostBytes / 5);
        var tail = text.Length - FittingEnd(text[head..], mostBytes * 4 / 5);
        var omitted = missing + Encoding.UTF8.GetByteCount(text.AsSpan(head, tail - head));
        return string.Create(CultureInfo.InvariantCulture, $"{text[..head]}\n… {omitted:N0} bytes omitted …\n{text[tail..]}");
    }

    /// <summary>How many bytes a text takes.</summary>
    internal static int Size(string text) => text.EnumerateRunes().Sum(Size);

    // As the wire's encoder writes it: short escapes for quotes and line ends, numbers for controls and beyond the first plane.
    private static int Size(Rune rune) => rune.Value switch
    {
        '"' or '\\' or '\n' or '\r' or '\t' or '\b' or '\f' => 2,
        < 0x20 or 0x7F => 6,
        > 0xFFFF => 12,
        > 0x7F and < 0xA0 or 0x2028 or 0x2029 => 6,
        _ => rune.Utf8SequenceLength,
    };

    private static int Fitting(string text, int mostBytes) => Fitting(text.EnumerateRunes(), mostBytes);

    private static int FittingEnd(string text, int mostBytes) => Fitting(text.EnumerateRunes().Reverse(), mostBytes);

    private static int Fitting(IEnumerable<Rune> runes, int mostBytes)
    {
        var (size, length) = (0, 0);
        foreach (var rune in runes)
        {
            size += Size(rune);
            if (size > mostBytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return length;
    }
}

using System.Text;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Running;

/// <summary>A part of a run's output, for a reader.</summary>
/// <param name="Stream">The stream it was written to.</param>
/// <param name="Text">The text without escape sequences and control codes.</param>
public sealed record OutputPart(ChildStream Stream, string Text)
{
    private const int LongestSequence = 256;

    /// <summary>
    /// The parts of a chunk, in order, and where the next chunk begins: after a line end if more follows, else after the last
    /// whole character and escape sequence, so that what comes next is not torn from what was given.
    /// </summary>
    internal static (IReadOnlyList<OutputPart> Parts, long Next) Of(LogChunk chunk, bool isWhole)
    {
        var bytes = chunk.Bytes.AsSpan();
        var length = chunk.End < chunk.Length ? EndOfLine(bytes) : isWhole ? bytes.Length : EndOfText(bytes);
        var parts = new List<OutputPart>();
        foreach (var (stream, from, to) in Ranges(chunk, length))
        {
            var text = Plain(bytes[from..to]);
            if (text.Length > 0)
            {
                parts.Add(new OutputPart(stream, text));
            }
        }

        return (parts, chunk.Offset + length);
    }

    private static IEnumerable<(ChildStream Stream, int From, int To)> Ranges(LogChunk chunk, int length)
    {
        var stream = ChildStream.Output;
        var from = 0;
        foreach (var change in chunk.Changes)
        {
            var at = (int)Math.Clamp(change.At - chunk.Offset, 0, length);
            if (at > from && stream != change.Stream)
            {
                yield return (stream, from, at);
                from = at;
            }

            stream = change.Stream;
        }

        if (from < length)
        {
            yield return (stream, from, length);
        }
    }

    private static int EndOfLine(ReadOnlySpan<byte> bytes) =>
        bytes.LastIndexOf((byte)'\n') is >= 0 and var line ? line + 1 : EndOfText(bytes);

    private static int EndOfText(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.Length - Unfinished(bytes);
        var escape = bytes[..end].LastIndexOf((byte)0x1B);
        return escape >= 0 && end - escape < LongestSequence && Plain([.. bytes[escape..end], (byte)'x']).Length == 0 && escape > 0 ? escape : end;
    }

    // How many bytes at the end begin a character whose rest is still to come.
    private static int Unfinished(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length - 1); back++)
        {
            var value = bytes[^back];
            if ((value & 0xC0) != 0x80)
            {
                return value >= 0xC0 && (value >= 0xF0 ? 4 : value >= 0xE0 ? 3 : 2) > back ? back : 0;
            }
        }

        return 0;
    }

    private static string Plain(ReadOnlySpan<byte> bytes)
    {
        var text = new MemoryStream(bytes.Length);
        var plain = new EscapeFilter();
        plain.Add(bytes, text.Write);
        plain.End(text.Write);
        return Encoding.UTF8.GetString(text.GetBuffer().AsSpan(0, (int)text.Length));
    }
}

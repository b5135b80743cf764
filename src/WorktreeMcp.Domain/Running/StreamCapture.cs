using System.Text;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// Keeps the beginning and the end of a stream in memory of a fixed size. Escape sequences are taken out before anything
/// is cut, so a cut never falls into one.
/// </summary>
internal sealed class StreamCapture
{
    internal const int DefaultHead = 4 * 1024;
    internal const int DefaultTail = 16 * 1024;

    private readonly byte[] _head;
    private readonly byte[] _ring;
    private readonly EscapeFilter _plain = new();
    private readonly PlainTextSink _keep;
    private long _kept;
    private long _total;

    internal StreamCapture(int head = DefaultHead, int tail = DefaultTail)
    {
        _head = new byte[head];
        _ring = new byte[tail];
        _keep = Keep;
    }

    /// <summary>How many bytes of text the beginning that is kept still has room for.</summary>
    internal int HeadRoom => (int)Math.Max(0, _head.Length - _kept);

    /// <summary>Takes the next bytes of the stream.</summary>
    internal void Add(ReadOnlySpan<byte> bytes)
    {
        _total += bytes.Length;
        _plain.Add(bytes, _keep);
    }

    /// <summary>What is kept of the stream, now that it has ended.</summary>
    internal CapturedText Finish()
    {
        _plain.End(_keep);
        return Now();
    }

    /// <summary>What is kept of the stream so far.</summary>
    internal CapturedText Now()
    {
        var head = _head.AsSpan(0, (int)Math.Min(_kept, _head.Length));
        var tail = Tail();
        if (_kept <= _head.Length + _ring.Length)
        {
            return new CapturedText(Encoding.UTF8.GetString([.. head, .. tail]), Truncated: false, _total, OmittedBytes: 0) { NulBytes = _plain.Nuls };
        }

        head = head[..EndOfHead(head)];
        tail = tail[StartOfTail(tail)..];
        var omitted = _kept - head.Length - tail.Length;
        var text = new StringBuilder(head.Length + tail.Length + 64).Append(Encoding.UTF8.GetString(head));
        if (text.Length > 0 && text[^1] != '\n')
        {
            text.Append('\n');
        }

        text.Append("… ").Append(omitted.ToString("N0")).Append(" bytes omitted …\n").Append(Encoding.UTF8.GetString(tail));
        return new CapturedText(text.ToString(), Truncated: true, _total, omitted) { NulBytes = _plain.Nuls };
    }

    private void Keep(ReadOnlySpan<byte> text)
    {
        if (_kept < _head.Length)
        {
            var first = text[..Math.Min(text.Length, _head.Length - (int)_kept)];
            first.CopyTo(_head.AsSpan((int)_kept));
            _kept += first.Length;
            text = text[first.Length..];
        }

        if (text.Length > _ring.Length)
        {
            _kept += text.Length - _ring.Length;
            text = text[^_ring.Length..];
        }

        while (!text.IsEmpty)
        {
            var place = (int)((_kept - _head.Length) % _ring.Length);
            var piece = text[..Math.Min(text.Length, _ring.Length - place)];
            piece.CopyTo(_ring.AsSpan(place));
            _kept += piece.Length;
            text = text[piece.Length..];
        }
    }

    /// <summary>The last line that is not blank; empty when there is none within reach.</summary>
    internal string LastLine(int mostBytes)
    {
        var text = Encoding.UTF8.GetString(_kept <= _head.Length ? _head.AsSpan(0, (int)_kept) : Tail()).AsSpan().TrimEnd();
        var line = text[(text.LastIndexOf('\n') + 1)..].Trim();
        return line.Length > mostBytes ? $"{line[..mostBytes]}…" : line.ToString();
    }

    private Span<byte> Tail()
    {
        var beyond = Math.Max(0, _kept - _head.Length);
        if (beyond <= _ring.Length)
        {
            return _ring.AsSpan(0, (int)beyond);
        }

        var start = (int)(beyond % _ring.Length);
        return (byte[])[.. _ring.AsSpan(start), .. _ring.AsSpan(0, start)];
    }

    // A line end within the last quarter of the head, or the first of the tail, is worth the bytes it costs.
    private static int EndOfHead(ReadOnlySpan<byte> head)
    {
        var line = head.LastIndexOf((byte)'\n') + 1;
        if (line >= head.Length - (head.Length / 4) && line > 0)
        {
            return line;
        }

        var end = head.Length;
        while (end > 0 && end > head.Length - 3 && IsContinuation(head[end - 1]))
        {
            end--;
        }

        return end > 0 && head[end - 1] >= 0xC0 && LengthOf(head[end - 1]) > head.Length - end + 1 ? end - 1 : head.Length;
    }

    private static int StartOfTail(ReadOnlySpan<byte> tail)
    {
        var line = tail[..(tail.Length / 4)].IndexOf((byte)'\n') + 1;
        if (line > 0)
        {
            return line;
        }

        var start = 0;
        while (start < Math.Min(3, tail.Length) && IsContinuation(tail[start]))
        {
            start++;
        }

        return start;
    }

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;

    private static int LengthOf(byte lead) => lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
}

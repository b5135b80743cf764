using System.Buffers;
using ModelContextProtocol.Protocol;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// Hands on whole messages, one a line. A line that is too long is thrown away as it streams, so memory does not grow
/// with it; what is no message never reaches the library.
/// </summary>
internal sealed class BoundedLines : OneWayStream
{
    private const int Kept = 256;

    private readonly Stream _raw;
    private readonly int _longest;
    private readonly LineReader _reader;
    private readonly byte[] _chunk = new byte[64 * 1024];
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _ready = new();
    private int _handedOn;
    private byte[]? _head;

    /// <summary>Reads lines of a stream.</summary>
    /// <param name="raw">The client's messages.</param>
    /// <param name="longest">How many bytes a line may have.</param>
    /// <param name="admit">Whether a request of that id may go on; null lets all.</param>
    public BoundedLines(Stream raw, int longest, Func<RequestId, bool>? admit = null)
    {
        (_raw, _longest) = (raw, longest);
        _reader = new LineReader(_ready, admit);
    }

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool IsLeft => _raw is OneWayStream { IsLeft: true };

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_handedOn == _ready.WrittenCount)
        {
            _ready.ResetWrittenCount();
            _handedOn = 0;
            var count = await _raw.ReadAsync(_chunk, cancellationToken);
            if (count > 0)
            {
                Split(_chunk.AsSpan(0, count));
            }
            else if (_line.WrittenCount > 0)
            {
                EndLine();
            }
            else
            {
                return 0;
            }
        }

        var ready = _ready.WrittenMemory[_handedOn..];
        ready = ready[..Math.Min(ready.Length, buffer.Length)];
        ready.CopyTo(buffer);
        _handedOn += ready.Length;
        return ready.Length;
    }

    private void Split(ReadOnlySpan<byte> bytes)
    {
        for (var end = bytes.IndexOf((byte)'\n'); end >= 0; end = bytes.IndexOf((byte)'\n'))
        {
            Append(bytes[..(end + 1)]);
            EndLine();
            bytes = bytes[(end + 1)..];
        }

        Append(bytes);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _line.Write(bytes);
        if (_head is null && _line.WrittenCount > _longest)
        {
            _head = _line.WrittenSpan[..Kept].ToArray();
        }

        if (_head is not null && _line.WrittenCount > Kept)
        {
            var tail = _line.WrittenSpan[^Kept..].ToArray();
            _line.ResetWrittenCount();
            _line.Write(tail);
        }
    }

    private void EndLine()
    {
        if (_head is null)
        {
            _reader.Take(_line.WrittenMemory);
        }
        else
        {
            _reader.TakeInstead(FaultyLine.TooLong(_head, _line.WrittenSpan));
        }

        _head = null;
        _line.ResetWrittenCount();
    }
}

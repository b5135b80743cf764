using System.Buffers;
using System.Text;

namespace WorktreeMcp.Server.Stdio;

/// <summary>
/// Hands on whole lines. One that is too long is thrown away as it streams, so memory does not grow with it; if it was
/// a request whose id can be read, a request that is always refused takes its place, so that the client gets an answer.
/// </summary>
/// <param name="raw">The client's messages.</param>
/// <param name="longest">How many bytes a line may have.</param>
internal sealed class BoundedLines(Stream raw, int longest) : OneWayStream
{
    private const int Kept = 256;

    private readonly byte[] _chunk = new byte[64 * 1024];
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _ready = new();
    private int _handedOn;
    private byte[]? _head;

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_handedOn == _ready.WrittenCount)
        {
            _ready.ResetWrittenCount();
            _handedOn = 0;
            var count = await raw.ReadAsync(_chunk, cancellationToken);
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
        if (_head is null && _line.WrittenCount > longest)
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
            _ready.Write(_line.WrittenSpan);
        }
        else if (LongLine.RequestId(Encoding.Latin1.GetString(_head), Encoding.Latin1.GetString(_line.WrittenSpan)) is { } id)
        {
            _ready.Write(Encoding.Latin1.GetBytes(LongLine.Request(id)));
        }

        _head = null;
        _line.ResetWrittenCount();
    }
}

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// The server's messages. A line goes out in one piece and is never given up in the middle: a call that is cancelled
/// while its answer is written would lose the line's end, and with it the next answer.
/// </summary>
/// <param name="raw">The descriptor.</param>
/// <param name="broken">Called when nobody can read any more.</param>
public sealed class ServerOutput(Stream raw, Action broken) : OneWayStream
{
#pragma warning disable CA2213 // A write may be blocked when the stream is closed; neither holds anything but memory.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly MemoryStream _line = new();
#pragma warning restore CA2213

    /// <inheritdoc />
    public override bool CanWrite => true;

    /// <inheritdoc />
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            _line.Write(buffer.Span);
            if (buffer.Span is [.., (byte)'\n'])
            {
                await WriteLine();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc />
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private async Task WriteLine()
    {
        var bytes = _line.GetBuffer().AsMemory(0, (int)_line.Length);
        try
        {
            await raw.WriteAsync(bytes, CancellationToken.None);
        }
        catch (IOException)
        {
            broken();
            throw;
        }
        finally
        {
            _line.SetLength(0);
        }
    }
}

using System.Diagnostics;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// The client's messages. While too many requests are unanswered, no more are read. At their end, what was read gets a moment to be answered; then the server is told.
/// The protocol library alone would wait for all open calls, and an open subscription keeps it alive for ever.
/// </summary>
/// <param name="raw">The descriptor; a read that blocks is left behind when the server stops.</param>
/// <param name="traffic">Knows what is unanswered.</param>
/// <param name="ending">Called when the end is seen.</param>
/// <param name="ended">Called when all is answered or the moment is over.</param>
/// <param name="begun">When the server began to start, as a stopwatch's time stamp; 0 if that does not matter.</param>
public sealed class ServerInput(Stream raw, Traffic traffic, Action ending, Action ended, long begun = 0) : OneWayStream
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Blink = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestFirstAnswer = TimeSpan.FromSeconds(10);

    // The first answer compiles what all later ones use, so it takes a multiple of what the start took on this machine.
    private const int FirstAnswerShare = 10;

    // An own buffer: a read that was left behind must not write into one that the caller has given back.
    private readonly byte[] _held = new byte[64 * 1024];
    private Task<int>? _reading;
    private TimeSpan? _startTook;
    private int _start;
    private int _end;
    private bool _lineHasText;
    private bool _over;

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _startTook ??= begun == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(begun);
        if (_start == _end && !await Fill(cancellationToken))
        {
            return 0;
        }

        var count = Math.Min(buffer.Length, _end - _start);
        var delivered = _held.AsMemory(_start, count);
        delivered.CopyTo(buffer);
        _start += count;
        traffic.LinesDelivered(LinesIn(delivered.Span));
        return count;
    }

    /// <inheritdoc />
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private async Task<bool> Fill(CancellationToken cancel)
    {
        if (_over)
        {
            return false;
        }

        await RoomForMore(cancel);
        (_start, _end) = (0, await ReadHeld(cancel));
        if (_end > 0)
        {
            return true;
        }

        if (_lineHasText)
        {
            // `printf request | worktree-mcp` is a request too.
            _held[0] = (byte)'\n';
            _end = 1;
            return true;
        }

        _over = true;
        if (!traffic.HasAnswered)
        {
            // All of it was piped in at once, and all of it is slow now.
            var patience = _startTook!.Value * FirstAnswerShare;
            await traffic.Quiet(patience < LongestFirstAnswer ? patience : LongestFirstAnswer, cancel);
        }

        ending();
        await traffic.Quiet(AnswerTime, cancel);
        ended();
        return false;
    }

    // A client that has stopped reading may leave as well: then its end is not to be waited for behind what it wrote.
    private async Task RoomForMore(CancellationToken cancel)
    {
        var seen = false;
        while (!await traffic.Room(Blink, cancel) && !cancel.IsCancellationRequested)
        {
            if (!seen && raw is OneWayStream { IsLeft: true })
            {
                seen = true;
                ending();
            }
        }
    }

    private async Task<int> ReadHeld(CancellationToken cancel)
    {
        _reading ??= raw.ReadAsync(_held, CancellationToken.None).AsTask();
        try
        {
            var count = await _reading.WaitAsync(cancel);
            _reading = null;
            return count;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private int LinesIn(ReadOnlySpan<byte> bytes)
    {
        var lines = 0;
        foreach (var value in bytes)
        {
            if (value == '\n')
            {
                lines += _lineHasText ? 1 : 0;
                _lineHasText = false;
            }
            else if (value is not ((byte)' ' or (byte)'\r' or (byte)'\t'))
            {
                _lineHasText = true;
            }
        }

        return lines;
    }
}

using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using ModelContextProtocol.Protocol;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// Makes of each line the messages that the protocol library can answer: it drops without a word what is not to its
/// liking, and splits a line where JSON allows a carriage return. A batch becomes its messages; what was meant as a
/// request and is none becomes one that is refused; what nobody can be answered for is left out.
/// </summary>
/// <param name="messages">Where the messages go, each with its newline.</param>
/// <param name="admit">Whether a request of that id may go on; null lets all.</param>
internal sealed class LineReader(IBufferWriter<byte> messages, Func<RequestId, bool>? admit = null)
{
    private static ReadOnlySpan<byte> Mark => "\uFEFF"u8;

    private static ReadOnlySpan<byte> Blank => " \t\r\n"u8;

    /// <summary>Takes one line.</summary>
    /// <param name="line">The line, with or without its newline.</param>
    public void Take(ReadOnlyMemory<byte> line)
    {
        var text = (line.Span.StartsWith(Mark) ? line[Mark.Length..] : line).Trim(Blank);
        if (text.IsEmpty)
        {
            return;
        }

        try
        {
            using var parsed = JsonDocument.Parse(text);
            Take(parsed.RootElement, !Utf8.IsValid(text.Span) || text.Span.IndexOf("\\u"u8) >= 0);
        }
        catch (JsonException)
        {
            Write(FaultyLine.NotJson(text.Span));
        }
    }

    private void Take(JsonElement message, bool mayHoldFaults)
    {
        switch (message.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var one in message.EnumerateArray())
                {
                    Take(one, mayHoldFaults);
                }

                break;
            case JsonValueKind.Object:
                TakeObject(message, mayHoldFaults);
                break;
        }
    }

    private void TakeObject(JsonElement message, bool mayHoldFaults)
    {
        var members = new Envelope(message);
        if (!members.IsSound)
        {
            Write(members is { Method: not null, UsableId: { } id } ? FaultyLine.NotARequest(id) : null);
        }
        else if (mayHoldFaults && TextFaults.Find(message) is { } place)
        {
            Write(members is { Method: not null, UsableId: { } id } ? FaultyLine.NotText(id, place) : null);
        }
        else if (members.Request is not { } request || admit?.Invoke(request) != false)
        {
            Write(JsonMarshal.GetRawUtf8Value(message));
        }
    }

    private void Write(ReadOnlySpan<byte> message)
    {
        var line = messages.GetSpan(message.Length + 1);
        message.Replace(line, (byte)'\r', (byte)' ');
        line[message.Length] = (byte)'\n';
        messages.Advance(message.Length + 1);
    }

    // What takes the place of a request has its id, which may be that of another as well.
    private void Write(string? text)
    {
        if (text is null)
        {
            return;
        }

        using var parsed = JsonDocument.Parse(text);
        TakeObject(parsed.RootElement, mayHoldFaults: false);
    }

    /// <summary>Takes what stands in for a line that was too long to be read.</summary>
    /// <param name="request">A request that is always refused, or null.</param>
    public void TakeInstead(string? request) => Write(request);
}

using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace WorktreeMcp.Server.Stdio;

/// <summary>
/// Makes of each line the messages that the protocol library can answer: it drops without a word what is not to its
/// liking, and splits a line where JSON allows a carriage return. A batch becomes its messages; what was meant as a
/// request and is none becomes one that is refused; what nobody can be answered for is left out.
/// </summary>
/// <param name="messages">Where the messages go, each with its newline.</param>
internal sealed class LineReader(IBufferWriter<byte> messages)
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
            Take(parsed.RootElement);
        }
        catch (JsonException)
        {
            Write(FaultyLine.NotJson(text.Span));
        }
    }

    private void Take(JsonElement message)
    {
        switch (message.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var one in message.EnumerateArray())
                {
                    Take(one);
                }

                break;
            case JsonValueKind.Object:
                TakeObject(message);
                break;
        }
    }

    private void TakeObject(JsonElement message)
    {
        var members = new Envelope(message);
        if (members.IsSound)
        {
            Write(JsonMarshal.GetRawUtf8Value(message));
        }
        else if (members is { Method: not null, UsableId: { } id })
        {
            Write(FaultyLine.NotARequest(id));
        }
    }

    private void Write(ReadOnlySpan<byte> message)
    {
        var line = messages.GetSpan(message.Length + 1);
        message.Replace(line, (byte)'\r', (byte)' ');
        line[message.Length] = (byte)'\n';
        messages.Advance(message.Length + 1);
    }

    private void Write(string? text)
    {
        if (text is not null)
        {
            Encoding.UTF8.GetBytes(text, messages);
        }
    }
}

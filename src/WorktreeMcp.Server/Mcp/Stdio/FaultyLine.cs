using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// A line that is no request that can be served. If it was meant as one and its id can be read, a request that is always
/// refused takes its place, so that the client gets an answer through the one writer.
/// </summary>
internal static partial class FaultyLine
{
    /// <summary>How many bytes a line may have.</summary>
    public const int Limit = 1024 * 1024;

    private const int Searched = 256;

    private static readonly Dictionary<string, (McpErrorCode Code, string Words)> Faults = new()
    {
        ["worktree-mcp/too_long"] = (McpErrorCode.InvalidRequest, $"The request was longer than {Limit} bytes and was not read. Send shorter arguments."),
        ["worktree-mcp/not_json"] = (McpErrorCode.ParseError, "The line is not one JSON value, or is nested deeper than 64 levels. Send each message as one line of JSON."),
        ["worktree-mcp/not_a_request"] = (McpErrorCode.InvalidRequest, "A request has \"jsonrpc\":\"2.0\", an \"id\" and a \"method\" that is a text, each once, and no \"result\" or \"error\"."),
        ["worktree-mcp/not_text"] = (McpErrorCode.InvalidParams, "{0} is not valid text: it holds half of a surrogate pair, or bytes that are not UTF-8."),
    };

    /// <summary>What takes the place of a line that is over the limit.</summary>
    /// <param name="head">The line's beginning.</param>
    /// <param name="tail">The line's end.</param>
    /// <returns>A line, or null.</returns>
    public static string? TooLong(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail) => Request("too_long", RequestId(head, tail));

    /// <summary>What takes the place of a line that is not JSON.</summary>
    /// <param name="line">The line.</param>
    /// <returns>A line, or null.</returns>
    public static string? NotJson(ReadOnlySpan<byte> line) =>
        Request("not_json", RequestId(line[..Math.Min(Searched, line.Length)], line[^Math.Min(Searched, line.Length)..]));

    /// <summary>What takes the place of JSON that is no request, though it has a method and an id.</summary>
    /// <param name="id">The id as it stands in JSON.</param>
    /// <returns>A line.</returns>
    public static string NotARequest(string id) => Request("not_a_request", id)!;

    /// <summary>What takes the place of a request in which a text is none.</summary>
    /// <param name="id">The id as it stands in JSON.</param>
    /// <param name="place">Which text.</param>
    /// <returns>A line.</returns>
    public static string NotText(string id, string place) =>
        $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"worktree-mcp/not_text","params":{"place":"{{{JsonEncodedText.Encode(place)}}}"}}""" + "\n";

    /// <summary>Refuses the request that takes a line's place.</summary>
    /// <param name="message">A message.</param>
    /// <exception cref="McpProtocolException">It is such a request.</exception>
    public static void Refuse(JsonRpcMessage message)
    {
        if (message is JsonRpcRequest { Method: { } method } request && Faults.TryGetValue(method, out var fault))
        {
            throw new McpProtocolException(string.Format(CultureInfo.InvariantCulture, fault.Words, (string?)request.Params?["place"]), fault.Code);
        }
    }

    // Clients write the id near one of the ends.
    private static string? RequestId(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        if (head.IndexOf("\"method\""u8) < 0)
        {
            return null;
        }

        return AtTheHead(head) ?? (AtTheTail().Match(Encoding.Latin1.GetString(tail)) is { Success: true } found ? found.Groups["id"].Value : null);
    }

    private static string? AtTheHead(ReadOnlySpan<byte> head)
    {
        var reader = new Utf8JsonReader(head, isFinalBlock: false, default);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("id"u8))
                {
                    return reader.Read() && IsUsable(ref reader) ? Encoding.UTF8.GetString(head[(int)reader.TokenStartIndex..(int)reader.BytesConsumed]) : null;
                }
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // What stands before the id is not JSON, or the id is no text.
        }

        return null;
    }

    private static bool IsUsable(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString() is not null,
        JsonTokenType.Number => reader.TryGetInt64(out _) && !reader.ValueSpan.ContainsAny(".eE"u8),
        _ => false,
    };

    private static string? Request(string fault, string? id) =>
        id is null ? null : $$"""{"jsonrpc":"2.0","id":{{id}},"method":"worktree-mcp/{{fault}}"}""" + "\n";

    [GeneratedRegex("""[,{]\s*"id"\s*:\s*(?<id>-?[0-9]{1,18}|"[A-Za-z0-9_.:-]{1,100}")\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$""")]
    private static partial Regex AtTheTail();
}

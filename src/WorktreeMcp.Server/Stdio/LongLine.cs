using System.Text.RegularExpressions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace WorktreeMcp.Server.Stdio;

/// <summary>A line that was too long, of which only the beginning and the end are known.</summary>
internal static partial class LongLine
{
    /// <summary>How many bytes a line may have.</summary>
    public const int Limit = 1024 * 1024;

    private const string Method = "worktree-mcp/line_too_long";

    /// <summary>Finds the id of the request that the line was: clients write it near one of the ends.</summary>
    /// <param name="head">The line's beginning.</param>
    /// <param name="tail">The line's end.</param>
    /// <returns>The id as it stands in JSON, or null.</returns>
    public static string? RequestId(string head, string tail)
    {
        if (!head.Contains("\"method\"", StringComparison.Ordinal))
        {
            return null;
        }

        var found = AtTheHead().Match(head) is { Success: true } early ? early : AtTheTail().Match(tail);
        return found.Success ? found.Groups["id"].Value : null;
    }

    /// <summary>The request that takes the line's place.</summary>
    /// <param name="id">The id as it stands in JSON.</param>
    /// <returns>A line.</returns>
    public static string Request(string id) => $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{Method}}"}""" + "\n";

    /// <summary>Refuses the request that takes a line's place.</summary>
    /// <param name="message">A message.</param>
    /// <exception cref="McpProtocolException">It is that request.</exception>
    public static void Refuse(JsonRpcMessage message)
    {
        if (message is JsonRpcRequest { Method: Method })
        {
            throw new McpProtocolException(
                $"The request was longer than {Limit} bytes and was not read. Send shorter arguments.", McpErrorCode.InvalidRequest);
        }
    }

    [GeneratedRegex("""^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(?<id>-?[0-9]{1,18}|"[A-Za-z0-9_.:-]{1,100}")\s*,""")]
    private static partial Regex AtTheHead();

    [GeneratedRegex("""[,{]\s*"id"\s*:\s*(?<id>-?[0-9]{1,18}|"[A-Za-z0-9_.:-]{1,100}")\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$""")]
    private static partial Regex AtTheTail();
}

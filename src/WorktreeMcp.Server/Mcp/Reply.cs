using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Makes the answers of tools: one JSON object, the same in the text block and in the structured content.</summary>
public static class Reply
{
    private const int MessageBytes = 8_000;

    /// <summary>The answer that holds a result.</summary>
    /// <typeparam name="T">The record of the tool's output schema.</typeparam>
    /// <param name="result">The result.</param>
    /// <returns>The answer.</returns>
    public static CallToolResult Of<T>(T result) => Of(result, WireJson.TypeInfo<T>());

    /// <summary>The answer that holds a result.</summary>
    /// <typeparam name="T">The record of the tool's output schema.</typeparam>
    /// <param name="result">The result.</param>
    /// <param name="type">How it is written.</param>
    /// <returns>The answer.</returns>
    public static CallToolResult Of<T>(T result, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.Serialize(result, type);
        return new CallToolResult
        {
            Content = [new TextContentBlock { Text = json }],
            StructuredContent = JsonElement.Parse(json),
        };
    }

    /// <summary>The same answer with news in front.</summary>
    /// <param name="answer">An answer that holds a result.</param>
    /// <param name="news">What the caller has to know besides.</param>
    /// <returns>The answer, in text and structure.</returns>
    public static CallToolResult With(CallToolResult answer, IReadOnlyList<string> news)
    {
        if (news.Count == 0 || answer.Content is not [TextContentBlock { Text: ['{', _, _, ..] json }] || answer.StructuredContent is null)
        {
            return answer;
        }

        var whole = $"{{\"{ToolSchemas.News}\":{JsonSerializer.Serialize([.. news], WireJson.TypeInfo<string[]>())},{json[1..]}";
        answer.Content = [new TextContentBlock { Text = whole }];
        answer.StructuredContent = JsonElement.Parse(whole);
        return answer;
    }

    /// <summary>
    /// The answer that says why a call was refused. It has no structured content: a strict client checks that
    /// against the output schema and would hide the message.
    /// </summary>
    /// <param name="refusal">The refusal.</param>
    /// <returns>The answer.</returns>
    public static CallToolResult Error(Refusal refusal)
    {
        var reply = new ErrorReply(new ErrorBody(Code(refusal.Code), CutText.Middle(refusal.Message, MessageBytes, 0), ToolWords.Of(refusal.Hint)), ToolWords.Of(refusal.Next));
        return new CallToolResult
        {
            IsError = true,
            Content = [new TextContentBlock { Text = JsonSerializer.Serialize(reply, WireJson.TypeInfo<ErrorReply>()) }],
        };
    }

    /// <summary>The code of a kind of refusal on the wire.</summary>
    /// <param name="code">The kind.</param>
    /// <returns>Its name in snake_case.</returns>
    public static string Code(RefusalCode code) => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());
}

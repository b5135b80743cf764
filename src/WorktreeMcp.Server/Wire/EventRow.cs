using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.Server.Wire;

/// <summary>An event as it stands in the log, its long texts cut.</summary>
internal static class EventRow
{
    private const int MostBytes = 240;

    internal static JsonElement From(JsonElement logged)
    {
        if (!logged.EnumerateObject().Any(IsLong))
        {
            return logged;
        }

        var row = new JsonObject();
        foreach (var member in logged.EnumerateObject())
        {
            row[member.Name] = IsLong(member)
                ? CutText.Of(member.Value.GetString()!, MostBytes, ".worktrees/events.jsonl has all of it")
                : JsonNode.Parse(member.Value.GetRawText());
        }

        return JsonElement.Parse(row.ToJsonString());
    }

    private static bool IsLong(JsonProperty member) =>
        member.Value.ValueKind is JsonValueKind.String && CutText.Size(member.Value.GetString()!) > MostBytes;
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.Server.Wire;

/// <summary>
/// An event as it stands in the log, its long texts and lists cut. Anybody may write lines there: a known member that is not what it should be is left
/// out, so that each row fits the schema that is told of it.
/// </summary>
internal static class EventRow
{
    private const int MostBytes = 240;
    private const int MostItems = 5;

    /// <summary>The schema of a row: what each event has may be missing in lines of other programs, and each kind has more.</summary>
    internal static JsonObject Schema => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["event"] = Of("string"),
            ["seq"] = Of("integer"),
            ["ts"] = Of("number"),
            ["by"] = Of("string"),
            ["task"] = Named("id", "integer"),
            ["worktree"] = Named("name", "string"),
        },
        ["additionalProperties"] = true,
    };

    internal static JsonElement From(JsonElement logged)
    {
        if (logged.EnumerateObject().All(member => !IsLong(member) && Fits(member)))
        {
            return logged;
        }

        var row = new JsonObject();
        foreach (var member in logged.EnumerateObject().Where(Fits))
        {
            row[member.Name] = !IsLong(member) ? JsonNode.Parse(member.Value.GetRawText())
                : member.Value.ValueKind == JsonValueKind.String ? CutText.Of(member.Value.GetString()!, MostBytes, ".worktrees/events.jsonl has all of it")
                : Few(member.Value);
        }

        return JsonElement.Parse(row.ToJsonString());
    }

    // The array takes nodes at once: adding one by one asks reflection, which trimming takes away.
    private static JsonArray Few(JsonElement list) =>
        new([.. list.EnumerateArray().Take(MostItems).Select(item => JsonNode.Parse(item.GetRawText())), $"... {list.GetArrayLength() - MostItems} more; .worktrees/events.jsonl has all of them"]);

    private static bool IsLong(JsonProperty member) => member.Value.ValueKind switch
    {
        JsonValueKind.String => CutText.Size(member.Value.GetString()!) > MostBytes,
        JsonValueKind.Array => member.Value.GetArrayLength() > MostItems,
        _ => false,
    };

    private static bool Fits(JsonProperty member) => member.Name switch
    {
        "event" or "by" => member.Value.ValueKind == JsonValueKind.String,
        "seq" => IsWhole(member.Value),
        "ts" => member.Value.ValueKind == JsonValueKind.Number,
        "task" => IsNamed(member.Value, "id", IsWhole),
        "worktree" => IsNamed(member.Value, "name", value => value.ValueKind == JsonValueKind.String),
        _ => true,
    };

    private static bool IsNamed(JsonElement value, string member, Func<JsonElement, bool> fits) => value.ValueKind == JsonValueKind.Object
        && (!value.TryGetProperty(member, out var name) || fits(name))
        && (!value.TryGetProperty("status", out var status) || status.ValueKind == JsonValueKind.String);

    private static bool IsWhole(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _);

    private static JsonObject Of(string type) => new() { ["type"] = type };

    private static JsonObject Named(string member, string type) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { [member] = Of(type), ["status"] = Of("string") },
        ["additionalProperties"] = true,
    };
}

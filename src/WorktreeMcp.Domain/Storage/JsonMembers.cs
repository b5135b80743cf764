using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Storage;

/// <summary>Reads members of files that anybody may have written: what has another type than expected is as absent.</summary>
internal static class JsonMembers
{
    internal static string? Text(this JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    internal static string? TextOrNull(this JsonNode? node) => node.Text() is { Length: > 0 } text ? text : null;

    internal static double? Number(this JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number && node.GetValue<double>() is var number && double.IsFinite(number) ? number : null;

    internal static bool Flag(this JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;

    internal static long? Integer(this JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out long number) ? number : null;

    /// <summary>The members that are not ours, or null when there are none; they survive every rewrite.</summary>
    internal static JsonObject? Except(this JsonObject json, IReadOnlySet<string> ours)
    {
        var extra = json.Where(member => !ours.Contains(member.Key)).ToList();
        return extra.Count == 0 ? null : new JsonObject(extra.Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
    }
}

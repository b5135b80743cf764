using System.Text.Json;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// Finds what is JSON and no text: half of a surrogate pair, or bytes that are not UTF-8. Whoever reads such a value later fails,
/// without a word of where it stood.
/// </summary>
internal static class TextFaults
{
    private const string Arguments = "params.arguments.";

    /// <summary>The first in a message, by its place; null when there is none.</summary>
    /// <param name="message">The message.</param>
    public static string? Find(JsonElement message) => Find(message, string.Empty) is { } place ? place.Replace(Arguments, string.Empty, StringComparison.Ordinal) : null;

    private static string? Find(JsonElement value, string place) => value.ValueKind switch
    {
        JsonValueKind.String => TextOf(value.GetString) is null ? $"'{place}'" : null,
        JsonValueKind.Array => value.EnumerateArray().Select((item, index) => Find(item, $"{place}[{index}]")).FirstOrDefault(found => found is not null),
        JsonValueKind.Object => value.EnumerateObject().Select(member => Find(member, place)).FirstOrDefault(found => found is not null),
        _ => null,
    };

    private static string? Find(JsonProperty member, string place) => TextOf(() => member.Name) is { } name
        ? Find(member.Value, place.Length == 0 ? name : $"{place}.{name}")
        : $"The name of a member of '{place}'";

    private static string? TextOf(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}

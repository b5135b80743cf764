using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// The members of an object that anybody may have written. What is absent, null or an empty text is as absent; what is there
/// is what it must be, or the whole object is faulty: nothing is guessed, left out or cut.
/// </summary>
/// <param name="json">The object.</param>
/// <param name="prefix">What it is called in the object around it, with a dot; empty for the outermost.</param>
internal sealed class CheckedMembers(JsonObject json, string prefix = "")
{
    private const int LongestShown = 80;

    /// <summary>A text that passes a check.</summary>
    internal string? Text(string key, Func<string, bool> isRight, string should) =>
        AnyText(key) is not { } text ? null : isRight(text) ? text : throw Fault(key, should);

    /// <summary>A text without any rule.</summary>
    internal string? AnyText(string key) => json[key] switch
    {
        null => null,
        var node when node.GetValueKind() == JsonValueKind.String => node.TextOrNull(),
        _ => throw Fault(key, "is no text"),
    };

    /// <summary>A whole number within bounds.</summary>
    internal long? Integer(string key, long least, long most) =>
        json[key] is not { } node ? null : node.Integer() is { } number && number >= least && number <= most ? number : throw Fault(key, $"is no whole number from {least} to {most}");

    /// <summary>A time in unix seconds.</summary>
    internal double? Time(string key) => json[key] is not { } node ? null : node.Number() is { } number && PlainValues.IsTime(number) ? number : throw Fault(key, "is no time");

    /// <summary>Yes or no; absent is no.</summary>
    internal bool Flag(string key) => json[key]?.GetValueKind() switch
    {
        null or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw Fault(key, "is neither true nor false"),
    };

    /// <summary>An object within this one, read by the same rules.</summary>
    internal T? Object<T>(string key, Func<CheckedMembers, T> read)
        where T : class => json[key] switch
        {
            null => null,
            JsonObject inner => read(new CheckedMembers(inner, $"{prefix}{key}.")),
            _ => throw Fault(key, "is no object"),
        };

    /// <summary>A list of objects, each read by the same rules; absent is empty.</summary>
    internal IReadOnlyList<T> Objects<T>(string key, Func<CheckedMembers, T> read) => json[key] switch
    {
        null => [],
        JsonArray array => [.. array.Select(member => member is JsonObject inner ? read(new CheckedMembers(inner, $"{prefix}{key}.")) : throw Fault(key, "holds something that is no object"))],
        _ => throw Fault(key, "is no list"),
    };

    /// <summary>A text that must be there.</summary>
    internal string Required(string key, Func<string, bool> isRight, string should) => Text(key, isRight, should) ?? throw Fault(key, "is missing");

    internal FaultyValue Fault(string key, string should, bool isNewer = false)
    {
        var value = json[key]?.ToJsonString() ?? "nothing";
        return new FaultyValue($"its {prefix}{key}, {(value.Length > LongestShown ? value[..LongestShown] + "..." : value)}, {should}", isNewer);
    }
}

using System.Text.Json;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.News;

/// <summary>What stands in an event, as far as it is what it should be: anybody may have written the line.</summary>
internal sealed record LoggedEvent(string Name, double At, string? By, int? TaskId, string? TaskStatus, string? Worktree, long Seq, JsonElement Whole)
{
    private const int MostNames = 500;

    internal static LoggedEvent From(JsonElement logged) => new(
        Text(logged, "event") ?? string.Empty,
        Member(logged, "ts") is { ValueKind: JsonValueKind.Number } at && at.TryGetDouble(out var seconds) ? seconds : 0,
        Text(logged, "by"),
        Member(Member(logged, "task"), "id") is { ValueKind: JsonValueKind.Number } id && id.TryGetInt32(out var task) ? task : null,
        Text(Member(logged, "task"), "status"),
        Text(Member(logged, "worktree"), "name"),
        EventLog.SeqOf(logged),
        logged);

    /// <summary>Whether a person spoke, and not an agent under the same name.</summary>
    internal bool IsPersons => Member(Whole, "person") is { ValueKind: JsonValueKind.True };

    /// <summary>Whether its task was over with it, or before.</summary>
    internal bool IsOver => TaskStatus is "completed" or "deleted";

    /// <summary>One of its own members, if that is a text.</summary>
    internal string? Text(string member) => Text(Whole, member);

    /// <summary>One of its own members, if that is a list of texts.</summary>
    internal IReadOnlyList<string> Names(string member) => Member(Whole, member) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Take(MostNames).Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)]
        : [];

    private static JsonElement? Member(JsonElement? of, string name) =>
        of is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement? of, string name) => Member(of, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}

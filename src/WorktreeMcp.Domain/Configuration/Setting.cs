using System.Globalization;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>One thing that can be set.</summary>
/// <param name="Key">Its key; a dot stands between a section and the key in it.</param>
/// <param name="Allowed">What it may be, in words.</param>
/// <param name="Apply">The settings with it, or null when the value does not fit. A variable's value comes as text.</param>
internal sealed record Setting(string Key, string Allowed, Func<RepositorySettings, JsonNode?, RepositorySettings?> Apply)
{
    /// <summary>Whether only the repository's own file sets it.</summary>
    internal bool RepositoryOnly { get; init; }

    /// <summary>The variable that sets it too.</summary>
    internal string Variable => $"WORKTREEMCP_{Key.Replace('.', '_').ToUpperInvariant()}";

    internal static Setting Text(string key, string allowed, Func<string, bool> fits, Func<RepositorySettings, string, RepositorySettings> apply) =>
        new(key, allowed, (settings, value) => value is JsonValue && value.Text() is { } text && fits(text) ? apply(settings, text) : null);

    internal static Setting Flag(string key, Func<RepositorySettings, bool, RepositorySettings> apply) =>
        new(key, "true or false", (settings, value) => FlagOf(value) is { } flag ? apply(settings, flag) : null);

    internal static Setting Number(string key, int least, int most, Func<RepositorySettings, int, RepositorySettings> apply) =>
        new(key, $"a whole number from {least} to {most}", (settings, value) =>
            NumberOf(value) is { } number && number >= least && number <= most ? apply(settings, (int)number) : null);

    /// <summary>A list; in a variable with commas between its members.</summary>
    internal static Setting List(string key, string allowed, Func<string, bool> fits, Func<RepositorySettings, IReadOnlyList<string>, RepositorySettings> apply) =>
        new(key, allowed, (settings, value) => ListOf(value) is { } list && list.All(fits) ? apply(settings, list) : null);

    private static bool? FlagOf(JsonNode? value) =>
        value is not JsonValue given ? null : given.TryGetValue(out bool flag) ? flag : bool.TryParse(given.Text(), out flag) ? flag : null;

    private static long? NumberOf(JsonNode? value) =>
        value.Integer() ?? (long.TryParse(value.Text(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null);

    private static List<string>? ListOf(JsonNode? value)
    {
        if (value is JsonArray array)
        {
            var members = array.Select(member => member.Text()).OfType<string>().ToList();
            return members.Count == array.Count ? members : null;
        }

        return value.Text()?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToList();
    }
}

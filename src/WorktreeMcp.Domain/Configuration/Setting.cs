using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>One thing that can be set.</summary>
/// <param name="Key">Its key; a dot stands between a section and the key in it.</param>
/// <param name="Allowed">What it may be, in words.</param>
/// <param name="Apply">The settings with it, or null when the value does not fit.</param>
/// <param name="FromVariable">A variable's text as the value it stands for.</param>
internal sealed record Setting(string Key, string Allowed, Func<RepositorySettings, JsonNode?, RepositorySettings?> Apply, Func<string, JsonNode?> FromVariable)
{
    /// <summary>Whether only the repository's own file sets it.</summary>
    internal bool RepositoryOnly { get; init; }

    /// <summary>Whether only a variable sets it.</summary>
    internal bool VariableOnly { get; init; }

    /// <summary>
    /// What of a repository's wish holds without a person: given what the person's own configuration comes to and what it would come to,
    /// the narrower settings, or null where nothing is opened by it. Null for what cannot open anything.
    /// </summary>
    internal Func<RepositorySettings, RepositorySettings, RepositorySettings?>? Narrowed { get; init; }

    /// <summary>What it opens once a person approves it, in words; null where no approval counts.</summary>
    internal string? Opens { get; init; }

    /// <summary>Whether an approval counts also where the person's own configuration sets it: it adds to that, and takes nothing away.</summary>
    internal bool IsAddedTo { get; init; }

    /// <summary>What holds while nobody can tell what it is set to; null where the default does no harm.</summary>
    internal Func<RepositorySettings, RepositorySettings>? Closed { get; init; }

    /// <summary>Whether it is looked for even in a text that cannot be read: with another value the board would be another one.</summary>
    internal bool IsSalvaged { get; init; }

    /// <summary>The variable that sets it too.</summary>
    internal string Variable => $"WORKTREEMCP_{Key.Replace('.', '_').ToUpperInvariant()}";

    internal static Setting Text(string key, string allowed, Func<string, bool> fits, Func<RepositorySettings, string, RepositorySettings> apply) =>
        new(key, allowed, (settings, value) => value.Text() is { } text && fits(text) ? apply(settings, text) : null, text => JsonValue.Create(text));

    internal static Setting Flag(string key, Func<RepositorySettings, bool, RepositorySettings> apply) =>
        new(
            key, "true or false",
            (settings, value) => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? apply(settings, value.GetValue<bool>()) : null,
            text => bool.TryParse(text, out var flag) ? JsonValue.Create(flag) : JsonValue.Create(text));

    internal static Setting Number(string key, int least, int most, Func<RepositorySettings, int, RepositorySettings> apply) =>
        new(
            key, $"a whole number from {least} to {most}",
            (settings, value) => value.Integer() is { } number && number >= least && number <= most ? apply(settings, (int)number) : null,
            text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text));

    /// <summary>A list; in a variable with commas between its members.</summary>
    internal static Setting List(string key, string allowed, Func<string, bool> fits, Func<RepositorySettings, IReadOnlyList<string>, RepositorySettings> apply) =>
        new(
            key, allowed,
            (settings, value) => value is JsonArray array && array.Select(member => member.Text()).ToList() is var members && members.TrueForAll(member => member is not null && fits(member)) ? apply(settings, members!) : null,
            text => new JsonArray([.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(member => JsonValue.Create(member))]));

    /// <summary>The same list, which may also be written as a text with commas.</summary>
    internal Setting OrText() => this with { Apply = (settings, value) => Apply(settings, value.Text() is { } text ? FromVariable(text) : value) };

    /// <summary>Says that a value does not fit.</summary>
    internal string Unfit(JsonNode? value)
    {
        var text = value is JsonObject ? "an object" : value is null ? "null" : SettingsText.Shown(value.ToJsonString(Readable));
        return $"{Key} must be {Allowed}, but is {text}";
    }

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

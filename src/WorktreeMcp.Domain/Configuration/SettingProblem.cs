using System.Globalization;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>Something in the settings that cannot be understood: commands are refused until it is mended.</summary>
/// <param name="Source">The file or the variable.</param>
/// <param name="Line">The line in the file, or null.</param>
/// <param name="Column">The character in the line, or null.</param>
/// <param name="Reason">Why.</param>
public sealed record SettingProblem(string Source, int? Line, int? Column, string Reason)
{
    /// <summary>All of it, in one sentence without an end.</summary>
    /// <returns>Words for a person.</returns>
    public override string ToString() => Line is { } line ? string.Create(CultureInfo.InvariantCulture, $"{Source}, line {line}, column {Column}: {Reason}") : $"{Source}: {Reason}";

    /// <summary>The same with its end.</summary>
    internal string Sentence => ToString() is var text && text.EndsWith('?') ? text : $"{text}.";

    /// <summary>Several, as they are shown together.</summary>
    /// <param name="problems">At least one.</param>
    /// <returns>Words for a person.</returns>
    internal static string Words(IReadOnlyList<SettingProblem> problems)
    {
        const int Most = 8;
        return string.Join("; ", problems.Take(Most)) + (problems.Count > Most ? string.Create(CultureInfo.InvariantCulture, $"; and {problems.Count - Most} more") : string.Empty);
    }
}

namespace WorktreeMcp.Server.Wire;

/// <summary>Says what an answer leaves out and where it stands.</summary>
internal static class Omission
{
    /// <summary>One sentence, or null when nothing was left out.</summary>
    /// <param name="rest">Where all of it stands.</param>
    /// <param name="parts">How many of what were left out.</param>
    internal static string? Of(string rest, params (long Count, string What)[] parts)
    {
        var missing = parts.Where(part => part.Count > 0).Select(part => $"{part.Count} {part.What}").ToList();
        return missing.Count == 0 ? null : $"{string.Join(", ", missing)} left out; {rest}";
    }

    /// <summary>Several of them as one, or null.</summary>
    internal static string? Join(params string?[] omissions) =>
        omissions.OfType<string>().ToList() is { Count: > 0 } some ? string.Join(". ", some) : null;
}

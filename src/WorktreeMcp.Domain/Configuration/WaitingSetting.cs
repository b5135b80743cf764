namespace WorktreeMcp.Domain.Configuration;

/// <summary>What a repository's own file would open, and what does not count until a person has approved it.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value as JSON.</param>
/// <param name="Opens">What it opens, in words.</param>
public sealed record WaitingSetting(string Key, string Value, string Opens)
{
    /// <summary>Whether it is for commands.</summary>
    internal bool IsOfCommands => Key.StartsWith("run.", StringComparison.Ordinal);

    /// <summary>Says what waits and how it is approved.</summary>
    /// <param name="waiting">What waits; at least one.</param>
    /// <param name="root">The main checkout.</param>
    /// <returns>A sentence.</returns>
    internal static string Words(IReadOnlyList<WaitingSetting> waiting, string root) =>
        $"{string.Join(", ", waiting.Select(one => one.Key))} of {SettingsReader.FileName} {(waiting.Count == 1 ? "does" : "do")} not count: nobody has approved what it opens. A person can look at it and approve it with: worktree-mcp trust --repo '{root}'";
}

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>Names in a sentence.</summary>
internal static class Listed
{
    /// <summary>The first of them, and how many more there are.</summary>
    internal static string Of(IReadOnlyList<string> names, int most) =>
        string.Join(", ", names.Take(most)) + (names.Count > most ? $" and {names.Count - most} more" : string.Empty);
}

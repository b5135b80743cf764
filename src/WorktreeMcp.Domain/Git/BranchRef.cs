namespace WorktreeMcp.Domain.Git;

/// <summary>A branch by the full name of its ref.</summary>
internal static class BranchRef
{
    /// <summary>What such names begin with.</summary>
    internal const string Prefix = "refs/heads/";

    /// <summary>The ref of a branch.</summary>
    internal static string Of(string branch) => Prefix + branch;

    /// <summary>The branch of a ref; null where it is none.</summary>
    internal static string? ShortOf(string? name) => name?.StartsWith(Prefix, StringComparison.Ordinal) == true ? name[Prefix.Length..] : null;
}

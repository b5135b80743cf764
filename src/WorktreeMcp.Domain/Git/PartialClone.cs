namespace WorktreeMcp.Domain.Git;

/// <summary>
/// A clone that has not all content, and fetches what is missing when it is asked for. No git of ours does so: it would start whatever
/// the repository's configuration names for its remote. A person is told the command that fetches just what is needed.
/// </summary>
internal static class PartialClone
{
    private const string EmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    private const string EmptyTree256 = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

    /// <summary>Whether git failed because content is missing that it would have fetched.</summary>
    /// <param name="words">What it said.</param>
    internal static bool IsMissing(string words) =>
        words.Contains("promisor remote", StringComparison.Ordinal) || words.Contains("lazy fetching disabled", StringComparison.Ordinal);

    /// <summary>The command that fetches all files of a commit.</summary>
    internal static string FetchFiles(string commonDirectory, string commit) => Fetch(commonDirectory, commit.Length == EmptyTree.Length ? EmptyTree : EmptyTree256, commit);

    /// <summary>The command that fetches what a merge of two commits reads.</summary>
    internal static string FetchForMerge(string commonDirectory, string? mergeBase, string ours, string theirs) => mergeBase is null
        ? $"{FetchFiles(commonDirectory, ours)} && {FetchFiles(commonDirectory, theirs)}"
        : $"{Fetch(commonDirectory, mergeBase, ours)} && {Fetch(commonDirectory, mergeBase, theirs)}";

    // git fetches all that a comparison lacks at once.
    private static string Fetch(string commonDirectory, string from, string to) =>
        $"git --git-dir='{commonDirectory.Replace("'", "'\\''", StringComparison.Ordinal)}' diff --shortstat {from} {to}";
}

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What is to be deleted from the trash.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="All">Whether everything is.</param>
/// <param name="Days">What was removed at least so many days ago; null for what is over its time or over the size that may wait.</param>
/// <param name="DryRun">Whether to list only.</param>
/// <param name="Yes">Whether to delete without asking.</param>
/// <param name="Output">Where the list goes.</param>
public sealed record GcOptions(string RepositoryPath, bool All, int? Days, bool DryRun, bool Yes, TextWriter Output)
{
    /// <summary>Whether what holds the only copy of a repository's commits goes too.</summary>
    public bool OnlyCopies { get; init; }
}

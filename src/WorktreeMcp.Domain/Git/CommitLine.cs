namespace WorktreeMcp.Domain.Git;

/// <summary>A commit in a list.</summary>
/// <param name="Hash">Full hash.</param>
/// <param name="Subject">First line of its message.</param>
/// <param name="At">Commit time in unix seconds.</param>
public sealed record CommitLine(string Hash, string Subject, long At);

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What <c>trust</c> was asked for.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="Yes">Whether to approve without asking.</param>
/// <param name="Revoke">Whether to take an approval back.</param>
/// <param name="Output">Where the commands are shown.</param>
/// <param name="Error">Where refusals go.</param>
public sealed record TrustOptions(string RepositoryPath, bool Yes, bool Revoke, TextWriter Output, TextWriter Error);

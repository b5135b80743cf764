namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Which task a person frees.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="TaskId">The task.</param>
/// <param name="Agent">Under which name, or null for a person's.</param>
/// <param name="Output">Where is said what was done.</param>
/// <param name="Error">Where is said why not.</param>
public sealed record ReleaseOptions(string RepositoryPath, int TaskId, string? Agent, TextWriter Output, TextWriter Error);

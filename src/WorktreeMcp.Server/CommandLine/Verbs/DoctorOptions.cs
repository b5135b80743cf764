namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What the doctor was asked for.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="Fix">Whether to repair what is ours.</param>
/// <param name="Json">Whether to print one JSON object.</param>
/// <param name="Output">Where the report goes.</param>
public sealed record DoctorOptions(string RepositoryPath, bool Fix, bool Json, TextWriter Output);

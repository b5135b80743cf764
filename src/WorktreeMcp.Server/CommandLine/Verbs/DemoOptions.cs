namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What the demo was asked for.</summary>
/// <param name="RepositoryPath">A repository to clone and play on, or null for a small one made for it.</param>
/// <param name="Keep">Whether the scratch folder stays for a look around.</param>
/// <param name="Team">Whether three agents land five tasks, instead of two at work side by side.</param>
/// <param name="Output">Where it tells its story.</param>
/// <param name="Error">Where it says what went wrong.</param>
public sealed record DemoOptions(string? RepositoryPath, bool Keep, bool Team, TextWriter Output, TextWriter Error);

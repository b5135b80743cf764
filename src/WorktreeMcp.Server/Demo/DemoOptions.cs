namespace WorktreeMcp.Server.Demo;

/// <summary>What the demo was asked for.</summary>
/// <param name="RepositoryPath">The value of <c>--repo</c>, if given.</param>
/// <param name="Output">Where it tells its story.</param>
/// <param name="Error">Where it says what went wrong.</param>
public sealed record DemoOptions(string? RepositoryPath, TextWriter Output, TextWriter Error);

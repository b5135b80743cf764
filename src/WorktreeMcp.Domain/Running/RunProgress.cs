namespace WorktreeMcp.Domain.Running;

/// <summary>How a command stands while somebody waits for it.</summary>
/// <param name="Elapsed">Since the wait began.</param>
/// <param name="LastLine">The last line it wrote; empty when it wrote none.</param>
public sealed record RunProgress(TimeSpan Elapsed, string LastLine);

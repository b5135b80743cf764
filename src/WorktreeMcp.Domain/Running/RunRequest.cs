namespace WorktreeMcp.Domain.Running;

/// <summary>A command to run in a worktree.</summary>
/// <param name="Command">One shell command.</param>
/// <param name="WorkingDirectory">The directory it starts in.</param>
/// <param name="Variables">What it finds in its environment beyond the allow-list; these win over inherited ones.</param>
/// <param name="Timeout">When it is ended with all it started.</param>
public sealed record RunRequest(
    string Command, string WorkingDirectory, IReadOnlyDictionary<string, string> Variables, TimeSpan Timeout);

using System.Security.Cryptography;

namespace WorktreeMcp.Domain.Running;

/// <summary>A command to run in a worktree.</summary>
/// <param name="Command">One shell command.</param>
/// <param name="WorkingDirectory">The directory it starts in.</param>
/// <param name="Variables">What it finds in its environment beyond the allow-list; these win over inherited ones.</param>
/// <param name="Timeout">When it is ended with all it started.</param>
internal sealed record ShellCommand(
    string Command, string WorkingDirectory, IReadOnlyDictionary<string, string> Variables, TimeSpan Timeout)
{
    /// <summary>Program and arguments that are put before <c>/bin/sh -c COMMAND</c>, such as those of a sandbox; none by default.</summary>
    public IReadOnlyList<string> Wrapper { get; init; } = [];

    /// <summary>The run's id: nobody can guess it, and the command has it in its environment.</summary>
    public string RunId { get; init; } = NewId();

    /// <summary>An id that no other run has.</summary>
    /// <returns>A word for the run's folder, its marker and its callers.</returns>
    public static string NewId() => $"run-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
}

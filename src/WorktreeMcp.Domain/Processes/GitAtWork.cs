#pragma warning disable RS0030 // /proc is the kernel's list of processes, not state of ours
using System.Globalization;

namespace WorktreeMcp.Domain.Processes;

/// <summary>Whether any git runs in a repository, where the system tells.</summary>
internal static class GitAtWork
{
    /// <summary>Whether a git stands in one of these directories or names one of them; one that cannot be looked at counts.</summary>
    internal static bool In(params string[] directories) =>
        ProcessTable.All().Any(process => process.Alive && IsGit(process.Pid) && MayTouch(process.Pid, directories));

    private static bool IsGit(int pid) => Read(pid, "comm") is { } name && name.StartsWith("git", StringComparison.Ordinal);

    private static bool MayTouch(int pid, string[] directories)
    {
        var words = Read(pid, "cmdline");
        return words is null || Directory(pid) is not { } place
            || directories.Any(directory => place == directory || place.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                || words.Contains(directory, StringComparison.Ordinal));
    }

    private static string? Directory(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{Number(pid)}/cwd").LinkTarget;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{Number(pid)}/{file}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Number(int pid) => pid.ToString(CultureInfo.InvariantCulture);
}

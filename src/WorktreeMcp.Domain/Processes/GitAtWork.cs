#pragma warning disable RS0030 // /proc is the kernel's list of processes, not state of ours
using System.Diagnostics;
using System.Globalization;

namespace WorktreeMcp.Domain.Processes;

/// <summary>Whether any git runs in a repository, where the system tells.</summary>
internal static class GitAtWork
{
    // A process that ends loses its words and its directory a moment before it shows as ended.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether a git stands in one of these directories or names one of them; one that lives and cannot be looked at counts.</summary>
    internal static bool In(params string[] directories) =>
        ProcessTable.All().Any(process => process.Alive && IsGit(process.Pid) && MayTouch(process, directories));

    private static bool IsGit(int pid) => Read(pid, "comm") is { } name && name.StartsWith("git", StringComparison.Ordinal);

    private static bool MayTouch(ProcessEntry process, string[] directories)
    {
        var begin = Stopwatch.GetTimestamp();
        for (var wait = new SpinWait(); Lives(process); wait.SpinOnce())
        {
            if (Read(process.Pid, "cmdline") is { Length: > 0 } words && Directory(process.Pid) is { } place)
            {
                return directories.Any(directory => place == directory || place.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                    || words.Contains(directory, StringComparison.Ordinal));
            }

            if (Stopwatch.GetElapsedTime(begin) > LongestEnd)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Lives(ProcessEntry process) => ProcessTable.Find(process.Pid) is { Alive: true } now && now.StartTime == process.StartTime;

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

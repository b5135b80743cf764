#pragma warning disable RS0030 // /proc is the kernel's list of processes, not state of ours
using System.Diagnostics;
using System.Globalization;

namespace WorktreeMcp.Domain.Processes;

/// <summary>Whether any git runs in a repository, where the system tells.</summary>
internal static class GitAtWork
{
    // A process that ends loses its words and its directory a moment before it shows as ended.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(100);

    // Processes are stamped in hundredths of a second, files by a clock of four or ten milliseconds.
    private const double Coarse = 0.1;

    // What Linux shows to programs, whatever the kernel counts in.
    private const double TicksPerSecond = 100;

    /// <summary>
    /// Whether a git that may have made a file stands in one of these directories or names one of them: one that began
    /// after the file was last written did not. One that lives and cannot be looked at counts.
    /// </summary>
    /// <param name="written">When the file was last written.</param>
    /// <param name="directories">The repository's directories.</param>
    internal static bool SinceBefore(DateTime written, params string[] directories)
    {
        var writtenUp = UpTime() - (DateTime.UtcNow - written).TotalSeconds;
        return ProcessTable.All().Any(process => process.Alive && process.StartTime / TicksPerSecond <= writtenUp + Coarse && IsGit(process.Pid) && MayTouch(process, directories));
    }

    private static double UpTime() =>
        double.TryParse(Words("/proc/uptime")?.Split(' ')[0], CultureInfo.InvariantCulture, out var seconds) ? seconds : double.PositiveInfinity;

    private static bool IsGit(int pid) => Read(pid, "comm") is { } name && name.StartsWith("git", StringComparison.Ordinal);

    // These stay for hours beside an editor, and write nothing that git locks.
    private static bool IsReader(string words) => words.Split('\0').Any(word => word is "cat-file" or "fsmonitor--daemon");

    private static bool MayTouch(ProcessEntry process, string[] directories)
    {
        var begin = Stopwatch.GetTimestamp();
        for (var wait = new SpinWait(); Lives(process); wait.SpinOnce())
        {
            if (Read(process.Pid, "cmdline") is { Length: > 0 } words && Directory(process.Pid) is { } place)
            {
                return !IsReader(words) && directories.Any(directory => place == directory || place.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                    || words.Contains(directory, StringComparison.Ordinal));
            }

            if (Stopwatch.GetElapsedTime(begin) > LongestEnd)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Lives(ProcessEntry process) => ProcessTable.Find(process.Pid) is { Alive: true, IsEnding: false } now && now.StartTime == process.StartTime;

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

    private static string? Read(int pid, string file) => Words($"/proc/{Number(pid)}/{file}");

    private static string? Words(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Number(int pid) => pid.ToString(CultureInfo.InvariantCulture);
}

#pragma warning disable RS0030 // /proc is the kernel's list of processes, not state of ours
using System.Diagnostics;
using System.Globalization;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Whether any git runs in a repository, where the system tells.</summary>
internal static class GitAtWork
{
    // A process that ends loses its words and its directory a moment before it shows as ended.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(1);

    // Processes are stamped in hundredths of a second, files by a clock of four or ten milliseconds.
    private const double Coarse = 0.1;

    // What Linux shows to programs, whatever the kernel counts in.
    private const double TicksPerSecond = 100;

    /// <summary>
    /// Whether a git that may have made a file stands in one of these directories or names one of them. One that began after the
    /// file was last written did not, nor did one whose program has not begun yet, nor another user's if the file is ours. One that
    /// lives and cannot be looked at counts.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="written">When the file was last written.</param>
    /// <param name="commands">Which commands of git make such a file; null for any that writes.</param>
    /// <param name="directories">The repository's directories.</param>
    internal static bool SinceBefore(string file, DateTime written, string[]? commands, params string[] directories)
    {
        var writtenUp = UpTime() - (DateTime.UtcNow - written).TotalSeconds;
        var maker = UserOf(file) is { } owner && owner == Libc.EffectiveUser() ? owner : (uint?)null;
        return ProcessTable.All().Any(process => process.Alive && process.StartTime / TicksPerSecond <= writtenUp + Coarse && IsGit(process.Pid)
            && (maker is null || UserOf($"/proc/{Number(process.Pid)}") == maker) && MayTouch(process, commands, directories));
    }

    // Null where the system does not tell. Where a server on another machine gives files other owners, ours are not ours.
    private static uint? UserOf(string path) => KernelFiles.Of(KernelFiles.PathOf(path)) is { } facts ? (uint)(facts.Owner >> 32) : null;

    private static double UpTime() =>
        double.TryParse(Words("/proc/uptime")?.Split(' ')[0], CultureInfo.InvariantCulture, out var seconds) ? seconds : double.PositiveInfinity;

    // Others have names that begin like it: servers and programs for people.
    private static bool IsGit(int pid) => Read(pid, "comm")?.TrimEnd('\n') is { } name && (name == "git" || name.StartsWith("git-", StringComparison.Ordinal));

    // These stay for hours beside an editor, and write nothing that git locks.
    private static bool IsReader(string words) => words.Split('\0').Any(word => word is "cat-file" or "fsmonitor--daemon");

    private static bool MayTouch(ProcessEntry process, string[]? commands, string[] directories)
    {
        var begin = Stopwatch.GetTimestamp();
        for (var wait = new SpinWait(); Lives(process); wait.SpinOnce())
        {
            var words = Read(process.Pid, "cmdline");
            if (words is { Length: 0 } && ProcessTable.Find(process.Pid) is { Alive: true, Exits: false })
            {
                // The kernel gives a program its words before it begins; on a busy machine it may wait a while in between.
                return false;
            }

            if (words is { Length: > 0 } && Directory(process.Pid) is { } place)
            {
                return !IsReader(words) && (commands is null || words.Split('\0').Any(commands.Contains)) && directories.Any(directory => place == directory || place.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)
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

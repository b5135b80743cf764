using System.Runtime.InteropServices;

namespace WorktreeMcp.Bench;

/// <summary>What a figure means nothing without.</summary>
internal static class Machine
{
    internal static string Describe(string folder) => string.Join(", ",
        $"{Environment.ProcessorCount} cores",
        $"{RuntimeInformation.OSDescription} {Kernel()}".Trim(),
        $".NET {Environment.Version}",
        Commands.Output("git", Path.GetTempPath(), "--version").Trim(),
        $"repositories on {FileSystem(folder)}",
        $"load {Load()}");

    private static string Kernel() =>
        File.Exists("/proc/sys/kernel/osrelease") ? $"kernel {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}" : string.Empty;

    /// <summary>The kind of file system that a folder is on; of an ext4 also whether it has a journal, since without one making files after many were deleted is many times slower.</summary>
    internal static string FileSystem(string folder)
    {
        const string Mounts = "/proc/self/mounts";
        var mount = !File.Exists(Mounts) ? null : File.ReadLines(Mounts)
            .Select(line => line.Split(' '))
            .Where(part => $"{Path.GetFullPath(folder)}/".StartsWith(part[1].TrimEnd('/') + "/", StringComparison.Ordinal))
            .MaxBy(part => part[1].Length);
        return mount is not [var device, _, var type, ..] ? new DriveInfo(folder).DriveFormat
            : type != "ext4" ? type
            : Directory.Exists("/proc/fs/jbd2") && Directory.EnumerateDirectories("/proc/fs/jbd2").Any(journal => Path.GetFileName(journal).StartsWith($"{Path.GetFileName(device)}-", StringComparison.Ordinal)) ? "ext4 with a journal"
            : "ext4 without a journal";
    }

    /// <summary>
    /// Has a file system write what it was told so far. Thousands of files that were just made or deleted are otherwise written in
    /// the first fsync that comes after them, whoever asks for it.
    /// </summary>
    internal static void Rest(string folder)
    {
        if (OperatingSystem.IsLinux())
        {
            Commands.Output("sync", folder, "-f", ".");
        }
    }

    internal static string Load() =>
        File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";
}

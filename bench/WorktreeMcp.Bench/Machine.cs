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

    internal static string FileSystem(string folder) => new DriveInfo(folder).DriveFormat;

    internal static string Load() =>
        File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";
}

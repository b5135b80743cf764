#pragma warning disable RS0030 // /proc is the kernel's list of open files, not state of ours
using System.Globalization;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Who has a file open, where the system tells.</summary>
internal static class OpenFiles
{
    /// <summary>The number of a process that has the file open, or null when none is seen.</summary>
    internal static int? HolderOf(string path) =>
        ProcessTable.IsReadable ? ProcessTable.All().Where(p => Holds(p.Pid, path)).Select(p => (int?)p.Pid).FirstOrDefault() : null;

    private static bool Holds(int pid, string path)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/fd").Any(fd => new FileInfo(fd).LinkTarget == path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

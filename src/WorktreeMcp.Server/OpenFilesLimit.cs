using System.Runtime.InteropServices;

namespace WorktreeMcp.Server;

/// <summary>
/// The limit of open files that a user may set. At it the runtime loads no more code, now and for ever after, and starts no thread, so a call
/// is refused while there is still room for one. Linux only: elsewhere nobody says how many are open.
/// </summary>
internal static partial class OpenFilesLimit
{
    /// <summary>What a server needs that has loaded everything, with some calls at once.</summary>
    internal const int Needed = 192;

    private const int NeededForCall = 48;
    private const int NobodyCounts = 1 << 16;

    /// <summary>Why the server cannot work at all, or null.</summary>
    public static string? Problem => Limit() is { } most && most < Needed
        ? $"The limit of open files is {most} here (ulimit -n), and worktree-mcp needs {Needed}. Raise it for whatever starts the server."
        : null;

    /// <summary>Why there is no room for a call now, or null.</summary>
    public static string? Reached()
    {
        if (Limit() is not { } most || most >= NobodyCounts)
        {
            return null;
        }

        try
        {
#pragma warning disable RS0030 // The kernel's list, which is no file of anybody's.
            var open = Directory.GetFileSystemEntries("/proc/self/fd").Length;
#pragma warning restore RS0030
            return open + NeededForCall > (int)most ? $"{open} files are open of {most} that this user's limit allows (ulimit -n)" : null;
        }
        catch (IOException)
        {
            return $"no more files may be opened than the {most} that this user's limit allows (ulimit -n)";
        }
    }

    private static ulong? Limit()
    {
        const int OpenFiles = 7;
        return OperatingSystem.IsLinux() && GetLimit(OpenFiles, out var limits) == 0 ? limits.Soft : null;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limits limits);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Soft;
        public ulong Hard;
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Server;

/// <summary>
/// The limit of open files that a user may set. At it the runtime loads no more code, now and for ever after, and starts no thread, so a call
/// is refused while there is still room for one. Linux only: elsewhere nobody says how many are open.
/// </summary>
internal static partial class OpenFilesLimit
{
    /// <summary>What a server needs that has loaded everything, with some calls at once.</summary>
    internal const ulong Needed = 192;

    private const ulong NeededForCall = 48;

    /// <summary>Why the server cannot work at all, or null.</summary>
    public static string? Problem => Limit() is { } most && most < Needed
        ? $"The limit of open files is {most} here (ulimit -n), and worktree-mcp needs {Needed}. Raise it for whatever starts the server."
        : null;

    /// <summary>Why there is no room for a call now, or null.</summary>
    public static string? Reached()
    {
        if (Limit() is not { } most)
        {
            return null;
        }

        // The kernel gives the lowest number that is free, so about as many are open.
        const int CloseOnExec = 0x80000;
        using var next = new SafeFileHandle(Event(0, CloseOnExec), ownsHandle: true);
        var open = next.IsInvalid ? (nint)most : next.DangerousGetHandle();
        return (ulong)open + NeededForCall > most ? $"{open} files are open of {most} that this user's limit allows (ulimit -n)" : null;
    }

    private static ulong? Limit()
    {
        const int OpenFiles = 7;
        return OperatingSystem.IsLinux() && GetLimit(OpenFiles, out var limits) == 0 ? limits.Soft : null;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limits limits);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int Event(uint count, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Soft;
        public ulong Hard;
    }
}

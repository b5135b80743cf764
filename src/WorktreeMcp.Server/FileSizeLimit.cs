using System.Runtime.InteropServices;

namespace WorktreeMcp.Server;

/// <summary>
/// The limit of a file's size that a user may set. The kernel's answer to a write beyond it is a signal that ends the process;
/// ignored, the write fails like one on a full disk, and the call says so. What we start has the signal's default again.
/// </summary>
internal static partial class FileSizeLimit
{
    /// <summary>Lets such a write fail, and the process live.</summary>
    public static void MakeItAnError()
    {
        const int FileTooLarge = 25;
        const nint Ignore = 1;
        _ = SetHandler(FileTooLarge, Ignore);
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);
}

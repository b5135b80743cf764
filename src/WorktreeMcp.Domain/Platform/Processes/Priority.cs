using System.Globalization;
using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// Lets a child give way to whatever else the machine has to do. Where Linux shares the processors out by sessions (autogroup, on
/// by default in many distributions), niceness counts inside a session only, and each child of ours has one of its own: there
/// the session as a whole has to give way, or a checkout in the background takes half of a processor from a call.
/// </summary>
internal static unsafe class Priority
{
    private const int WriteOnly = 1;

    // The kernel takes one change in 100 ms from all unprivileged processes together.
    private const int Tries = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(110);

    /// <summary>Lowers a child that leads a session of its own; where that cannot be done it runs on as it is.</summary>
    /// <param name="pid">The child.</param>
    internal static void Lower(int pid)
    {
        _ = Libc.SetPriority(Libc.PriorityOfProcess, pid, Libc.Lowest);
        if (OperatingSystem.IsLinux())
        {
            LowerSession(pid);
        }
    }

    private static void LowerSession(int pid)
    {
        var file = Libc.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/autogroup"), WriteOnly);
        if (file < 0)
        {
            return;
        }

        try
        {
            var niceness = Encoding.ASCII.GetBytes(Libc.Lowest.ToString(CultureInfo.InvariantCulture));
            for (var i = 0; i < Tries && !Write(file, niceness); i++)
            {
                Thread.Sleep(Pause);
            }
        }
        finally
        {
            _ = Libc.Close(file);
        }
    }

    private static bool Write(int file, byte[] text)
    {
        fixed (byte* start = text)
        {
            return Libc.Write(file, start, text.Length) >= 0 || System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Errno.TryAgain;
        }
    }
}

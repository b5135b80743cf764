using System.Diagnostics;
using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Processes that are known by the marker in their environment alone, since all who watched over them are gone.</summary>
internal static class MarkedProcesses
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Kills them; nobody else has that marker, so no other process is meant.</summary>
    /// <param name="marker">A NAME=VALUE that cannot be guessed.</param>
    /// <returns>Those that are still alive; none where the system does not tell.</returns>
    internal static IReadOnlyList<int> End(string marker)
    {
        var variable = Encoding.UTF8.GetBytes(marker);
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            IReadOnlyList<int> left = ProcessTable.IsReadable ? [.. ProcessTable.All().Where(entry => IsMarked(entry, variable)).Select(entry => entry.Pid)] : [];
            if (left.Count == 0 || Stopwatch.GetElapsedTime(begin) > Limit)
            {
                return left;
            }

            foreach (var pid in left)
            {
                Kill(pid, variable);
            }

            Thread.Sleep(5);
        }
    }

    // The descriptor holds on to the process that is looked at, whatever becomes of its number.
    private static void Kill(int pid, byte[] variable)
    {
        var process = Libc.OpenProcess(pid);
        using var handle = new Descriptor(process);
        if (process >= 0 && ProcessTable.Find(pid) is { } entry && IsMarked(entry, variable))
        {
            Libc.SignalProcess(process, Signals.Kill);
        }
    }

    private static bool IsMarked(ProcessEntry entry, byte[] variable) =>
        entry.Alive && entry.Pid != Environment.ProcessId && ProcessTable.Carries(entry.Pid, variable);
}

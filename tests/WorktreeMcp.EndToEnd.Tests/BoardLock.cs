using System.Diagnostics;
using System.Globalization;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>The lock of a repository's board, seen from outside.</summary>
internal static class BoardLock
{
    /// <summary>Whether anybody holds it at this moment.</summary>
    public static bool IsHeld(TempRepository repository)
    {
        using var attempt = Process.Start("flock", ["--nonblock", "--conflict-exit-code", "9", repository.Layout.Lock, "true"]);
        attempt.WaitForExit();
        return attempt.ExitCode == 9;
    }

    /// <summary>Whether a process waits for a lock of this kind, as the kernel lists it.</summary>
    public static bool IsAwaitedBy(int process)
    {
        var number = process.ToString(CultureInfo.InvariantCulture);
        return File.ReadAllLines("/proc/locks").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(words => words.Contains("->") && words.Contains("FLOCK") && words.Contains(number));
    }
}

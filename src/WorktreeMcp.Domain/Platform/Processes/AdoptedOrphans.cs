using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// What a child left behind outside its session and without its marker. The kernel hands every orphan among our descendants
/// to us, on our first thread, which starts no child itself: so its list of children is these and nothing else. They may be
/// meant to stay, a key agent for one, so they are told and not ended. Linux only.
/// </summary>
internal static unsafe class AdoptedOrphans
{
    private const int AdoptOrphans = 36;

    private static readonly string Children = $"/proc/self/task/{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}/children";
    private static readonly ConcurrentDictionary<string, byte[]> Markers = new();
    private static readonly ConcurrentDictionary<int, bool> Sessions = new();

    /// <summary>Asks the kernel for the orphans, once in a process.</summary>
    internal static void Adopt()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Libc.ProcessControl(AdoptOrphans, 1, 0, 0, 0);
        }
    }

    /// <summary>Says that a child with this marker runs: what carries it is its own, and no foundling of another.</summary>
    internal static void Expect(string? marker)
    {
        if (marker is not null)
        {
            Markers[marker] = Encoding.UTF8.GetBytes(marker);
        }
    }

    /// <summary>Says that it has ended.</summary>
    internal static void Forget(string? marker)
    {
        if (marker is not null)
        {
            Markers.TryRemove(marker, out _);
        }
    }

    /// <summary>Says that a child runs or is being ended: the orphans in its session are its own, and no foundlings of another.</summary>
    internal static void ExpectSession(int session) => Sessions[session] = true;

    /// <summary>Says that the session's number may soon be another's.</summary>
    internal static void ForgetSession(int session) => Sessions.TryRemove(session, out _);

    /// <summary>Those that live and began with a child or after it; those that have ended are reaped.</summary>
    /// <param name="started">When the child began; null where the system does not tell.</param>
    internal static IReadOnlyList<int> Since(long? started)
    {
        if (!OperatingSystem.IsLinux() || started is null)
        {
            return [];
        }

        var alive = new List<int>();
        foreach (var word in Listed().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var pid = int.Parse(word, CultureInfo.InvariantCulture);
            if (ProcessTable.Find(pid) is not { Alive: true } found)
            {
                Libc.WaitPid(pid, null, Libc.WaitNoHang);
            }
            else if (found.StartTime >= started && !Sessions.ContainsKey(found.Session) && !Markers.Values.Any(marker => ProcessTable.Carries(pid, marker)))
            {
                alive.Add(pid);
            }
        }

        return alive;
    }

    private static string Listed()
    {
        try
        {
#pragma warning disable RS0030 // /proc is the kernel's list of processes, not state of ours
            return File.ReadAllText(Children);
#pragma warning restore RS0030
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A kernel that was built without this list.
            return string.Empty;
        }
    }
}

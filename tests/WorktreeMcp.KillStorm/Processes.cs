using System.Globalization;
using System.Runtime.InteropServices;

namespace WorktreeMcp.KillStorm;

/// <summary>Who is whose child, from /proc; and signals to single processes.</summary>
internal static partial class Processes
{
    public const int Kill = 9;
    public const int Stop = 19;
    public const int Continue = 18;

    public static void Signal(int pid, int signal) => _ = kill(pid, signal);

    /// <summary>The children of a process, read from its threads' own lists: quick enough to catch a git call of 5 ms.</summary>
    public static List<int> Children(int pid)
    {
        var found = new List<int>();
        try
        {
            foreach (var thread in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                foreach (var child in File.ReadAllText(Path.Join(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    found.Add(int.Parse(child, CultureInfo.InvariantCulture));
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
        }

        return found;
    }

    public static List<int> Descendants(int pid)
    {
        var all = Children(pid);
        for (var i = 0; i < all.Count; i++)
        {
            all.AddRange(Children(all[i]));
        }

        return all;
    }

    public static string NameOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    public static string CommandOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    /// <summary>Whether it runs: a zombie does not.</summary>
    public static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}

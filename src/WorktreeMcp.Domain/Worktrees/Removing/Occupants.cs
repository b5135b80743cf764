using System.Globalization;
using System.Text;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Worktrees.Removing;

/// <summary>A process that stands in a directory.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Name">Its program.</param>
internal sealed record Occupant(int Pid, string Name);

/// <summary>Which processes have their current directory inside a worktree; none where the system does not tell.</summary>
internal static class Occupants
{
    private static readonly byte[] Look = Encoding.UTF8.GetBytes($"{GitCall.LookName}=1");

    internal static IReadOnlyList<Occupant> In(string directory)
    {
        if (!ProcessTable.IsReadable)
        {
            return [];
        }

        var inside = directory + Path.DirectorySeparatorChar;
        return [.. ProcessTable.All()
            .Select(p => (p.Pid, Directory: CurrentDirectory(p.Pid)))
            .Where(p => p.Directory == directory || p.Directory?.StartsWith(inside, StringComparison.Ordinal) == true)
            .Where(p => !ProcessTable.Carries(p.Pid, Look) && IsThere(p.Pid))
            .Select(p => new Occupant(p.Pid, NameOf(p.Pid)))];
    }

    // One that is on its way out has no environment any more, so a look that has just ended cannot be told by it.
    private static bool IsThere(int pid) => ProcessTable.Find(pid) is { Alive: true, IsEnding: false };

#pragma warning disable RS0030 // /proc is the kernel's list of processes, not state of ours
    private static string? CurrentDirectory(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cwd").LinkTarget;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string NameOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/comm").Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "a process";
        }
    }
#pragma warning restore RS0030
}

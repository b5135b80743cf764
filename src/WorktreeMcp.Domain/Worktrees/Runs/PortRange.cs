using System.Net;
using System.Net.Sockets;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>
/// Ten ports for each worktree, so that servers under test do not meet. The entry holds the first; a range is given once, to
/// one living worktree, and was free when it was given.
/// </summary>
internal static class PortRange
{
    /// <summary>How many ports a worktree has.</summary>
    internal const int Count = 10;

    // Above the registered ports that programs listen on by habit, below those that systems hand out by themselves.
    private const int First = 20_000;
    private const int Ranges = 1_200;

    /// <summary>The worktree with its ports: those it has, else the next free ones; without any when none are free.</summary>
    /// <param name="worktree">The worktree.</param>
    /// <param name="all">All entries of the registry.</param>
    /// <param name="root">The repository: others on the machine look for theirs elsewhere.</param>
    internal static Worktree Give(Worktree worktree, IReadOnlyList<Worktree> all, string root)
    {
        var taken = all.Where(other => other.IsLive && other.Id != worktree.Id).Select(other => other.Ports).OfType<int>().ToHashSet();
        if (worktree.Ports is { } ports && !taken.Contains(ports))
        {
            return worktree;
        }

        var begin = root.Aggregate(17u, (sum, letter) => (sum * 31) + letter) % Ranges;
        var free = Enumerable.Range(0, Ranges)
            .Select(i => First + ((int)((begin + i) % Ranges) * Count))
            .Where(first => !taken.Contains(first) && Enumerable.Range(first, Count).All(IsFree))
            .Select(first => (int?)first)
            .FirstOrDefault();
        return worktree with { Ports = free };
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

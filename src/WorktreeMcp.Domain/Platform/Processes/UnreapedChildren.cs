using System.Collections.Concurrent;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Children that were still alive when their call had to return; they are reaped when they do end.</summary>
internal static unsafe class UnreapedChildren
{
    private static readonly ConcurrentDictionary<int, bool> Unreaped = new();

    /// <summary>Remembers a child that outlived its call.</summary>
    internal static void Leave(int pid) => Unreaped[pid] = true;

    /// <summary>Reaps those that have ended since.</summary>
    internal static void Reap()
    {
        foreach (var pid in Unreaped.Keys)
        {
            if (Unreaped.TryRemove(pid, out _) && Libc.WaitPid(pid, null, Libc.WaitNoHang) == 0)
            {
                Unreaped[pid] = true;
            }
        }
    }
}

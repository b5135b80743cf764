namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// How many folders a process may watch, all its queues together. What a user may watch is shared with editors and with other
/// servers, so it is a third of that.
/// </summary>
/// <param name="most">The number.</param>
internal sealed class WatchBudget(int most)
{
    private const int Share = 3;
    private const int MostFolders = 65_536;

    private int _taken;

    /// <summary>That of this process.</summary>
    internal static WatchBudget OfProcess { get; } = new(Math.Min(MostFolders, WatchLimits.Allowed() / Share));

    /// <summary>Whether nothing may be watched at all.</summary>
    internal bool IsNone => most == 0;

    /// <summary>How many are taken.</summary>
    internal int Taken => Volatile.Read(ref _taken);

    /// <summary>Takes one, if there is one left.</summary>
    internal bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= most)
        {
            return true;
        }

        Interlocked.Decrement(ref _taken);
        return false;
    }

    /// <summary>Gives some back.</summary>
    internal void Give(int count) => Interlocked.Add(ref _taken, -count);
}

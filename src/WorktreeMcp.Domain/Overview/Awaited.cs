namespace WorktreeMcp.Domain.Overview;

/// <summary>What somebody waits for on the board.</summary>
/// <param name="Agent">Who waits.</param>
/// <param name="Longest">How long at most.</param>
/// <param name="SinceSeq">The last event that is not new to it; null when it knows nothing yet.</param>
public sealed record WaitOrder(string Agent, TimeSpan Longest, long? SinceSeq = null);

/// <summary>Why a wait ended.</summary>
public enum WakingKind
{
    /// <summary>A task can be taken that could not be before.</summary>
    Ready,

    /// <summary>A claim has ended: its task can be taken over.</summary>
    ClaimEnded,

    /// <summary>All tasks are over.</summary>
    AllDone,

    /// <summary>There is something to tell to whoever waits.</summary>
    News,
}

/// <summary>Something that ended a wait.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="TaskId">Which task; null when it is about none.</param>
/// <param name="Owner">Whose claim has ended; null for other kinds.</param>
public sealed record Waking(WakingKind Kind, int? TaskId = null, string? Owner = null);

/// <summary>How a wait ended.</summary>
/// <param name="Woke">What ended it; empty when the time was over.</param>
public sealed record Awaited(IReadOnlyList<Waking> Woke)
{
    /// <summary>Whether nothing happened in all that time.</summary>
    public bool TimedOut => Woke.Count == 0;
}

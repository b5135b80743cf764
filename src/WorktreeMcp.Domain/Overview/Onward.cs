using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Overview;

/// <summary>How it goes on after an answer.</summary>
/// <param name="Step">What comes next; null when nothing does.</param>
public readonly record struct Onward(NextStep? Step)
{
    /// <summary>Whether every task of the board is over.</summary>
    public bool IsDone => Step is null;
}

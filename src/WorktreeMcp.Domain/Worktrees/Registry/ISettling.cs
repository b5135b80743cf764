using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>Settles what a killed server left in the middle, before anybody acts on it or is shown it.</summary>
internal interface ISettling
{
    /// <summary>All entries, none of them in the middle of something that could be settled.</summary>
    IReadOnlyList<Worktree> Settled();

    /// <summary>The same for a call that is going to change something: refuses in a copy of the repository.</summary>
    IReadOnlyList<Worktree> SettledForChange();

    /// <summary>Settles what is in the middle or was moved, before a change; refuses in a copy of the repository.</summary>
    void SettleAbandoned(StateChange change);
}

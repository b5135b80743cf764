using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>
/// Where every call about worktrees begins: what a killed server left in the middle is settled before anybody acts on it or is shown it.
/// A later change of the same call goes on by the store, with the worktree's lock in hand.
/// </summary>
internal interface ISettling
{
    /// <summary>All entries, none of them in the middle of something that could be settled.</summary>
    IReadOnlyList<Worktree> Settled();

    /// <summary>The same for a call that is going to change something: refuses in a copy of the repository.</summary>
    IReadOnlyList<Worktree> SettledForChange();

    /// <summary>Begins a change of the registry: settles what is in the middle or was moved; refuses in a copy of the repository.</summary>
    StateChange Begin(string operation, string by);
}

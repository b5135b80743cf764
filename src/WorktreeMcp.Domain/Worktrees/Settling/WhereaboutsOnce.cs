namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>Where worktrees are, for one call: each is looked at once, when it is first asked for.</summary>
internal sealed class WhereaboutsOnce(Whereabouts whereabouts)
{
    private readonly Dictionary<int, Whereabout> _seen = [];

    internal Whereabout Of(Worktree worktree) => _seen.TryGetValue(worktree.Id, out var seen) ? seen : _seen[worktree.Id] = whereabouts.Of(worktree);

    /// <summary>Something was settled meanwhile, so they may be elsewhere now.</summary>
    internal void Forget() => _seen.Clear();
}

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>
/// The names of files that worktrees change, as far as this process has seen them when somebody asked for something else: nobody is asked for them.
/// What was uncommitted before a commit counts as changed afterwards too, until somebody sees all of it anew or it has landed.
/// </summary>
internal sealed class TouchedNames
{
    private const int MostNames = 2_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, Names> _known = [];
    private long _version;

    /// <summary>Grows whenever a name may have come or gone.</summary>
    internal long Version => Interlocked.Read(ref _version);

    /// <summary>The uncommitted files of a worktree were seen.</summary>
    /// <param name="worktree">Its number.</param>
    /// <param name="head">The commit it was at.</param>
    /// <param name="uncommitted">The files.</param>
    internal void SeeUncommitted(int worktree, string? head, IEnumerable<string> uncommitted)
    {
        var now = Few(uncommitted);
        lock (_gate)
        {
            var before = _known.GetValueOrDefault(worktree);
            IReadOnlySet<string> committed = before is null ? Few([]) : before.Head == head ? before.Committed : Few(before.Committed.Concat(before.Uncommitted));
            Put(worktree, new Names(head, committed, now));
        }
    }

    /// <summary>All files in which a worktree differs from its base were seen.</summary>
    /// <param name="worktree">Its number.</param>
    /// <param name="head">The commit it was at.</param>
    /// <param name="committed">What its commits change.</param>
    /// <param name="uncommitted">What is uncommitted.</param>
    internal void SeeAll(int worktree, string? head, IEnumerable<string> committed, IEnumerable<string> uncommitted)
    {
        var names = new Names(head, Few(committed), Few(uncommitted));
        lock (_gate)
        {
            Put(worktree, names);
        }
    }

    /// <summary>What it had changed has landed, or is no longer there.</summary>
    internal void Forget(int worktree)
    {
        lock (_gate)
        {
            _version += _known.Remove(worktree) ? 1 : 0;
        }
    }

    /// <summary>Forgets all worktrees but these.</summary>
    internal void Keep(IReadOnlySet<int> worktrees)
    {
        lock (_gate)
        {
            foreach (var gone in _known.Keys.Where(id => !worktrees.Contains(id)).ToList())
            {
                _known.Remove(gone);
                _version++;
            }
        }
    }

    /// <summary>The files that a worktree changes.</summary>
    internal IReadOnlyList<string> Of(int worktree)
    {
        lock (_gate)
        {
            return _known.TryGetValue(worktree, out var names) ? [.. names.All.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] : [];
        }
    }

    /// <summary>The files that two worktrees both change.</summary>
    internal IReadOnlyList<string> Shared(int one, int other)
    {
        lock (_gate)
        {
            return _known.TryGetValue(one, out var mine) && _known.TryGetValue(other, out var theirs)
                ? [.. mine.All.Where(theirs.Has).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]
                : [];
        }
    }

    /// <summary>Which of these files a worktree changes.</summary>
    internal IReadOnlyList<string> Among(int worktree, IReadOnlyList<string> files)
    {
        lock (_gate)
        {
            return _known.TryGetValue(worktree, out var names) ? [.. files.Where(names.Has)] : [];
        }
    }

    private static HashSet<string> Few(IEnumerable<string> names) => names.Take(MostNames).ToHashSet(StringComparer.Ordinal);

    private void Put(int worktree, Names names)
    {
        if (!_known.TryGetValue(worktree, out var known) || !known.Equals(names))
        {
            _version++;
        }

        _known[worktree] = names;
    }

    private sealed record Names(string? Head, IReadOnlySet<string> Committed, IReadOnlySet<string> Uncommitted)
    {
        internal IEnumerable<string> All => Committed.Concat(Uncommitted);

        internal bool Has(string file) => Committed.Contains(file) || Uncommitted.Contains(file);

        public bool Equals(Names? other) => other is not null && Head == other.Head && Committed.SetEquals(other.Committed) && Uncommitted.SetEquals(other.Uncommitted);

        public override int GetHashCode() => HashCode.Combine(Head, Committed.Count, Uncommitted.Count);
    }
}

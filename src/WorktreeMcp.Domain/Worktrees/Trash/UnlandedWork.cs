using System.Collections.Concurrent;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Trash;

/// <summary>
/// The one place that decides whether a worktree's branch has anything of its own. It has nothing if another branch that
/// stays holds its commits, the same tree, or the same change. Only committed work is judged here: files that are not
/// committed never count as landed. In doubt it has something. Whether a commit has landed in another depends on these two
/// alone and takes git long in a large repository: who asks before the lock is taken has the answer remembered under it.
/// </summary>
internal sealed class UnlandedWork(WorktreePlaces parts)
{
    private const int MostKnown = 100;

    private readonly ConcurrentDictionary<(string Tip, string Live), bool> _landed = new();

    /// <summary>What a branch holds that nothing else holds; null when there is no such thing.</summary>
    internal string? OwnWork(Worktree worktree, string tip)
    {
        if (worktree.BaseCommit is not { } start)
        {
            return "its base is unknown";
        }

        try
        {
            var bases = Bases(worktree).ToList();
            return bases.Count == 0 ? BeyondStart(worktree, tip, start) : bases.Select(name => Beyond(worktree, tip, name)).Aggregate((one, other) => one is null || other is null ? null : one);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal { Code: RefusalCode.GitFailed })
        {
            return fault.Message;
        }
    }

    private IEnumerable<string> Bases(Worktree worktree) => new[] { worktree.BaseRef, worktree.Landed?.Into }.OfType<string>().Distinct(StringComparer.Ordinal)
        .Where(name => name != worktree.Branch && parts.Git.Refs.Resolve(BranchRef.Of(name)) is not null);

    private string? Beyond(Worktree worktree, string tip, string name)
    {
        var live = parts.Git.Refs.Resolve(BranchRef.Of(name))!;
        var (ahead, behind) = parts.Git.Distances.Of(tip, live);
        if (ahead == 0)
        {
            return null;
        }

        // The base may have been moved back: a branch without a commit of its own may then be all that holds its commits.
        return parts.Git.Distances.Of(tip, worktree.BaseCommit!).Ahead == 0 ? HeldBy(worktree, tip)
            : HasLanded(tip, live, behind) ? null
            : $"it has {Commits(ahead)} that {name} does not have";
    }

    // Squash-merged, rebased or cherry-picked, by us or by anybody.
    private bool HasLanded(string tip, string live, int behind)
    {
        if (_landed.Count >= MostKnown)
        {
            _landed.Clear();
        }

        return _landed.TryGetValue((tip, live), out var known) ? known : _landed[(tip, live)] = Compare(tip, live, behind);
    }

    private bool Compare(string tip, string live, int behind)
    {
        var trials = parts.Git.Trials;
        if (trials.HaveSameTree(tip, live))
        {
            return true;
        }

        // Where the other has nothing that this one lacks, no change of this one can be there in another form.
        if (behind == 0 || trials.MergeBase(tip, live) is not { } parted)
        {
            return false;
        }

        using var scratch = trials.Scratch();
        return trials.IsEquivalent(tip, parted, live)
            || (parts.Git.Version.CanMerge && trials.Merge(live, tip, scratch) is { Conflicts.Count: 0 } merged && merged.Tree == trials.TreeOf(live));
    }

    private string? BeyondStart(Worktree worktree, string tip, string start)
    {
        var ahead = parts.Git.Distances.Of(tip, start).Ahead;
        return ahead > 0 ? $"it has {Commits(ahead)} that {worktree.BaseRef ?? "its base"} does not have" : HeldBy(worktree, tip);
    }

    private string? HeldBy(Worktree worktree, string tip)
    {
        var only = parts.Git.CommitsOnlyOn(worktree.Branch, tip);
        return only == 0 ? null : $"it holds {Commits(only)} that no other branch holds";
    }

    private static string Commits(int count) => $"{count} commit{(count == 1 ? string.Empty : "s")}";
}

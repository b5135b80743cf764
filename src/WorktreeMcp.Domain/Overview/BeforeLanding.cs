using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Overview;

/// <summary>What has to hold before work can land, as a kind.</summary>
public enum LandingNeed
{
    /// <summary>Nobody else holds its task.</summary>
    Free,

    /// <summary>It has a commit that its base lacks.</summary>
    Work,

    /// <summary>Nothing in its worktree is uncommitted.</summary>
    Committed,

    /// <summary>git is in the middle of nothing there.</summary>
    AtRest,

    /// <summary>It does not conflict with its base.</summary>
    NoConflict,

    /// <summary>Every criterion of its task is met; only of a task that has some.</summary>
    Criteria,
}

/// <summary>One thing that has to hold before work can land.</summary>
/// <param name="Need">What.</param>
/// <param name="Met">Whether it holds; null when nobody can tell now.</param>
/// <param name="Names">What it is about: who holds it, which files, what git does.</param>
public sealed record LandingHurdle(LandingNeed Need, bool? Met, IReadOnlyList<string> Names);

/// <summary>
/// Says what stands in the way of a landing before anybody asks for one. It decides nothing: the landing itself looks again, under its locks.
/// </summary>
public static class BeforeLanding
{
    /// <summary>All that has to hold, met or not.</summary>
    /// <param name="card">The task.</param>
    /// <param name="worktree">Its worktree as it was just found.</param>
    /// <param name="person">Who would land it.</param>
    /// <returns>Each need once.</returns>
    public static IReadOnlyList<LandingHurdle> Of(TaskCard card, WorktreeDetail worktree, string person)
    {
        var held = card.LeaseLeft > 0 && card.Task.Owner is { } owner && owner != person;
        var files = worktree.Files is { } changes ? changes.Staged.Concat(changes.Modified).Concat(changes.Conflicted).Concat(changes.Untracked).Distinct(StringComparer.Ordinal).ToList() : null;
        List<LandingHurdle> hurdles =
        [
            new LandingHurdle(LandingNeed.Free, !held, held ? [card.Task.Owner!] : []),
            new LandingHurdle(LandingNeed.Work, worktree.View.Ahead is { } ahead ? ahead > 0 : null, []),
            new LandingHurdle(LandingNeed.Committed, files is null ? null : files.Count == 0, files ?? []),
            new LandingHurdle(LandingNeed.AtRest, worktree.InProgress is null, worktree.InProgress is { } operation ? [operation] : []),
            new LandingHurdle(LandingNeed.NoConflict, worktree.Conflicts is { } conflicts ? conflicts.Count == 0 : null, worktree.Conflicts ?? []),
        ];
        if (card.Task is { IsOpen: true, Contract: { Acceptance: { Count: > 0 } all } })
        {
            var open = ContractTerms.OpenCriteria(card.Task);
            hurdles.Add(new LandingHurdle(LandingNeed.Criteria, open.Count == 0, [.. open.Select(number => all[number - 1].Text)]));
        }

        return hurdles;
    }
}

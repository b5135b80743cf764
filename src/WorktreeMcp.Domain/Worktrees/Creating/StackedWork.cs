using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Creating;

/// <summary>Where work that other work builds on is to be found: of the tasks that one waited for, and of the branch below.</summary>
internal sealed class StackedWork(WorktreePlaces parts)
{
    /// <summary>
    /// The base of a new worktree whose caller named none. That is the usual one, unless the work of a task it waited for has
    /// landed on another branch and is not in it.
    /// </summary>
    /// <param name="task">The task the worktree is for, or null.</param>
    /// <param name="all">All entries.</param>
    /// <param name="usual">What worktrees start from otherwise.</param>
    internal string BaseFor(BoardTask? task, IReadOnlyList<Worktree> all, string usual)
    {
        if (task is null || task.BlockedBy.Count == 0 || parts.Git.ResolveCommit(usual) is not { } start)
        {
            return usual;
        }

        var missing = Work(task, all).Where(work => !Holds(start, work.Tip)).ToList();
        return Work(task, all).SelectMany(work => new[] { work.Worktree.Landed?.Into, work.Worktree.BaseRef }).OfType<string>().Distinct(StringComparer.Ordinal)
            .Select(branch => (Branch: branch, Tip: parts.Git.Refs.Resolve(BranchRef.Of(branch))))
            .Where(candidate => candidate.Tip is not null && Holds(candidate.Tip, start))
            .Select(candidate => (candidate.Branch, Count: missing.Count(work => Holds(candidate.Tip!, work.Tip))))
            .Where(candidate => candidate.Count > 0)
            .OrderByDescending(candidate => candidate.Count)
            .Select(candidate => candidate.Branch)
            .FirstOrDefault() ?? usual;
    }

    /// <summary>Which work of tasks it waited for a new worktree does not hold; null when it holds all.</summary>
    internal string? MissingFrom(string start, BoardTask? task, IReadOnlyList<Worktree> all)
    {
        var missing = task is null ? [] : Work(task, all).Where(work => !Holds(start, work.Tip)).ToList();
        return missing.Count == 0
            ? null
            : $"It does not hold the work of {string.Join(", ", missing.Select(work => $"task {work.Worktree.TaskId} on {work.Worktree.Branch}"))}, which has not landed in its base. If you need it, merge that branch here, or start from it with base_ref.";
    }

    /// <summary>What to do with a worktree that was started from another one's branch once that one has landed; else null.</summary>
    internal Advice? AfterLandingBelow(Worktree upper, IReadOnlyList<Worktree> all)
    {
        var lower = all.Where(w => w.Id != upper.Id && w.Branch == upper.BaseRef).OrderByDescending(w => w.IsLive).ThenByDescending(w => w.Id).FirstOrDefault();
        if ((lower?.Landed?.Into ?? lower?.BaseRef) is not { } into || parts.Git.Refs.Resolve(BranchRef.Of(into)) is not { } target || TipOf(lower!) is not { } tip || !Holds(target, tip))
        {
            return null;
        }

        var head = parts.Git.Refs.Resolve(BranchRef.Of(upper.Branch));
        return head is not null && Holds(head, target)
            ? (Advice)$"Its base {upper.BaseRef} has landed in {into}, and this branch holds all of {into}: it can land in {into} ({new NextStep.LandWorktree(Into: into):with})."
            : $"Its base {upper.BaseRef} has landed in {into}; nothing was rebased. Go on from there with {Step.RunCommand}: git rebase --onto {into} {LastOfBelow(upper, head, lower!.Landed?.Tip ?? tip)[..12]}. Then it can land in {into} ({new NextStep.LandWorktree(Into: into):with}).";
    }

    /// <summary>Living worktrees that were started from the branch of another one.</summary>
    internal static IReadOnlyList<Worktree> Above(Worktree lower, IReadOnlyList<Worktree> all) =>
        [.. all.Where(w => w.IsLive && w.Id != lower.Id && w.BaseRef == lower.Branch)];

    // What comes after it is the upper one's own. The lower branch may have been amended or rebased since the upper one left it.
    private string LastOfBelow(Worktree upper, string? head, string landed) =>
        head is null || Holds(head, landed) || upper.BaseCommit is not { } start || !Holds(head, start) ? landed : start;

    private List<(Worktree Worktree, string Tip)> Work(BoardTask task, IReadOnlyList<Worktree> all) =>
        [.. task.BlockedBy
            .Where(id => parts.Board.Find(id) is { Status: TaskState.Completed })
            .Select(id => all.LastOrDefault(worktree => worktree.TaskId == id))
            .OfType<Worktree>()
            .Select(worktree => (worktree, TipOf(worktree)))
            .Where(work => work.Item2 is not null)
            .Select(work => (work.worktree, work.Item2!))];

    // What landed as another commit is found by that one. Without commits of its own there is nothing to be held.
    private string? TipOf(Worktree worktree)
    {
        var tip = parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) ?? worktree.Trash?.Tip;
        return worktree.Landed is { } landed && (tip is null || tip == landed.Tip || tip == landed.Commit) ? landed.Commit
            : tip != worktree.BaseCommit ? tip
            : null;
    }

    private bool Holds(string commit, string other) => parts.Git.AheadBehind(other, commit).Ahead == 0;
}

using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Worktrees.Guidance;

/// <summary>
/// What comes next in a worktree: one answer for each situation, whoever shows it. What keeps work from landing comes first, in the order in
/// which it has to be mended: an operation of git that was begun, a HEAD that is elsewhere, changes that git does not see, conflicts, what is
/// not committed. No step completes a task whose work is on no branch, or commits a file in which a conflict still stands.
/// </summary>
internal static class NextInWorktree
{
    private const string Anything = "...";
    private const string CommitAll = "git add -A && git commit -m '...'";
    private const string Pick = "a cherry-pick";
    private const string Revert = "a revert";
    private const int MostNamed = 10;

    /// <summary>The step.</summary>
    /// <param name="now">What is the case.</param>
    /// <returns>What comes next there; null when nothing is left to do in it.</returns>
    public static NextStep? Of(WorktreeSituation now) => now switch
    {
        { State: WorktreeState.Removed } => now.IsTaskOpen ? new NextStep.RestoreWorktree(now.Name, null, now.TrashId) : null,
        { State: WorktreeState.Emptying } => null,
        { State: WorktreeState.Creating or WorktreeState.Removing or WorktreeState.Restoring } => new NextStep.ShowWorktree(now.Name),
        { IsThere: false } => new NextStep.RemoveWorktree(now.Name),
        _ => Unmended(now) ?? Landable(now),
    };

    /// <summary>The step that puts HEAD back on the worktree's branch, with all that was done elsewhere.</summary>
    /// <param name="now">What is the case.</param>
    internal static NextStep? Head(WorktreeSituation now)
    {
        var branch = ShellWord.Of(now.Branch);
        return now.Head switch
        {
            HeadPlace.OnBranch => null,
            HeadPlace.BranchGone => In(now, $"git switch -c {branch}"),
            HeadPlace.OnTop => In(now, $"git switch -C {branch}"),
            HeadPlace.Apart => In(now, $"git switch {branch} && git merge --no-edit {now.Commit}"),
            _ => In(now, $"git switch {branch}"),
        };
    }

    /// <summary>The step that finishes what git is in the middle of.</summary>
    /// <param name="now">What is the case.</param>
    internal static NextStep? Operation(WorktreeSituation now) => now switch
    {
        { HasOtherConflicts: true } => new NextStep.ShowWorktree(now.Name),
        { InProgress: null, Conflicted.Count: 0 } => null,
        { Conflicted.Count: 0, Uncommitted: 0, InProgress: Pick } => In(now, "git cherry-pick --skip"),
        { Conflicted.Count: 0, Uncommitted: 0, InProgress: Revert } => In(now, "git revert --skip"),
        { Conflicted.Count: 0 } => In(now, Finished(now.InProgress)),
        _ when now.Conflicted.Any(file => !ShellWord.CanHold(file)) => In(now, "git status"),
        _ => In(now, Resolved(now)),
    };

    /// <summary>The step that lets git see what it was told not to look at, and commits it.</summary>
    /// <param name="now">What is the case.</param>
    internal static NextStep? Hidden(WorktreeSituation now) => now.Hidden.Count == 0 ? null
        : now.Hidden.Any(file => !ShellWord.CanHold(file)) ? In(now, "git ls-files -v")
        : In(now, $"git update-index --no-assume-unchanged -- {ShellWord.All(now.Hidden.Take(MostNamed))} && git update-index --no-skip-worktree -- {ShellWord.All(now.Hidden.Take(MostNamed))} && {CommitAll}");

    /// <summary>The step that commits all that is there.</summary>
    /// <param name="name">The worktree's name.</param>
    internal static NextStep Commit(string name) => new NextStep.RunCommand(name, CommitAll);

    /// <summary>The step that brings the base into the worktree's branch.</summary>
    /// <param name="name">The worktree's name.</param>
    /// <param name="from">The base, as a branch or a commit.</param>
    internal static NextStep MergeBase(string name, string from) => new NextStep.RunCommand(name, $"git merge --no-edit {ShellWord.Of(from.StartsWith('-') ? $"refs/heads/{from}" : from)}");

    /// <summary>The step that mends what keeps work from landing; null when nothing does.</summary>
    /// <param name="now">What is the case.</param>
    internal static NextStep? Unmended(WorktreeSituation now) =>
        Operation(now) ?? Head(now) ?? Hidden(now) ?? now.Uncommitted switch
        {
            null => In(now, "git status"),
            > 0 => Commit(now.Name),
            _ => null,
        };

    private static NextStep? Landable(WorktreeSituation now) => now switch
    {
        { WaitsForPerson: true } => null,
        { HasFailedVerify: true } => In(now, Anything),
        { OpenCriteria.Count: > 0, TaskId: { } task } when now.Ahead is not 0 || now.HasLanded => new NextStep.MeetCriteria(task, now.OpenCriteria),
        { Ahead: > 0, Base: null } or { Ahead: null } => new NextStep.KeepWorktree(now.Name, CompleteTask: now.IsTaskOpen),
        { Ahead: > 0, WouldConflict: true } => MergeBase(now.Name, now.Base!),
        { Ahead: > 0 } => new NextStep.LandWorktree(now.Name, CompleteTask: now.IsTaskOpen, Remove: true),
        { RunId: { } run } => new NextStep.ReadOutput(run),
        { TaskId: not null, IsTaskOpen: false } => new NextStep.RemoveWorktree(now.Name),
        { HasLanded: true, IsUnproven: true } => new NextStep.LandWorktree(now.Name, CompleteTask: true, Remove: true),
        { HasLanded: true } => new NextStep.RemoveWorktree(now.Name, CompleteTask: now.IsTaskOpen),
        _ => In(now, Anything),
    };

    // It goes on only when no marker of a conflict is left in these files.
    private static string Resolved(WorktreeSituation now)
    {
        var files = ShellWord.All(now.Conflicted.Take(MostNamed));
        var resolve = $"! grep -n '^<<<<<<< ' -- {files} && git add -- {files}";
        return now.Conflicted.Count > MostNamed || now.InProgress is null ? resolve : $"{resolve} && {Finished(now.InProgress)}";
    }

    private static string Finished(string operation) => operation switch
    {
        "a merge" => "git commit --no-edit",
        Pick => "GIT_EDITOR=true git cherry-pick --continue",
        Revert => "GIT_EDITOR=true git revert --continue",
        "a bisect" => "git bisect reset",
        _ => "GIT_EDITOR=true git rebase --continue",
    };

    private static NextStep.RunCommand In(WorktreeSituation now, string command) => new(now.Name, command);
}

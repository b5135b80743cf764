using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Guidance;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.Server.Wire;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Overview;

/// <summary>What comes next in each situation: the table that people read is the one that is tested.</summary>
public sealed class NextStepsTests
{
    private const string Introduction = """
        # What comes next

        Every answer names one call that comes next, or says `done: true`. It is a function of the situation. This page is generated from it; see AGENTS.md for how to
        update it. `...` is what only the caller knows: a command, a message.

        What somebody else holds is never touched: there the second table counts. No step completes a task whose work is on no branch, and none commits a file in which
        a conflict still stands: the command that resolves one goes on only when no marker is left in the named files.

        """;

    private static readonly BoardTask Task = new() { Id = 7, Subject = "goal", Status = TaskState.InProgress };

    private static readonly (string Words, WorktreeSituation Situation)[] InWorktree =
    [
        ("being made, taken down or brought back", Here with { State = WorktreeState.Creating }),
        ("removed, and its task is still to be done", Here with { State = WorktreeState.Removed, TrashId = 3 }),
        ("its folder is gone, or does not belong to git's record", Here with { IsThere = false }),
        ("in the middle of a merge, with conflicts", Here with { InProgress = "a merge", Conflicted = ["a.txt", "b c.txt"], Uncommitted = 2 }),
        ("conflicts without an operation, as a stash leaves them", Here with { Conflicted = ["a.txt"], Uncommitted = 1 }),
        ("conflicts in files whose names are no text", Here with { InProgress = "a merge", Conflicted = ["\uFFFD.txt"], Uncommitted = 1 }),
        ("conflicts of which only the number is known", Here with { HasOtherConflicts = true, Uncommitted = 1 }),
        ("in the middle of a merge, all resolved", Here with { InProgress = "a merge", Uncommitted = 1 }),
        ("in the middle of a rebase, all resolved", Here with { InProgress = "a rebase", Uncommitted = 1 }),
        ("in the middle of a cherry-pick, all resolved", Here with { InProgress = "a cherry-pick", Uncommitted = 1 }),
        ("in the middle of a cherry-pick of which nothing is left", Here with { InProgress = "a cherry-pick" }),
        ("in the middle of a revert, all resolved", Here with { InProgress = "a revert", Uncommitted = 1 }),
        ("in the middle of a revert of which nothing is left", Here with { InProgress = "a revert" }),
        ("in the middle of a bisect", Here with { InProgress = "a bisect" }),
        ("HEAD is elsewhere, with nothing that its branch lacks", Here with { Head = HeadPlace.Away }),
        ("HEAD is elsewhere, with commits on top of its branch", Here with { Head = HeadPlace.OnTop }),
        ("HEAD is elsewhere, and both have commits of their own", Here with { Head = HeadPlace.Apart, Commit = "c0ffee0" }),
        ("its branch is gone or renamed", Here with { Head = HeadPlace.BranchGone }),
        ("changes that git was told not to look at", Here with { Hidden = ["a.txt"] }),
        ("not committed", Here with { Uncommitted = 2, Ahead = 1 }),
        ("git cannot say what is not committed", Here with { Uncommitted = null }),
        ("a person is asked to look at its task first", Here with { Ahead = 1, WaitsForPerson = true }),
        ("clean, with commits, and in conflict with its base", Here with { Ahead = 1, WouldConflict = true }),
        ("clean, with commits", Here with { Ahead = 1 }),
        ("clean, with commits, for no task", Here with { Ahead = 1, TaskId = null, IsTaskOpen = false }),
        ("clean, with commits, and no local branch to land in", Here with { Ahead = 1, Base = null }),
        ("clean, with commits, and criteria of its task are open", Here with { Ahead = 1, OpenCriteria = [1, 3] }),
        ("clean, and the command that it must pass has failed on it", Here with { Ahead = 1, HasFailedVerify = true }),
        ("clean, landed, and has not passed the command that it must pass", Here with { HasLanded = true, IsUnproven = true }),
        ("clean, nothing new, a command runs", Here with { RunId = "run-1" }),
        ("clean, nothing new, its task is over", Here with { IsTaskOpen = false }),
        ("clean, landed, its task is still open", Here with { HasLanded = true }),
        ("clean, nothing done yet", Here),
    ];

    private static readonly (string Words, BoardSituation Situation)[] OnBoard =
    [
        ("a task of yours with a worktree", new() { Own = new TaskAndWork(Task with { Worktree = "a", WorktreeState = "active" }) }),
        ("a task of yours whose worktree waits in the trash", new() { Own = new TaskAndWork(Task with { Worktree = "a", WorktreeState = "removed" }, 3) }),
        ("a task of yours without a worktree", new() { Own = new TaskAndWork(Task) }),
        ("a ready task", new() { Best = new TaskAndWork(Task) }),
        ("a task that somebody left behind, with a worktree", new() { Best = new TaskAndWork(Task with { Worktree = "a", WorktreeState = "active" }) }),
        ("a task whose worktree waits in the trash", new() { Best = new TaskAndWork(Task with { Worktree = "a", WorktreeState = "removed" }, 3) }),
        ("only a task of yours that you put aside", new() { PutAside = new TaskAndWork(Task with { Worktree = "a", WorktreeState = "kept" }) }),
        ("nothing that you can take, others are at work", new() { HasTasks = true, HasOpenTasks = true }),
        ("all tasks are over", new() { HasTasks = true }),
        ("there is no task yet", new()),
    ];

    private static WorktreeSituation Here => new("a", "wt/a") { Base = "main", Ahead = 0, TaskId = 7, IsTaskOpen = true };

    [Fact]
    public void The_page_says_what_comes_next_in_each_situation()
    {
        var page = new StringBuilder(Introduction).Append("\n## In a worktree\n\nThe first line that fits counts.\n\n| situation | next |\n|---|---|\n");
        foreach (var (words, situation) in InWorktree)
        {
            page.Append($"| {words} | {Words(NextInWorktree.Of(situation), "nothing here: see the board")} |\n");
        }

        page.Append("\n## On the board\n\nFor whoever has nothing left to do where it was. The most urgent comes first, and of those what is ready before what was left half-done.\n\n| situation | next |\n|---|---|\n");
        foreach (var (words, situation) in OnBoard)
        {
            page.Append($"| {words} | {Words(NextOnBoard.Of(situation), "`done: true`")} |\n");
        }

        Golden.File("docs/next-steps.md", page.ToString());
    }

    [Fact]
    public void Nothing_completes_a_task_whose_work_is_on_no_branch_or_not_committed()
    {
        foreach (var (words, situation) in InWorktree.Where(row => row.Situation.State == WorktreeState.Active))
        {
            var loose = situation.Head != HeadPlace.OnBranch || situation.InProgress is not null || situation.Uncommitted != 0 || situation.Hidden.Count > 0 || !situation.IsThere;
            (loose && NextInWorktree.Of(situation) is NextStep.LandWorktree or NextStep.KeepWorktree { CompleteTask: true } or NextStep.RemoveWorktree { CompleteTask: true } or NextStep.FinishTask)
                .Should().BeFalse(words);
        }
    }

    [Fact]
    public void No_file_in_conflict_is_added_by_a_command_that_adds_all()
    {
        foreach (var (words, situation) in InWorktree.Where(row => row.Situation.Conflicted.Count > 0 || row.Situation.HasOtherConflicts))
        {
            (NextInWorktree.Of(situation) is NextStep.RunCommand { Command: var command } && command.Contains("-A", StringComparison.Ordinal)).Should().BeFalse(words);
        }
    }

    [Fact]
    public void An_agent_that_is_shown_the_core_tools_has_every_call_of_the_table() =>
        InWorktree.Select(row => NextInWorktree.Of(row.Situation)).Concat(OnBoard.Select(row => NextOnBoard.Of(row.Situation))).OfType<NextStep>()
            .Select(step => ToolWords.Of(step)!.Split('(')[0]).Should().BeSubsetOf(ToolList.Core);

    private static string Words(NextStep? step, string none) => step is null ? none : $"`{ToolWords.Of(step)!.Replace("|", "\\|", StringComparison.Ordinal)}`";
}

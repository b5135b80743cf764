using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class KeepingTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_kept_worktree_keeps_its_files_and_can_still_be_worked_in()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var made = repository.Make("a", task);
        File.WriteAllText(Path.Join(made.Directory, "half.txt"), "half");

        var kept = repository.Worktrees.Keep("a", "waiting for review", completeTask: false, Steps.By);

        kept.Worktree.Status.Should().Be(WorktreeState.Kept);
        kept.Worktree.Reason.Should().Be("waiting for review");
        kept.Task!.WorktreeState.Should().Be("kept");
        kept.Task.Status.Should().Be(TaskState.InProgress);
        File.Exists(Path.Join(made.Directory, "half.txt")).Should().BeTrue();
        repository.Shell("a", "cat half.txt").Run.Output.Text.Should().Be("half");
    }

    [Fact]
    public void Keeping_twice_says_so_and_writes_nothing()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Worktrees.Keep("a", "later", completeTask: false, Steps.By);
        var events = _repo.EventLines().Count;

        repository.Worktrees.Keep("a", null, completeTask: false, Steps.By).Already.Should().BeTrue();

        _repo.EventLines().Should().HaveCount(events);
    }

    [Fact]
    public void Keeping_can_complete_the_task()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var waiting = repository.Board.Create(new NewTask("next", BlockedBy: [task]), Steps.By).View.Task.Id;
        repository.Make("a", task);

        var kept = repository.Worktrees.Keep("a", null, completeTask: true, Steps.By);

        kept.Task!.Status.Should().Be(TaskState.Completed);
        kept.NowReady.Should().Equal(waiting);
        _repo.EventNames().TakeLast(2).Should().Equal("worktree.keep", "task.completed");
    }

    [Fact]
    public void Completing_the_task_of_a_worktree_that_has_none_is_refused()
    {
        var repository = _repo.Open();
        repository.Make("a");

        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Keep("a", null, completeTask: true, Steps.By)).Message.Should().Contain("complete_task");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Remove("a", force: true, completeTask: true, null, Steps.By)).Message.Should().Contain("complete_task");
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Keep("none", null, completeTask: false, Steps.By)).Message.Should().Contain("\"a\"");
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class BindingTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Both_sides_name_each_other_and_a_repetition_changes_nothing()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var task = repository.Task();

        var bound = repository.Worktrees.Bind(task, "a", "claude-2", Steps.By);

        bound.Worktree.TaskId.Should().Be(task);
        bound.Task!.Worktree.Should().Be("a");
        bound.Task.WorktreeState.Should().Be("active");
        bound.Task.Status.Should().Be(TaskState.InProgress);
        bound.Task.Owner.Should().Be("claude-2");
        var events = _repo.EventLines().Count;
        repository.Worktrees.Bind(task, "a", null, "somebody").Already.Should().BeTrue();
        _repo.EventLines().Should().HaveCount(events);
    }

    [Fact]
    public void A_worktree_that_is_not_there_or_was_removed_or_belongs_to_another_is_refused()
    {
        var repository = _repo.Open();
        var (first, second) = (repository.Task("first goal"), repository.Task("second goal"));
        repository.Make("taken", first);
        repository.Make("gone");
        repository.Drop("gone");

        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Bind(second, "none", null, Steps.By)).Message.Should().Contain("\"none\"").And.Contain("\"taken\"");
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Bind(second, "gone", null, Steps.By)).Message.Should().Contain("removed");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Bind(second, "taken", null, Steps.By)).Message.Should().Contain($"task {first}").And.Contain("first goal");
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Bind(99, "taken", null, Steps.By));
    }

    [Fact]
    public void A_task_with_a_worktree_is_not_bound_to_a_second()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Make("b");

        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Bind(task, "b", null, Steps.By)).Message.Should().Contain("\"a\"");
    }

    [Fact]
    public void A_worktree_whose_task_is_over_passes_to_the_next_and_the_old_task_lets_go()
    {
        var repository = _repo.Open();
        var (first, second) = (repository.Task("first"), repository.Task("second"));
        repository.Make("a", first);
        repository.Board.Update(first, new TaskEdit { Status = TaskState.Completed }, Steps.By);

        repository.Worktrees.Bind(second, "a", null, Steps.By);

        repository.Board.Get(second).Task.LiveWorktree.Should().Be("a");
        repository.Board.Get(first).Task.LiveWorktree.Should().BeNull();
        repository.Board.Update(first, new TaskEdit { Status = TaskState.Pending }, Steps.By);
        repository.Make("again", first).Worktree.TaskId.Should().Be(first);
    }

    [Fact]
    public void A_bound_task_keeps_its_owner_and_a_kept_worktree_becomes_active()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Worktrees.Keep("a", null, completeTask: false, Steps.By);
        repository.Board.Update(task, new TaskEdit { Owner = "bob" }, Steps.By);

        var bound = repository.Worktrees.Bind(task, "a", null, "somebody-else");

        bound.Worktree.Status.Should().Be(WorktreeState.Active);
        bound.Task!.WorktreeState.Should().Be("active");
        bound.Task.Owner.Should().Be("bob");
    }
}

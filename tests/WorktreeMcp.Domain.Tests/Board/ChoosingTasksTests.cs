using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class ChoosingTasksTests : IDisposable
{
    private const string Ann = "ann";
    private const string Bob = "bob";

    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Repository _repository;

    public ChoosingTasksTests() => _repository = _repo.Open(time: _time);

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void The_best_ready_task_has_the_highest_priority_then_the_lowest_number()
    {
        New(TaskPriority.Low);
        New(TaskPriority.Normal);
        var blocker = New(TaskPriority.High);
        New(TaskPriority.High, blocker);
        var high = New(TaskPriority.High);

        Enumerable.Range(0, 4).Select(_ => Next(Ann)).Should().Equal(blocker, high, 2, 1);
        _repo.By(RefusalCode.NotFound, () => Next(Bob)).Message.Should().Contain("of 5 open ones 4 are claimed, 1 wait for others");
        _repository.Board.Update(blocker, new TaskEdit { Status = TaskState.Completed }, Ann).NowReady.Should().Equal(4);
        Next(Bob).Should().Be(4);
    }

    [Fact]
    public void A_task_that_was_given_to_somebody_is_chosen_for_nobody_else()
    {
        var id = New();
        _repository.Board.Update(id, new TaskEdit { Owner = Bob }, Ann);

        _repo.By(RefusalCode.NotFound, () => Next(Ann));
        Next(Bob).Should().Be(id);
    }

    [Fact]
    public void A_task_that_a_person_should_look_at_is_taken_by_its_number_only()
    {
        var id = New();
        _repository.Board.Update(id, new TaskEdit { Attention = TaskAttention.Failed }, Ann);

        _repo.By(RefusalCode.NotFound, () => Next(Ann)).Message.Should().Contain("1 need a person");
        _repository.Board.Claim(id, null, Ann).View.Task.Owner.Should().Be(Ann);
    }

    [Fact]
    public void What_somebody_left_behind_comes_after_what_is_as_urgent_and_ready_and_before_what_is_less_urgent()
    {
        var left = New();
        Next(Ann).Should().Be(left);
        var (low, equal) = (New(TaskPriority.Low), New());
        _time.Advance(TimeSpan.FromMinutes(61));

        Next(Bob).Should().Be(equal);
        Next(Bob).Should().Be(left);
        Next(Bob).Should().Be(low);
    }

    [Fact]
    public void An_answer_names_what_the_caller_holds_besides()
    {
        var (first, second) = (New(), New());
        Next(Ann).Should().Be(first);

        _repository.Board.Claim(null, null, Ann).AlsoHeld.Should().Equal(first);
        _repository.Board.Claim(second, null, Ann).AlsoHeld.Should().Equal(first);
    }

    [Fact]
    public void An_empty_board_says_that_all_is_done()
    {
        _repo.By(RefusalCode.NotFound, () => Next(Ann)).Hint.Parts.Should().Contain(part => part.Kind == Step.CreateTask);
    }

    private int New(TaskPriority priority = TaskPriority.Normal, params int[] blockedBy) =>
        _repository.Board.Create(new NewTask("A goal", BlockedBy: blockedBy, Priority: priority), Steps.By).View.Task.Id;

    private int Next(string by) => _repository.Board.Claim(null, null, by).View.Task.Id;
}

using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class DependenciesTests : IDisposable
{
    private readonly TempRepository _repo = new(commit: false);
    private readonly Repository _opened;

    public DependenciesTests()
    {
        _opened = _repo.Open();
        Create("one");
        Create("two", 1);
        Create("three", 2);
    }

    public void Dispose()
    {
        _opened.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_missing_or_deleted_blocker_is_refused_by_its_number()
    {
        _repo.By(RefusalCode.NotFound, () => Create("x", 99)).Message.Should().Contain("blocked_by").And.Contain("99");
        _repo.By(RefusalCode.NotFound, () => Create("x", -1)).Message.Should().Contain("-1");
        _repo.By(RefusalCode.NotFound, () => Update(1, new TaskEdit { AddBlockedBy = [99] })).Message.Should().Contain("add_blocked_by").And.Contain("99");
        Update(3, new TaskEdit { Status = TaskState.Deleted });
        _repo.By(RefusalCode.NotFound, () => Create("x", 3)).Message.Should().Contain("3");
    }

    [Fact]
    public void Itself_and_a_cycle_are_refused_and_the_cycle_is_shown()
    {
        _repo.By(RefusalCode.InvalidArgument, () => Update(1, new TaskEdit { AddBlockedBy = [1] })).Message.Should().Contain("1 -> 1");
        _repo.By(RefusalCode.InvalidArgument, () => Update(1, new TaskEdit { AddBlockedBy = [3] })).Message.Should().Contain("1 -> 3 -> 2 -> 1");
        _repo.By(RefusalCode.InvalidArgument, () => Create("x", 4)).Message.Should().Contain("4 -> 4");
        Update(2, new TaskEdit { RemoveBlockedBy = [1] });
        Update(1, new TaskEdit { AddBlockedBy = [3] }).View.WaitsFor.Should().Equal(3);
    }

    [Fact]
    public void A_cycle_written_by_hand_neither_hangs_nor_crashes()
    {
        _repo.Write(".tasks/task_1.json", """{"id":1,"subject":"x","blocked_by":[3,1]}""");

        _opened.Board.List(Listing.All).Tasks.Should().HaveCount(3);
        Create("x", 3).View.WaitsFor.Should().Equal(3);
        Update(1, new TaskEdit { RemoveBlockedBy = [1, 3] }).View.IsReady.Should().BeTrue();
    }

    [Fact]
    public void A_blocked_task_cannot_start_or_complete_and_names_what_it_waits_for()
    {
        foreach (var status in new[] { TaskState.InProgress, TaskState.Completed })
        {
            _repo.By(RefusalCode.TaskBlocked, () => Update(2, new TaskEdit { Status = status })).Message.Should().Contain("1 \"one\" (pending)");
        }

        Update(2, new TaskEdit { Status = TaskState.InProgress, RemoveBlockedBy = [1] }).View.Task.Status.Should().Be(TaskState.InProgress);
    }

    [Theory]
    [InlineData(TaskState.Completed)]
    [InlineData(TaskState.Deleted)]
    public void A_task_becomes_ready_when_its_last_blocker_is_over(TaskState over)
    {
        Create("four", 1, 3);
        var change = Update(1, new TaskEdit { Status = over });

        change.NowReady.Should().Equal(2);
        Update(2, new TaskEdit { Status = TaskState.Completed }).NowReady.Should().Equal(3);
        Update(3, new TaskEdit { Status = TaskState.Completed }).NowReady.Should().Equal(4);
    }

    [Fact]
    public void What_becomes_ready_is_known_also_of_tasks_that_another_server_made()
    {
        _opened.Board.List(Listing.All);
        var other = _repo.Open();
        other.Board.Create(new NewTask("theirs", BlockedBy: [1]), "b");

        Update(1, new TaskEdit { Status = TaskState.Completed }).NowReady.Should().Equal(2, 4);
    }

    [Fact]
    public void A_reopened_blocker_blocks_again()
    {
        Update(1, new TaskEdit { Status = TaskState.Completed });
        _opened.Board.Get(2).IsReady.Should().BeTrue();
        Update(1, new TaskEdit { Status = TaskState.Pending });

        _opened.Board.Get(2).WaitsFor.Should().Equal(1);
        _opened.Board.WaitingFor(1).Should().Equal(2);
    }

    [Fact]
    public void More_than_a_hundred_blockers_are_refused()
    {
        var ids = Enumerable.Range(0, 101).Select(i => Create($"b{i}").View.Task.Id).ToArray();

        _repo.By(RefusalCode.InvalidArgument, () => Create("x", ids)).Message.Should().Contain("101");
        Create("y", [.. ids.Take(100), .. ids.Take(100)]).View.WaitsFor.Should().HaveCount(100);
    }

    private TaskChange Create(string subject, params int[] blockedBy) => _opened.Board.Create(new NewTask(subject, BlockedBy: blockedBy), "tester");

    private TaskChange Update(int id, TaskEdit edit) => _opened.Board.Update(id, edit, "tester");
}

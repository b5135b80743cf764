using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class ChangingTasksTests : IDisposable
{
    private static readonly Dictionary<TaskState, TaskState[]> Legal = new()
    {
        [TaskState.Pending] = [TaskState.InProgress, TaskState.Completed, TaskState.Deleted],
        [TaskState.InProgress] = [TaskState.Pending, TaskState.Completed, TaskState.Deleted],
        [TaskState.Completed] = [TaskState.Pending, TaskState.Deleted],
        [TaskState.Deleted] = [TaskState.Pending],
    };

    private readonly TempRepository _repo = new(commit: false);
    private readonly Repository _opened;

    public ChangingTasksTests() => _opened = _repo.Open();

    public void Dispose()
    {
        _opened.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void Every_step_of_the_state_machine_is_made_or_refused_with_the_states_that_are_legal()
    {
        foreach (var from in Enum.GetValues<TaskState>())
        {
            foreach (var to in Enum.GetValues<TaskState>())
            {
                var id = In(from);
                var events = _repo.EventLines().Count;
                if (from == to)
                {
                    Update(id, new TaskEdit { Status = to }).Changed.Should().BeEmpty();
                    _repo.EventLines().Should().HaveCount(events);
                }
                else if (Legal[from].Contains(to))
                {
                    Update(id, new TaskEdit { Status = to }).View.Task.Status.Should().Be(to);
                    _repo.Open().Board.Get(id).Task.Status.Should().Be(to);
                }
                else
                {
                    var refusal = _repo.By(RefusalCode.BadTransition, () => Update(id, new TaskEdit { Status = to }));
                    refusal.Message.Should().Contain(from.Word()).And.Contain(to.Word()).And.ContainAll(Legal[from].Select(s => s.Word()));
                    refusal.Next.Should().Be(new NextStep.ReopenTask(id));
                }
            }
        }
    }

    [Fact]
    public void A_reopened_task_has_no_owner_and_keeps_everything_else()
    {
        var id = In(TaskState.InProgress);
        Update(id, new TaskEdit { Owner = "claude-1", Note = "half way", Labels = ["x"], Priority = TaskPriority.High });
        Update(id, new TaskEdit { Status = TaskState.Completed });

        var task = Update(id, new TaskEdit { Status = TaskState.Pending }).View.Task;

        task.Owner.Should().BeNull();
        task.Notes.Should().ContainSingle().Which.Text.Should().Be("half way");
        task.Labels.Should().Equal("x");
        task.Priority.Should().Be(TaskPriority.High);
    }

    [Theory]
    [InlineData("active", false)]
    [InlineData("creating", false)]
    [InlineData("kept", true)]
    [InlineData("removed", true)]
    public void A_task_is_deleted_only_when_nobody_works_in_its_worktree(string state, bool allowed)
    {
        In(TaskState.Pending);
        _repo.Write(".tasks/task_1.json", $$"""{"id":1,"subject":"x","status":"in_progress","worktree":"w","worktree_state":"{{state}}"}""");
        if (allowed)
        {
            Update(1, new TaskEdit { Status = TaskState.Deleted }).View.Task.Status.Should().Be(TaskState.Deleted);
            return;
        }

        _opened.Board.List(Listing.All);
        var refusal = ((Action)(() => Update(1, new TaskEdit { Status = TaskState.Deleted }))).Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.BadTransition);
        refusal.Message.Should().Contain("\"w\"");
        refusal.Hint.Parts.Should().Contain(part => part.Step == new NextStep.RemoveWorktree("w"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(99)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void An_unknown_id_is_refused_by_name_with_the_nearest_there_is(int id)
    {
        _repo.By(RefusalCode.NotFound, () => _opened.Board.Get(id)).Message.Should().Contain($"task_id {id}").And.Contain("empty");
        In(TaskState.Pending);

        foreach (var call in new Action[] { () => _opened.Board.Get(id), () => Update(id, new TaskEdit { Note = "x" }) })
        {
            var refusal = _repo.By(RefusalCode.NotFound, call);
            refusal.Message.Should().Contain($"task_id {id}").And.Contain("1");
            refusal.Next.Should().Be(new NextStep.ListTasks());
        }
    }

    [Fact]
    public void An_expected_revision_that_has_passed_is_refused_with_the_present_one()
    {
        var id = In(TaskState.Pending);
        Update(id, new TaskEdit { Note = "x" }).View.Task.Revision.Should().Be(2);

        var refusal = _repo.By(RefusalCode.TaskChanged, () => Update(id, new TaskEdit { Note = "y", ExpectedRevision = 1 }));

        refusal.Message.Should().Contain("revision 2");
        Update(id, new TaskEdit { Note = "y", ExpectedRevision = 2 }).View.Task.Revision.Should().Be(3);
    }

    [Fact]
    public void A_change_that_changes_nothing_writes_nothing()
    {
        var id = In(TaskState.Pending);
        Update(id, new TaskEdit { Labels = ["a"], Owner = "x" });
        var before = _repo.Snapshot();
        var log = File.ReadAllBytes(_repo.Layout.OperationLog);

        var change = Update(id, new TaskEdit { Subject = "task", Labels = ["a"], Owner = " x ", RemoveBlockedBy = [7], Priority = TaskPriority.Normal });

        change.Changed.Should().BeEmpty();
        _repo.Snapshot().Should().Be(before);
        File.ReadAllBytes(_repo.Layout.OperationLog).Should().Equal(log);
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit())).Message.Should().Contain("nothing to change");
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit { ExpectedRevision = 2 }));
    }

    [Fact]
    public void Changed_members_are_named_in_the_answer_and_in_the_event()
    {
        var id = In(TaskState.Pending);

        var change = Update(id, new TaskEdit { Subject = "new", Owner = "me", Note = "n", Attention = TaskAttention.Review, Description = "d", Priority = TaskPriority.Low, Labels = ["l"] });

        change.Changed.Should().BeEquivalentTo("subject", "description", "owner", "priority", "labels", "attention", "notes");
        var said = System.Text.Json.Nodes.JsonNode.Parse(_repo.EventLines()[^1])!;
        ((string)said["event"]!).Should().Be("task.updated");
        said["changed"]!.AsArray().Select(n => (string)n!).Should().Equal(change.Changed);
    }

    [Fact]
    public void A_completed_task_is_told_once()
    {
        var id = In(TaskState.Pending);
        Update(id, new TaskEdit { Status = TaskState.Completed });
        Update(id, new TaskEdit { Status = TaskState.Completed, Note = "again" });

        _repo.EventLines().Count(line => line.Contains("\"task.completed\"", StringComparison.Ordinal)).Should().Be(1);
    }

    [Fact]
    public void An_owner_can_be_set_cleared_and_must_be_a_plain_name()
    {
        var id = In(TaskState.Pending);
        Update(id, new TaskEdit { Owner = "  me  " }).View.Task.Owner.Should().Be("me");
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit { Owner = "a\nb" })).Message.Should().Contain("owner");
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit { Owner = new string('x', 101) })).Message.Should().Contain("owner");
        Update(id, new TaskEdit { Owner = "" }).View.Task.Owner.Should().BeNull();
        Update(id, new TaskEdit { Owner = "next", Status = TaskState.InProgress }).View.Task.Owner.Should().Be("next");
    }

    [Theory]
    [InlineData("subject")]
    [InlineData("blank subject")]
    [InlineData("description")]
    [InlineData("note")]
    [InlineData("blank note")]
    [InlineData("labels")]
    [InlineData("blank label")]
    [InlineData("label with a control character")]
    [InlineData("long label")]
    public void What_is_too_long_or_empty_is_refused_and_changes_nothing(string what)
    {
        var edit = what switch
        {
            "subject" => new TaskEdit { Subject = new string('x', 501) },
            "blank subject" => new TaskEdit { Subject = " \t" },
            "description" => new TaskEdit { Description = new string('x', 16_001) },
            "note" => new TaskEdit { Note = new string('x', 4001) },
            "blank note" => new TaskEdit { Note = " " },
            "labels" => new TaskEdit { Labels = [.. Enumerable.Range(0, 21).Select(i => $"l{i}")] },
            "blank label" => new TaskEdit { Labels = ["a", ""] },
            "label with a control character" => new TaskEdit { Labels = ["a\u0001"] },
            _ => new TaskEdit { Labels = [new string('x', 101)] },
        };
        var id = In(TaskState.Pending);

        _repo.By(RefusalCode.InvalidArgument, () => Update(id, edit with { Status = TaskState.InProgress })).Message.Should().ContainAny("subject", "description", "note", "labels");
    }

    [Fact]
    public void Only_the_newest_five_hundred_notes_are_kept()
    {
        var notes = string.Join(',', Enumerable.Range(1, 600).Select(i => $$"""{"at":{{i}},"by":"a","text":"note {{i}}"}"""));
        In(TaskState.Pending);
        _repo.Write(".tasks/task_1.json", $$"""{"id":1,"subject":"x","notes":[{{notes}}]}""");

        var after = Update(1, new TaskEdit { Note = "last" }).View.Task.Notes;

        after.Should().HaveCount(500);
        after[^1].Text.Should().Be("last");
        after[0].Text.Should().Be("note 102");
    }

    [Fact]
    public void Labels_are_kept_once_in_their_order()
    {
        var id = In(TaskState.Pending);
        Update(id, new TaskEdit { Labels = ["b", "a", "b"] }).View.Task.Labels.Should().Equal("b", "a");
        Update(id, new TaskEdit { Labels = [] }).View.Task.Labels.Should().BeEmpty();
    }

    private TaskChange Update(int id, TaskEdit edit) => _opened.Board.Update(id, edit, "tester");

    private int In(TaskState state)
    {
        var id = _opened.Board.Create(new NewTask("task"), "tester").View.Task.Id;
        if (state != TaskState.Pending)
        {
            Update(id, new TaskEdit { Status = state });
        }

        return id;
    }
}

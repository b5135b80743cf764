using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class PlanningTests : IDisposable
{
    private readonly TempRepository _repo = new(commit: false);
    private readonly Repository _repository;

    public PlanningTests() => _repository = _repo.Open();

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_plan_is_recorded_in_one_operation_with_what_waits_for_what()
    {
        var there = _repository.Task("there");
        var before = Operations();

        var planned = Plan(Goal("test", "parse", $"{there}"), Goal("parse"), Goal("print", "parse", "parse") with { Goal = new NewTask("Print it", "To a file.", Priority: TaskPriority.High, Labels: ["io"]) });

        planned.Tasks.Select(task => (task.Key, task.Value.Id)).Should().Equal(("test", 2), ("parse", 3), ("print", 4));
        planned.Ready.Should().Equal(3);
        Operations().Should().Be(before + 1);
        _repo.EventNames().Should().Equal("task.created", "task.created", "task.created", "task.created");
        var again = _repo.Open().Board;
        again.Get(2).Task.BlockedBy.Should().Equal(3, there);
        again.Get(4).Should().Match<TaskView>(view => view.Task.Description == "To a file." && view.Task.Priority == TaskPriority.High && view.Task.Labels[0] == "io" && view.WaitsFor.Count == 1);
        planned.Tasks[2].Value.BlockedBy.Should().Equal(3);
    }

    [Fact]
    public void What_waits_for_tasks_that_are_over_is_ready_the_best_first()
    {
        var over = _repository.Task("over");
        _repository.Board.Update(over, new TaskEdit { Status = TaskState.Completed }, Steps.By);

        Plan(Goal("low", $"{over}"), Goal("high") with { Goal = new NewTask("urgent", Priority: TaskPriority.High) }).Ready.Should().Equal(3, 2);
    }

    [Fact]
    public void A_cycle_is_refused_and_named_by_its_keys()
    {
        Refused(Goal("a", "b"), Goal("b", "c"), Goal("c", "a"), Goal("d", "a")).Should().Contain("a -> b -> c -> a");
        Refused(Goal("own", "own")).Should().Contain("own -> own");
        Refused(Goal("x"), Goal("left", "x", "right"), Goal("right", "x", "left")).Should().Contain("left -> right -> left");
    }

    [Fact]
    public void A_cycle_through_a_file_that_waits_for_a_number_to_come_is_found()
    {
        var there = _repository.Task("there");
        var path = _repo.Layout.Task(there);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"blocked_by\": []", "\"blocked_by\": [3]", StringComparison.Ordinal).Replace("\"blocked_by\":[]", "\"blocked_by\":[3]", StringComparison.Ordinal));
        _repository.Board.Get(there).Task.BlockedBy.Should().Equal(3);
        _repository.Task("makes the log learn of the edit");

        Refused(Goal("a", $"{there}")).Should().Contain("a -> 1 -> a");
    }

    [Fact]
    public void Keys_tell_the_tasks_of_a_plan_apart()
    {
        Refused(Goal("a"), Goal("b"), Goal("a")).Should().Be("tasks[2].key is \"a\", as that of tasks[0] is.");
        Refused(Goal("7")).Should().Contain("reads like a task's id");
        Refused(Goal(" ")).Should().Contain("tasks[0].key is empty");
        Refused(Goal("a\nb")).Should().Contain("unprintable");
        Refused(Goal(new string('k', 101))).Should().Contain("overlong");
        Plan(Goal("A"), Goal("a")).Tasks.Should().HaveCount(2);
    }

    [Fact]
    public void A_need_that_names_nothing_is_refused_with_the_nearest_key()
    {
        _repo.By(RefusalCode.InvalidArgument, () => Plan(Goal("parser"), Goal("print", "parsr"))).Hint.ToString().Should().Be("Did you mean \"parser\"?");
        _repo.By(RefusalCode.InvalidArgument, () => Plan(Goal("parser"), Goal("print", "9999999999"))).Message.Should().Contain("no key of this plan");
        _repo.By(RefusalCode.InvalidArgument, () => Plan(Goal("parser"), Goal("print", "-1")));
        _repo.By(RefusalCode.NotFound, () => Plan(Goal("parser"), Goal("print", "7"))).Message.Should().Contain("\"print\" names task 7");
        var gone = _repository.Task();
        _repository.Board.Update(gone, new TaskEdit { Status = TaskState.Deleted }, Steps.By);
        _repo.By(RefusalCode.NotFound, () => Plan(Goal("a", $"{gone}")));
    }

    [Fact]
    public void None_and_more_than_a_hundred_tasks_are_refused_and_a_hundred_are_not()
    {
        Refused().Should().Contain("tasks has 0 members");
        Refused([.. Enumerable.Range(0, 101).Select(n => Goal($"k{n}"))]).Should().Contain("tasks has 101 members");

        var planned = Plan([.. Enumerable.Range(0, 100).Select(n => n == 0 ? Goal("k0") : Goal($"k{n}", $"k{n - 1}"))]);

        planned.Tasks.Should().HaveCount(100);
        planned.Ready.Should().Equal(1);
        _repository.Board.List(Listing.All with { Limit = 100 }).Total.Should().Be(100);
    }

    [Fact]
    public void A_fault_in_one_goal_names_it_and_nothing_is_recorded()
    {
        Refused(Goal("fine"), Goal("bad") with { Goal = new NewTask(" ") }).Should().Be("Of \"bad\": subject is empty.");
        Refused(Goal("bad") with { Goal = new NewTask("x", new string('d', 16_001)) }).Should().Contain("Of \"bad\": description has 16001");
        _repository.Board.Create(new NewTask("the first"), Steps.By).View.Task.Id.Should().Be(1);
    }

    [Fact]
    public void A_repetition_answers_with_the_first_result_and_another_plan_is_refused()
    {
        var first = Plan("once", Goal("a"), Goal("b", "a"));
        _repository.Board.Update(1, new TaskEdit { Status = TaskState.Completed, Subject = "renamed" }, Steps.By);

        var again = Plan("once", Goal("a"), Goal("b", "a"));

        again.Tasks.Select(task => (task.Key, task.Value.Id)).Should().Equal(first.Tasks.Select(task => (task.Key, task.Value.Id)));
        again.Ready.Should().Equal([2], "it has become so since");
        _repository.Board.List(Listing.All).Total.Should().Be(2);
        _repo.By(RefusalCode.InvalidArgument, () => Plan("once", Goal("c"))).Message.Should().Contain("another plan");
        _repo.By(RefusalCode.InvalidArgument, () => _repository.Board.Create(new NewTask("x", RequestId: "once"), Steps.By)).Message.Should().Contain("task.plan");
    }

    [Fact]
    public void A_repetition_is_known_to_another_server()
    {
        Plan("once", Goal("a"));

        _repo.Open().Board.Plan(new TaskPlan([Goal("a")], "once"), "another").Tasks.Should().ContainSingle().Which.Value.Id.Should().Be(1);
        _repo.EventNames().Should().Equal("task.created");
    }

    private static PlannedTask Goal(string key, params string[] needs) => new(key, new NewTask($"Do {key.Trim()}"), needs);

    private TaskPlanned Plan(params PlannedTask[] tasks) => Plan(null, tasks);

    private TaskPlanned Plan(string? requestId, params PlannedTask[] tasks) => _repository.Board.Plan(new TaskPlan(tasks, requestId), Steps.By);

    private string Refused(params PlannedTask[] tasks) => _repo.By(RefusalCode.InvalidArgument, () => Plan(tasks)).Message;

    private int Operations() => File.ReadLines(_repo.Layout.OperationLog).Count(line => JsonNode.Parse(line) is not null);
}

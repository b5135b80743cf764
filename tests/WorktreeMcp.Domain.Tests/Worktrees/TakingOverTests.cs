using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>What is told to who takes over from an agent that is gone, and to who looks at the board before that.</summary>
public sealed class TakingOverTests : IDisposable
{
    private const string Bob = "bob";

    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly Repository _repository;

    public TakingOverTests() => _repository = _repo.Open(time: _time);

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_worktree_for_no_task_in_particular_that_takes_over_tells_what_lies_there()
    {
        var id = _repository.Task();
        var made = _repository.Make("a", id);
        _repo.Commit("half of it", made.Directory);
        File.WriteAllText(Path.Join(made.Directory, "open.txt"), "x");
        LeaseEnds();

        var step = _repository.Worktrees.Create(new NewWorktree(null), Bob);
        var left = _repository.Worktrees.LeftBy(step);

        (step.Task!.Id, step.Already, step.IsTaken, step.TakenFrom).Should().Be((id, true, true, Steps.By));
        left.Detail!.Files!.Untracked.Should().Equal("open.txt");
        left.Detail.Commits.Should().ContainSingle().Which.Subject.Should().Be("half of it");
        _repository.Worktrees.LeftBy(_repository.Worktrees.Create(new NewWorktree(null, id), Bob)).Detail.Should().BeNull("it is the caller's own by then");
    }

    [Fact]
    public void A_fresh_worktree_for_a_task_nobody_worked_on_leaves_nothing_to_tell()
    {
        var step = _repository.Make("a", _repository.Task());

        _repository.Worktrees.LeftBy(step).Should().BeEquivalentTo(new WorkLeftBehind(null, [], null));
        step.TakenFrom.Should().BeNull();
    }

    [Fact]
    public void A_claim_tells_what_waits_in_the_trash_and_what_the_removal_took()
    {
        var id = _repository.Task();
        var made = _repository.Make("a", id);
        File.WriteAllText(Path.Join(made.Directory, "one.txt"), "x");
        File.WriteAllText(Path.Join(made.Directory, "two.txt"), "x");
        _repo.GitIn(made.Directory, "add", "two.txt");
        _repository.Worktrees.Remove("a", force: true, completeTask: false, "a mistake", Steps.By);
        LeaseEnds();

        using var other = _repo.Open(time: _time);
        var left = other.Worktrees.LeftIn(other.Board.Claim(id, null, Bob));

        left.Detail.Should().BeNull();
        var removed = left.InTrash.Should().ContainSingle().Which;
        (removed.Worktree.Id, removed.Worktree.Name, removed.Worktree.Reason, removed.Trash!.Id).Should().Be((made.Worktree.Id, "a", "a mistake", made.Worktree.Id));
        removed.Worktree.Trash!.Took.Should().Be(new RemovalTook(true) { Uncommitted = 2, Untracked = 1 });
    }

    [Fact]
    public void A_removal_says_in_each_of_its_events_whether_it_was_forced_and_what_went()
    {
        var directory = _repository.Make("a", _repository.Task()).Directory;
        _repo.GitIn(directory, "switch", "--detach");
        _repo.Commit("on no branch", directory);
        File.WriteAllText(Path.Join(directory, "one.txt"), "x");
        _repository.Drop("a", force: true);
        _repository.Make("b", _repository.Task());
        _repository.Drop("b");

        var took = Events().Where(logged => ((string)logged["event"]!).StartsWith("worktree.remove.", StringComparison.Ordinal)).Select(logged => logged["took"]!.ToJsonString()).ToList();

        const string Forced = """{"force":true,"uncommitted":1,"untracked":1,"commits_on_no_branch":1}""";
        const string Plain = """{"force":false,"uncommitted":0,"untracked":0,"commits_on_no_branch":0}""";
        took.Should().Equal(Forced, Forced, Plain, Plain);
        Events().Should().NotContain(logged => logged.ContainsKey("branch_kept_because"));
    }

    [Fact]
    public void A_removal_that_leaves_the_branch_says_in_its_event_why()
    {
        _repository.Make("a", _repository.Task());
        _repository.Work("a", "new.txt", "x");
        _repository.Drop("a");

        ((string)Events()[^1]["branch_kept_because"]!).Should().Contain("1 commit");
    }

    [Fact]
    public void The_board_lists_each_abandoned_task_whatever_is_left_of_its_work()
    {
        var (bare, clean, removed, busy) = (_repository.Task("bare"), _repository.Task("clean"), _repository.Task("removed"), _repository.Task("busy"));
        _repository.Board.Claim(bare, null, Steps.By);
        _repository.Make("clean", clean);
        File.WriteAllText(Path.Join(_repository.Make("gone", removed).Directory, "new.txt"), "x");
        var trash = _repository.Drop("gone", force: true).Step.Worktree.Id;
        _repository.Make("busy", busy);
        var run = _repository.Worktrees.Run(new RunOrder("busy", "sleep 600", TimeSpan.FromHours(1), "somebody"), TimeSpan.Zero, null, CancellationToken.None).Run.RunId;
        LeaseEnds();

        var concerns = _repository.Overview.Look(new GlanceLimits(), Patience.List).Concerns.Items;
        _repository.Worktrees.EndRuns();

        concerns.Should().OnlyContain(concern => concern.Kind == ConcernKind.LeftBehind);
        concerns.Select(concern => (concern.TaskId, concern.Text)).Should().Equal(
            (bare, "tester's lease has ended; it has no worktree"),
            (clean, "tester's lease has ended; 0 uncommitted files, 0 commits of its own"),
            (removed, $"tester's lease has ended; its worktree waits in the trash (trash_id {trash}) with 1 uncommitted files"),
            (busy, $"tester's lease has ended; 0 uncommitted files, 0 commits of its own; a command may still run ({run})"));
    }

    [Fact]
    public void What_can_be_restored_for_an_open_task_stands_on_the_board_until_it_is_or_the_task_is_over()
    {
        var (first, second) = (_repository.Task("first"), _repository.Task("second"));
        File.WriteAllText(Path.Join(_repository.Make("a", first).Directory, "new.txt"), "x");
        File.WriteAllText(Path.Join(_repository.Make("b", second).Directory, "new.txt"), "x");
        _repository.Make("c");
        _repository.Drop("a", force: true);
        _repository.Drop("b", force: true);
        _repository.Drop("c");
        InTrash().Should().Equal("b", "a");

        _repository.Worktrees.Restore("a", null, null, Steps.By);
        InTrash().Should().Equal("b");

        _repository.Board.Update(second, new TaskEdit { Status = TaskState.Completed }, Steps.By);
        InTrash().Should().BeEmpty();
    }

    [Fact]
    public void Work_in_the_trash_stays_on_the_board_while_the_task_has_another_worktree_and_a_clean_one_does_not()
    {
        var id = _repository.Task();
        File.WriteAllText(Path.Join(_repository.Make("work", id).Directory, "new.txt"), "x");
        _repository.Drop("work", force: true);
        _repository.Make("clean", id);
        _repository.Drop("clean");

        _repository.Make("third", id);

        InTrash().Should().Equal("work");
    }

    [Fact]
    public void An_entry_that_tells_nonsense_of_what_went_is_set_aside()
    {
        _repository.Make("a", _repository.Task());
        _repository.Drop("a", force: true);
        var index = JsonNode.Parse(File.ReadAllText(_repo.Layout.Index))!;
        index["worktrees"]![0]!["trash"]!["took"]!["uncommitted"] = -1;
        File.WriteAllText(_repo.Layout.Index, index.ToJsonString());

        using var other = _repo.Open(time: _time);

        other.Overview.Look(new GlanceLimits(), Patience.List).InTrash.Items.Should().BeEmpty();
        other.Drift().Should().ContainSingle(line => line.Contains("took"));
    }

    private void LeaseEnds() => _time.Advance(TimeSpan.FromMinutes(61));

    private IEnumerable<string> InTrash() => _repository.Overview.Look(new GlanceLimits(), Patience.List).InTrash.Items.Select(removed => removed.Name);

    private List<JsonObject> Events() => [.. _repo.EventLines().Select(line => JsonNode.Parse(line)!.AsObject())];
}

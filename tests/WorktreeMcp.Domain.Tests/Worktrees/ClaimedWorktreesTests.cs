using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class ClaimedWorktreesTests : IDisposable
{
    private const string Bob = "bob";

    private readonly TempRepository _repo = new();
    private readonly InterruptedClock _time = new();
    private readonly Repository _repository;

    public ClaimedWorktreesTests() => _repository = _repo.Open(time: _time);

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_worktree_for_a_task_claims_it()
    {
        var id = _repository.Task();

        var made = _repository.Make("a", id);

        made.Task.Should().Match<BoardTask>(task => task.Owner == Steps.By && task.Epoch == 1 && task.HasClaim);
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(id, null, Bob));
        _repository.Make("a", id).Already.Should().BeTrue();
        _repository.Board.Get(id).Task.Epoch.Should().Be(1);
    }

    [Fact]
    public void Nobody_else_changes_a_worktree_while_its_task_is_claimed_but_anybody_may_look_and_run()
    {
        var (id, other) = (_repository.Task("first"), _repository.Task("second"));
        _repository.Make("a", id);
        Claim(_repository.Task("third"));

        Refused(() => _repository.Worktrees.Keep("a", null, completeTask: false, Bob));
        Refused(() => _repository.Worktrees.Remove("a", force: true, completeTask: false, null, Bob));
        Refused(() => _repository.Worktrees.Bind(id, "a", null, Bob));
        Refused(() => _repository.Worktrees.Land(new LandingRequest("a", null, LandingStrategy.Merge, null, null, TimeSpan.Zero, CompleteTask: false, Remove: false), Bob, _ => { }, CancellationToken.None));
        Refused(() => _repository.Worktrees.Create(new NewWorktree("a", id), Bob));
        Refused(() => _repository.Worktrees.Create(new NewWorktree("b", id), Bob));
        Refused(() => _repository.Worktrees.Bind(other, "a", null, Bob));
        Refused(() => _repository.Worktrees.Create(new NewWorktree("c", 3), Bob));

        _repository.Worktrees.Run(new RunOrder("a", "true", TimeSpan.FromSeconds(30), Bob), TimeSpan.FromSeconds(60), null, CancellationToken.None).Run.ExitCode.Should().Be(0);
        _repository.Worktrees.Status("a").View.Drift.Should().BeEmpty();
        Directory.Exists(_repo.Layout.Worktree("b")).Should().BeFalse();

        void Refused(Action call) => _repo.By(RefusalCode.TaskClaimed, call).Message.Should().Contain("claimed by tester");
    }

    [Fact]
    public void A_removed_worktree_of_a_claimed_task_is_restored_by_its_owner_only()
    {
        _repository.Make("a", _repository.Task());
        _repository.Drop("a");

        _repo.By(RefusalCode.TaskClaimed, () => _repository.Worktrees.Restore("a", null, null, Bob));

        _repository.Worktrees.Restore("a", null, null, Steps.By);
        Directory.Exists(_repo.Layout.Worktree("a")).Should().BeTrue();
    }

    [Fact]
    public void The_owner_who_works_in_the_worktree_keeps_the_task_and_another_who_does_not()
    {
        var id = _repository.Task();
        _repository.Make("a", id);
        var revision = _repository.Board.Get(id).Task.Revision;
        _time.Advance(TimeSpan.FromMinutes(50));

        _repository.Worktrees.Run(new RunOrder("a", "true", TimeSpan.FromSeconds(30), Bob), TimeSpan.FromSeconds(60), null, CancellationToken.None);
        Left(id).Should().Be(600);
        _repository.Shell("a", "true");

        Left(id).Should().Be(3600);
        _repository.Board.Get(id).Task.Revision.Should().Be(revision, "nothing of the task has changed");
    }

    [Theory]
    [InlineData("note")]
    [InlineData("a change to what it is")]
    [InlineData("claim")]
    [InlineData("bind")]
    [InlineData("create")]
    [InlineData("keep")]
    [InlineData("keep again")]
    [InlineData("run")]
    [InlineData("land")]
    [InlineData("land nothing")]
    [InlineData("remove")]
    [InlineData("remove again")]
    [InlineData("restore")]
    public void Whatever_the_owner_does_with_the_task_or_its_worktree_renews_the_lease(string call)
    {
        var id = _repository.Task();
        _repository.Make("a", id);
        Prepare(call);
        _repository.Board.Claim(id, null, Steps.By);
        _time.Advance(TimeSpan.FromMinutes(50));
        Left(id).Should().Be(600);

        Call(call, id);

        Left(id).Should().Be(3600);
        _repository.Board.Get(id).Task.Epoch.Should().Be(1);
    }

    [Fact]
    public void A_repeated_removal_that_renews_the_lease_takes_nothing_back_that_was_changed_meanwhile()
    {
        var id = _repository.Task();
        _repository.Make("a", id);
        _repository.Drop("a");
        _time.Advance(TimeSpan.FromMinutes(30));
        using var other = _repo.Open(time: new FakeTimeProvider(_time.GetUtcNow()));
        _time.AtNextMeasure = () => other.Board.Update(id, new TaskEdit { Note = "half of it works" }, Steps.By);

        _repository.Drop("a").Step.Already.Should().BeTrue();

        _repository.Board.Get(id).Task.Should().Match<BoardTask>(task => task.Notes.Single().Text == "half of it works" && task.Revision == 4);
    }

    [Fact]
    public void A_task_is_not_taken_over_while_its_owner_verifies_what_it_lands()
    {
        var id = _repository.Task();
        _repository.Make("a", id);
        _repository.Work("a", "one.txt", "1");
        _time.Advance(TimeSpan.FromMinutes(50));
        double? during = null;

        _repository.Worktrees.Land(
            new LandingRequest("a", null, LandingStrategy.Merge, null, "true", TimeSpan.FromMinutes(2), CompleteTask: false, Remove: false), Steps.By, _ => during = Left(id), CancellationToken.None);

        during.Should().Be(3600);
    }

    [Fact]
    public void A_lease_holds_at_least_as_long_as_a_command_of_its_owner_may_run()
    {
        var id = _repository.Task();
        _repository.Make("a", id);

        _repository.Shell("a", "true", seconds: 7200);

        Left(id).Should().Be(7200);
    }

    [Fact]
    public void Whoever_takes_over_gets_the_worktree_as_it_is_and_is_told_what_lies_there()
    {
        var id = _repository.Task();
        var made = _repository.Make("a", id);
        _repo.Commit("half of it", made.Directory);
        File.WriteAllText(Path.Join(made.Directory, "open.txt"), "not committed\n");
        _time.Advance(TimeSpan.FromMinutes(61));

        var taken = _repository.Board.Claim(id, null, Bob);
        var left = _repository.Worktrees.LeftIn(taken).Detail!;

        left.View.Directory.Should().Be(made.Directory);
        left.Files!.Untracked.Should().Equal("open.txt");
        left.Commits.Select(commit => commit.Subject).Should().Equal("half of it");
        File.ReadAllText(Path.Join(made.Directory, "open.txt")).Should().Be("not committed\n");
        _repository.Worktrees.Create(new NewWorktree(null, id), Bob).Should().Match<WorktreeStep>(step => step.Already && step.Directory == made.Directory);
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Worktrees.Keep("a", null, completeTask: true, Steps.By));
    }

    [Fact]
    public void Whoever_takes_over_is_told_so_even_if_git_cannot_say_what_lies_there()
    {
        var id = _repository.Task();
        var made = _repository.Make("a", id);
        _repo.Commit("first half", made.Directory);
        var gone = _repo.GitIn(made.Directory, "rev-parse", "HEAD");
        _repo.Commit("second half", made.Directory);
        File.Delete(Path.Join(_repo.Root, ".git", "objects", gone[..2], gone[2..]));
        _time.Advance(TimeSpan.FromMinutes(61));

        var taken = _repository.Board.Claim(id, null, Bob);
        var (left, _, problem) = _repository.Worktrees.LeftIn(taken);

        taken.TakenFrom.Should().Be(Steps.By);
        left.Should().BeNull();
        problem.Should().StartWith("What lies in worktree \"a\" cannot be shown: git failed while listing commits");
    }

    [Fact]
    public void A_worktree_for_a_task_left_behind_takes_it_over_on_record()
    {
        var id = _repository.Task();
        _repository.Make("a", id);
        _time.Advance(TimeSpan.FromMinutes(61));

        var step = _repository.Worktrees.Create(new NewWorktree(null, id), Bob);

        step.Task.Should().Match<BoardTask>(task => task.Owner == Bob && task.Epoch == 2);
        _repo.EventNames()[^1].Should().Be("task.claimed");
    }

    private void Prepare(string call)
    {
        if (call == "land")
        {
            _repository.Work("a", "src/app.txt", "mine");
        }

        if (call is "keep again")
        {
            _repository.Worktrees.Keep("a", null, completeTask: false, Steps.By);
        }

        if (call is "restore" or "remove again")
        {
            _repository.Drop("a");
        }
    }

    private void Call(string call, int id)
    {
        switch (call)
        {
            case "note" or "a change to what it is":
                _repository.Board.Update(id, call == "note" ? new TaskEdit { Note = "going on" } : new TaskEdit { Subject = "A goal" }, Steps.By);
                break;
            case "claim":
                Claim(id);
                break;
            case "bind":
                _repository.Worktrees.Bind(id, "a", null, Steps.By);
                break;
            case "create":
                _repository.Make("a", id);
                break;
            case "keep" or "keep again":
                _repository.Worktrees.Keep("a", null, completeTask: false, Steps.By);
                break;
            case "run":
                _repository.Shell("a", "true");
                break;
            case "land" or "land nothing":
                _repository.Land("a");
                break;
            case "remove" or "remove again":
                _repository.Drop("a");
                break;
            case "restore":
                _repository.Worktrees.Restore("a", null, null, Steps.By);
                break;
        }
    }

    private void Claim(int id) => _repository.Board.Claim(id, null, Steps.By);

    private double Left(int id) => _repository.Board.LeaseLeft(_repository.Board.Get(id).Task);

    private sealed class InterruptedClock : FakeTimeProvider
    {
        /// <summary>Done once, when somebody next begins to measure: whoever waits for a lock does so just before.</summary>
        internal Action? AtNextMeasure { get; set; }

        public override long GetTimestamp()
        {
            var act = AtNextMeasure;
            AtNextMeasure = null;
            act?.Invoke();
            return base.GetTimestamp();
        }
    }
}

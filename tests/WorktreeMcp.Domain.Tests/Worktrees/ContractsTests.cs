using System.Text.Json;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class ContractsTests : IDisposable
{
    private const string Me = Steps.By;

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_task_without_a_contract_is_completed_as_ever_and_its_file_has_no_word_of_one()
    {
        var repository = _repo.Open();
        repository.Board.Create(new NewTask("task"), Me);

        repository.Board.Update(1, new TaskEdit { Status = TaskState.Completed }, Me).View.Task.Status.Should().Be(TaskState.Completed);

        _repo.Read(".tasks/task_1.json").Should().NotContainAny("acceptance", "verify", "scope", "proof", "waiver");
    }

    [Fact]
    public void Open_criteria_refuse_completion_by_number_and_met_ones_let_it_pass()
    {
        var repository = _repo.Open();
        repository.Board.Create(new NewTask("task") { Acceptance = ["sorts by date", "sorts by amount"] }, Me);
        repository.Board.Update(1, new TaskEdit { Met = [1] }, Me).Changed.Should().Equal("acceptance");

        var refusal = _repo.By(RefusalCode.ContractOpen, () => Complete(repository));

        refusal.Message.Should().Contain("1 of 2 criteria are open: 2. sorts by amount").And.NotContain("sorts by date");
        repository.Board.Update(1, new TaskEdit { Met = [2], Status = TaskState.Completed }, Me).View.Task.Status.Should().Be(TaskState.Completed);
        _repo.Open().Board.Get(1).Task.Contract.Acceptance.Should().AllSatisfy(one => one.MetBy.Should().Be(Me));
    }

    [Fact]
    public void What_was_met_stays_met_where_the_words_are_the_same()
    {
        var repository = _repo.Open();
        repository.Board.Create(new NewTask("task") { Acceptance = ["a", "b"] }, Me);
        repository.Board.Update(1, new TaskEdit { Met = [2] }, Me);

        repository.Board.Update(1, new TaskEdit { Acceptance = ["b", "c"] }, Me);

        repository.Board.Get(1).Task.Contract.Acceptance.Select(one => (one.Text, one.MetAt is not null)).Should().Equal(("b", true), ("c", false));
    }

    [Fact]
    public void A_landing_runs_the_tasks_own_command_and_puts_the_proof_on_record_with_the_completion()
    {
        var repository = Working("test -e one.txt");

        var landed = Land(repository);

        landed.Verified!.ExitCode.Should().Be(0);
        landed.Step.Task!.Status.Should().Be(TaskState.Completed);
        landed.Step.Task.Contract.Proof.Should().BeEquivalentTo(new { Command = "test -e one.txt", Commit = landed.To, ExitCode = 0, By = Me });
        _repo.Open().Board.Get(1).Task.Contract.Proof!.HasPassed.Should().BeTrue();
    }

    [Fact]
    public void A_failing_command_stops_the_landing_and_every_other_way_to_completion_with_the_end_of_its_output()
    {
        var repository = Working("echo 'two tests failed'; exit 3");
        ((Action)(() => Land(repository))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.VerifyFailed);

        var refusal = _repo.By(RefusalCode.ContractOpen, () => Complete(repository));

        refusal.Message.Should().Contain("exit code 3").And.Contain("two tests failed");
        _repo.By(RefusalCode.ContractOpen, () => repository.Worktrees.Remove("a", force: true, completeTask: true, null, Me));
        ((Action)(() => repository.Worktrees.Keep("a", null, completeTask: true, Me))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.VerifyFailed);
        repository.Board.Get(1).Task.Status.Should().Be(TaskState.InProgress);
        _repo.Git("rev-parse", "main").Should().Be(_repo.Git("rev-list", "--max-parents=0", "main"));
    }

    [Fact]
    public void Work_that_never_was_verified_is_refused_and_landing_is_what_comes_next()
    {
        var repository = Working("true");

        var refusal = _repo.By(RefusalCode.ContractOpen, () => Complete(repository));

        refusal.Message.Should().Contain("has not run");
        refusal.Next.Should().Be(new NextStep.LandWorktree("a"));
    }

    [Fact]
    public void A_kept_worktree_is_verified_at_the_head_of_its_branch_in_a_checkout_of_its_own()
    {
        var repository = Working("test -e one.txt && test ! -e untracked.txt");
        File.WriteAllText(Path.Join(_repo.Layout.Worktree("a"), "untracked.txt"), "passes only in the worktree");

        var kept = repository.Worktrees.Keep("a", null, completeTask: true, Me);

        kept.Task!.Status.Should().Be(TaskState.Completed);
        kept.Task.Contract.Proof!.Commit.Should().Be(_repo.Git("rev-parse", "wt/a"));
        _repo.EventNames().Should().Contain("task.verified");
    }

    [Fact]
    public void A_proof_does_not_hold_for_work_that_went_on_or_for_another_command()
    {
        var repository = Working("test -e one.txt");
        repository.Worktrees.Keep("a", null, completeTask: true, Me);
        repository.Board.Update(1, new TaskEdit { Status = TaskState.Pending }, Me);
        repository.Board.Update(1, new TaskEdit { Verify = "false" }, Me);
        _repo.By(RefusalCode.ContractOpen, () => Complete(repository)).Message.Should().Contain("another command");

        repository.Board.Update(1, new TaskEdit { Verify = "test -e one.txt" }, Me);
        repository.Work("a", "two.txt", "2");

        _repo.By(RefusalCode.ContractOpen, () => Complete(repository)).Message.Should().Contain("passed at");
    }

    [Fact]
    public void Another_verify_command_than_the_tasks_own_completes_nothing()
    {
        var repository = Working("false");

        _repo.By(RefusalCode.ContractOpen, () => Land(repository, verify: "true")).Message.Should().Contain("another command");
    }

    [Fact]
    public void What_landed_before_it_was_verified_is_verified_when_it_is_to_be_completed()
    {
        var repository = Working("test -e one.txt", afterLanding: true);

        var landed = Land(repository);

        landed.Step.Already.Should().BeTrue();
        landed.Step.Task!.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public void A_command_that_came_with_a_file_is_run_only_once_it_is_given_here()
    {
        var repository = Working(null);
        var path = ".tasks/task_1.json";
        _repo.Write(path, _repo.Read(path).Replace("\"id\": 1,", "\"id\": 1, \"verify\": \"touch /dev/shm/never-made\",", StringComparison.Ordinal));

        _repo.By(RefusalCode.ContractOpen, () => Land(repository)).Message.Should().Contain("came with its file").And.Contain("never-made");

        repository.Board.Update(1, new TaskEdit { Note = "a change of ours does not make it ours" }, Me);
        _repo.By(RefusalCode.ContractOpen, () => Land(repository)).Message.Should().Contain("came with its file");
        repository.Board.Update(1, new TaskEdit { Verify = "true" }, Me);
        Land(repository).Step.Task!.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public void A_command_of_a_task_that_came_from_elsewhere_is_run_only_once_it_is_given_here()
    {
        var repository = _repo.Open();
        _repo.Write(".tasks/task_1.json", """{"id":1,"subject":"x","status":"pending","verify":"touch ../made"}""");
        repository.Worktrees.Create(new NewWorktree("a", 1), Me);
        repository.Work("a", "one.txt", "1");

        _repo.By(RefusalCode.ContractOpen, () => Land(repository)).Message.Should().Contain("came with its file");
        _repo.By(RefusalCode.ContractOpen, () => Land(_repo.Open())).Message.Should().Contain("came with its file");

        repository.Board.Update(1, new TaskEdit { Verify = "touch ../made" }, Me);
        Land(repository).Step.Task!.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public void No_hand_can_say_that_a_command_passed_or_that_somebody_waived_it()
    {
        var repository = Working("false");
        var path = ".tasks/task_1.json";
        var tip = _repo.Git("rev-parse", "wt/a");
        var members = $$"""
            "id": 1, "proof": {"command":"false","commit":"{{tip}}","exit_code":0,"by":"x","at":1}, "waiver": {"by":"Ada","at":1,"reason":"because"},
            """;
        _repo.Write(path, _repo.Read(path).Replace("\"id\": 1,", members, StringComparison.Ordinal));

        ((Action)(() => Complete(repository))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.ContractOpen);

        repository.Board.Get(1).Task.Contract.Should().BeEquivalentTo(new { Proof = (VerifyProof?)null, Waiver = (ContractWaiver?)null });
    }

    [Fact]
    public void The_repositorys_command_holds_for_every_task_with_a_worktree_that_says_nothing_itself()
    {
        var repository = _repo.Open(settings: new RepositorySettings { Verify = "echo default; exit 4" });
        repository.Board.Create(new NewTask("task"), Me);
        repository.Board.Create(new NewTask("without a worktree"), Me);
        repository.Worktrees.Create(new NewWorktree("a", 1), Me);
        repository.Work("a", "one.txt", "1");

        ((Action)(() => Land(repository))).Should().Throw<Refusal>().Which.Message.Should().Contain("exit code 4");
        _repo.By(RefusalCode.ContractOpen, () => Complete(repository));

        repository.Board.Update(2, new TaskEdit { Status = TaskState.Completed }, Me).View.Task.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public void A_waiver_lets_it_pass_and_says_by_whom_and_why_until_the_terms_change()
    {
        var repository = Working("false");
        repository.Board.Contracts.Missing(1).Should().Contain("has not run");

        repository.Board.Contracts.Waive(1, "the test server is down", "Ada");

        JsonElement.Parse(_repo.EventLines()[^1]).GetProperty("event").GetString().Should().Be("task.waived");
        repository.Board.Update(1, new TaskEdit { Acceptance = ["new terms"] }, Me).View.Task.Contract.Waiver.Should().BeNull();
        repository.Board.Contracts.Waive(1, "the test server is down", "Ada");
        var task = Complete(repository).View.Task;
        task.Status.Should().Be(TaskState.Completed);
        task.Contract.Waiver.Should().BeEquivalentTo(new { By = "Ada", Reason = "the test server is down" });
        _repo.By(RefusalCode.BadTransition, () => repository.Board.Contracts.Waive(1, "again", "Ada"));
    }

    [Fact]
    public void What_lands_outside_of_the_scope_is_a_note()
    {
        var repository = Working(null, scope: ["src/**", "*.md"]);
        repository.Work("a", "src/deep/two.txt", "2");
        repository.Work("a", "three.md", "3");

        var note = Land(repository).Notes.Select(note => note.ToString()).Should().ContainSingle(note => note.Contains("outside the scope")).Which;

        note.Should().Contain("one.txt").And.NotContain("two.txt").And.NotContain("three.md");
    }

    [Theory]
    [InlineData("../other/**")]
    [InlineData("/etc/passwd")]
    [InlineData("src/../../x")]
    [InlineData(".git/config")]
    [InlineData("a\\b")]
    [InlineData("")]
    [InlineData("a\nb")]
    public void A_scope_that_leaves_the_repository_is_refused(string glob) =>
        _repo.By(RefusalCode.InvalidArgument, () => _repo.Open().Board.Create(new NewTask("task") { Scope = [glob] }, Me)).Message.Should().StartWith("scope");

    [Fact]
    public void Terms_beyond_their_bounds_are_refused()
    {
        var repository = _repo.Open();
        repository.Board.Create(new NewTask("task") { Acceptance = ["a"] }, Me);
        foreach (var goal in new[]
        {
            new NewTask("x") { Acceptance = [new string('x', 10_240)] },
            new NewTask("x") { Acceptance = [.. Enumerable.Range(0, 21).Select(n => $"{n}")] },
            new NewTask("x") { Acceptance = [" "] },
            new NewTask("x") { Verify = new string('x', 4_001) },
            new NewTask("x") { Verify = "make\0test" },
            new NewTask("x") { Verify = "  " },
            new NewTask("x") { Scope = [.. Enumerable.Range(0, 51).Select(n => $"{n}")] },
        })
        {
            _repo.By(RefusalCode.InvalidArgument, () => repository.Board.Create(goal, Me));
        }

        foreach (var number in new[] { 0, -1, 2, int.MaxValue })
        {
            _repo.By(RefusalCode.InvalidArgument, () => repository.Board.Update(1, new TaskEdit { Met = [number] }, Me)).Message.Should().StartWith("met");
        }
    }

    [Theory]
    [InlineData("\"acceptance\":\"all\"")]
    [InlineData("\"acceptance\":[\"all\"]")]
    [InlineData("\"acceptance\":[{\"text\":\"\"}]")]
    [InlineData("\"verify\":7")]
    [InlineData("\"verify\":\"a\\u0007b\"")]
    [InlineData("\"scope\":[\"../x\"]")]
    [InlineData("\"scope\":{}")]
    [InlineData("\"proof\":{\"command\":\"x\",\"commit\":\"main\"}")]
    [InlineData("\"waiver\":true")]
    [InlineData("\"waiver\":{\"by\":\"Ada\"}")]
    public void Terms_in_a_file_that_nobody_would_have_written_damage_that_task_alone(string member)
    {
        var repository = _repo.Open();
        repository.Board.Create(new NewTask("task"), Me);
        _repo.Write(".tasks/task_1.json", $$"""{"id":1,"subject":"x","status":"in_progress",{{member}}}""");

        _repo.By(RefusalCode.CorruptFile, () => repository.Board.Get(1));
    }

    private Repository Working(string? verify, IReadOnlyList<string>? scope = null, bool afterLanding = false)
    {
        var repository = _repo.Open();
        repository.Board.Create(new NewTask("task") { Verify = afterLanding ? null : verify, Scope = scope }, Me);
        repository.Worktrees.Create(new NewWorktree("a", 1), Me);
        repository.Work("a", "one.txt", "1");
        if (afterLanding)
        {
            Land(repository, complete: false);
            repository.Board.Update(1, new TaskEdit { Verify = verify }, Me);
        }

        return repository;
    }

    private static LandingResult Land(Repository repository, string? verify = null, bool complete = true) => repository.Worktrees.Land(
        new LandingRequest("a", null, LandingStrategy.Merge, null, verify, TimeSpan.FromSeconds(30), complete, Remove: false), Me, _ => { }, CancellationToken.None);

    private static TaskChange Complete(Repository repository) => repository.Board.Update(1, new TaskEdit { Status = TaskState.Completed }, Me);
}

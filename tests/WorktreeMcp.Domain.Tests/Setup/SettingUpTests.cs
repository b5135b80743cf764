using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Setup;

public sealed class SettingUpTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Nothing_runs_that_nobody_has_approved_and_the_answer_says_what_to_do()
    {
        Configure("""{ "setup": ["touch ran"] }""");
        using var repository = Open();

        var step = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");

        step.SetupRunId.Should().BeNull();
        step.NotRun.Should().Contain("setup (1 command in .worktree-mcp.json)").And.Contain($"worktree-mcp trust --repo '{_repo.Root}'");
        Path.Exists(Path.Join(step.Directory, "ran")).Should().BeFalse();
    }

    [Fact]
    public void Approved_commands_run_in_the_new_worktree_in_their_order()
    {
        Configure("""{ "setup": ["echo one > ran.ignored", "pwd >> ran.ignored; echo \"it's $WORKTREE_NAME\" >> ran.ignored"] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());

        var step = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");

        step.SetupRunId.Should().NotBeNull();
        Ended(repository, "alpha").Should().Be(new SetupState(step.SetupRunId!, "done"));
        File.ReadAllLines(Path.Join(step.Directory, "ran.ignored")).Should().Equal("one", step.Directory, "it's alpha");
    }

    [Fact]
    public void The_first_command_that_fails_is_the_last_and_the_worktree_and_its_task_show_it()
    {
        Configure("""{ "setup": ["(exit 7)", "touch never.ignored"] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        repository.Board.Create(new NewTask("first"), "tester");

        var step = repository.Worktrees.Create(new NewWorktree("alpha", TaskId: 1), "tester");

        Ended(repository, "alpha").Should().Be(new SetupState(step.SetupRunId!, "failed", "exit code 7"));
        repository.Board.Get(1).Task.Attention.Should().Be(TaskAttention.Failed);
        Path.Exists(Path.Join(step.Directory, "never.ignored")).Should().BeFalse();
    }

    [Fact]
    public void Commands_that_cannot_be_read_are_not_passed_over_in_silence()
    {
        Configure("""{ "setup": ["true"] """);
        using var repository = Open();

        var made = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");
        var removed = repository.Worktrees.Remove("alpha", force: false, completeTask: false, null, "tester");

        made.NotRun.Should().Contain("setup was not run").And.Contain(".worktree-mcp.json, line 1, column");
        removed.Step.Warning.Should().Contain("teardown was not run").And.Contain(".worktree-mcp.json, line 1, column");
        removed.TrashDirectory.Should().NotBeNull();
    }

    [Fact]
    public void An_approval_holds_for_the_exact_text_alone()
    {
        Configure("""{ "setup": ["true"] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        repository.Trust.IsApproved(repository.Trust.Wanted()).Should().BeTrue();

        foreach (var other in new[] { """{ "setup": ["true "] }""", """{ "setup": ["true", "true"] }""", """{ "setup": ["true"], "teardown": ["true"] }""", """{ "teardown": ["true"] }""" })
        {
            Configure(other);
            repository.Trust.IsApproved(repository.Trust.Wanted()).Should().BeFalse(other);
        }

        Configure("""{ "branch_prefix": "x/", "setup": ["true"] }""");
        repository.Trust.IsApproved(repository.Trust.Wanted()).Should().BeTrue();
    }

    [Fact]
    public void An_approval_holds_for_one_repository_and_until_it_is_taken_back()
    {
        Configure("""{ "setup": ["true"] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        _repo.Git("clone", "-q", _repo.Root, Path.Join(_repo.Base, "clone"));
        File.Copy(Path.Join(_repo.Root, ".worktree-mcp.json"), Path.Join(_repo.Base, "clone", ".worktree-mcp.json"));

        using (var clone = Repository.Open(Path.Join(_repo.Base, "clone"), environment: Environment()))
        {
            clone.Trust.IsApproved(clone.Trust.Wanted()).Should().BeFalse();
        }

        repository.Trust.Revoke().Should().BeTrue();
        repository.Trust.Revoke().Should().BeFalse();
        repository.Trust.IsApproved(repository.Trust.Wanted()).Should().BeFalse();
    }

    [Fact]
    public void A_worktrees_own_file_changes_nothing_of_what_runs()
    {
        using var repository = Open();
        var first = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");
        File.WriteAllText(Path.Join(first.Directory, ".worktree-mcp.json"), """{ "setup": ["touch planted"] }""");

        using var inside = Repository.Open(first.Directory, environment: Environment());

        inside.Trust.Wanted().IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void The_teardown_runs_before_the_files_go()
    {
        Configure("""{ "teardown": ["cp README.md \"$MAIN_CHECKOUT/../seen\""] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        repository.Worktrees.Create(new NewWorktree("alpha"), "tester");

        var removal = repository.Worktrees.Remove("alpha", force: false, completeTask: false, null, "tester");

        File.ReadAllText(Path.Join(_repo.Base, "seen")).Should().Be("hello\n");
        removal.Step.Warning.Should().BeNull();
    }

    [Fact]
    public void A_teardown_that_fails_stops_a_removal_unless_it_is_forced()
    {
        Configure("""{ "teardown": ["echo no such container; exit 3"] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        repository.Worktrees.Create(new NewWorktree("alpha"), "tester");

        var refused = FluentActions.Invoking(() => repository.Worktrees.Remove("alpha", force: false, completeTask: false, null, "tester")).Should().Throw<Refusal>().Which;
        refused.Code.Should().Be(RefusalCode.VerifyFailed);
        refused.Message.Should().Contain("exit code 3").And.Contain("no such container").And.Contain("not removed");
        repository.Worktrees.Status("alpha").View.Worktree.Status.Should().Be(WorktreeState.Active);

        var removal = repository.Worktrees.Remove("alpha", force: true, completeTask: false, null, "tester");
        removal.Step.Worktree.Status.Should().Be(WorktreeState.Removed);
        removal.Step.Warning.Should().Contain("exit code 3");
    }

    [Fact]
    public void A_teardown_does_not_run_for_a_removal_that_would_be_refused()
    {
        Configure("""{ "teardown": ["touch \"$MAIN_CHECKOUT/../ran\""] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        var made = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");
        File.WriteAllText(Path.Join(made.Directory, "work.txt"), "x");

        FluentActions.Invoking(() => repository.Worktrees.Remove("alpha", force: false, completeTask: false, null, "tester"))
            .Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.WorktreeDirty);

        Path.Exists(Path.Join(_repo.Base, "ran")).Should().BeFalse();
    }

    [Fact]
    public void A_teardown_does_not_run_for_somebody_who_may_not_remove()
    {
        Configure("""{ "teardown": ["touch \"$MAIN_CHECKOUT/../ran\""] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        repository.Board.Create(new NewTask("first"), "tester");
        repository.Worktrees.Create(new NewWorktree("alpha", TaskId: 1), "tester");

        _repo.By(RefusalCode.TaskClaimed, () => repository.Worktrees.Remove("alpha", force: true, completeTask: false, null, "somebody else"));
        repository.Worktrees.Create(new NewWorktree("beta"), "tester");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Remove("beta", force: false, completeTask: true, null, "tester"));

        Path.Exists(Path.Join(_repo.Base, "ran")).Should().BeFalse();
    }

    [Fact]
    public void A_removal_with_a_teardown_names_the_command_that_is_in_its_way()
    {
        Configure("""{ "teardown": ["true"] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        repository.Worktrees.Create(new NewWorktree("alpha"), "tester");
        var run = repository.Worktrees.Run(new RunOrder("alpha", "sleep 300", Limit, "tester"), TimeSpan.Zero, null, CancellationToken.None).Run.RunId;

        FluentActions.Invoking(() => repository.Worktrees.Remove("alpha", force: true, completeTask: false, null, "tester"))
            .Should().Throw<Refusal>().WithMessage($"*{run}*");
    }

    [Fact]
    public void A_landing_that_removes_the_worktree_runs_the_teardown_too()
    {
        Configure("""{ "teardown": ["touch \"$MAIN_CHECKOUT/../ran\"; test -e pass.ignored"] }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        var made = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");
        _repo.GitIn(made.Directory, "commit", "-q", "--allow-empty", "-m", "work");

        var landed = Land();
        landed.Removal.Should().BeNull();
        landed.Notes.Should().ContainSingle(note => note.ToString().Contains("The teardown of worktree \"alpha\" ended with exit code 1"));
        Path.Exists(Path.Join(_repo.Base, "ran")).Should().BeTrue();

        File.WriteAllText(Path.Join(made.Directory, "pass.ignored"), string.Empty);
        Land().Removal!.Step.Worktree.Status.Should().Be(WorktreeState.Removed);

        LandingResult Land() => repository.Worktrees.Land(
            new LandingRequest("alpha", null, LandingStrategy.Merge, null, null, Limit, CompleteTask: false, Remove: true), "tester", _ => { }, CancellationToken.None);
    }

    [Fact]
    public void A_teardown_that_nobody_approved_stands_in_nobodys_way()
    {
        Configure("""{ "teardown": ["exit 3"] }""");
        using var repository = Open();
        repository.Worktrees.Create(new NewWorktree("alpha"), "tester");

        repository.Worktrees.Remove("alpha", force: false, completeTask: false, null, "tester").Step.Warning.Should().Contain("worktree-mcp trust");
    }

    [Fact]
    public void Where_commands_are_switched_off_none_runs_approved_or_not()
    {
        Configure("""{ "setup": ["touch ran"], "teardown": ["exit 3"], "run": { "enabled": false } }""");
        using var repository = Open();
        repository.Trust.Approve(repository.Trust.Wanted());

        var step = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");

        step.NotRun.Should().Contain("switched off");
        FluentActions.Invoking(() => repository.Worktrees.Run(new RunOrder("alpha", "touch ran", Limit, "tester"), Limit, null, CancellationToken.None))
            .Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.RunDisabled);
        var landing = new LandingRequest("alpha", null, LandingStrategy.Merge, null, "touch ran", Limit, CompleteTask: false, Remove: false);
        FluentActions.Invoking(() => repository.Worktrees.Land(landing, "tester", _ => { }, CancellationToken.None))
            .Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.RunDisabled);
        Path.Exists(Path.Join(step.Directory, "ran")).Should().BeFalse();
        repository.Worktrees.Remove("alpha", force: false, completeTask: false, null, "tester").Step.Warning.Should().Contain("switched off");
    }

    [Theory]
    [InlineData("""{ "setup": "npm ci\u001b[2K" }""")]
    [InlineData("""{ "setup": ["npm ci\u001b[2K"] }""")]
    [InlineData("""{ "setup": ["ls \u202e gpj.exe"] }""")]
    [InlineData("""{ "setup": [" "] }""")]
    [InlineData("""{ "setup": [7] }""")]
    public void A_command_that_a_terminal_would_not_show_as_it_is_is_none(string text)
    {
        Configure(text);
        using var repository = Open();

        repository.Trust.Wanted().IsEmpty.Should().BeTrue();
        repository.Settings.Warnings.Should().ContainSingle().Which.Should().Contain("setup");
    }

    private static SetupState? Ended(Repository repository, string name)
    {
        SetupState? Now() => repository.Worktrees.Status(name).View.Worktree.Setup;
        SpinWait.SpinUntil(() => Now() is { State: not "running" }, Limit).Should().BeTrue();
        return Now();
    }

    private void Configure(string text) => _repo.Write(".worktree-mcp.json", text);

    private Dictionary<string, string> Environment() => new()
    {
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")!,
        ["HOME"] = _repo.Base,
        ["XDG_STATE_HOME"] = Path.Join(_repo.Base, "state"),
    };

    private Repository Open() => Repository.Open(_repo.Root, environment: Environment());
}

using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class StackedWorktreesTests : IDisposable
{
    private readonly TempRepository _repo = new();
    private readonly Repository _repository;

    public StackedWorktreesTests() => _repository = _repo.Open();

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void Work_that_landed_in_the_main_checkout_is_in_the_next_worktree()
    {
        var (first, second) = Chain();
        Done(first, "first");
        _repo.Git("merge", "-q", "--no-ff", "-m", "landed", "wt/first");

        var made = _repository.Make("second", second);

        made.Worktree.BaseRef.Should().Be("main");
        made.Note.Should().BeNull();
        File.Exists(Path.Join(made.Directory, "first.txt")).Should().BeTrue();
    }

    [Fact]
    public void Work_that_landed_on_another_branch_than_the_checked_out_one_is_the_base_of_the_next_worktree()
    {
        var (first, second) = Chain();
        Done(first, "first");
        _repo.Git("checkout", "-q", "-b", "aside");
        _repo.Git("branch", "-f", "main", "wt/first");

        var made = _repository.Make("second", second);

        made.Worktree.BaseRef.Should().Be("main");
        File.Exists(Path.Join(made.Directory, "first.txt")).Should().BeTrue();
    }

    [Fact]
    public void Work_of_a_removed_worktree_is_found_where_it_landed()
    {
        var (first, second) = Chain();
        Done(first, "first");
        _repo.Git("checkout", "-q", "-b", "aside");
        _repo.Git("branch", "-f", "main", "wt/first");
        _repository.Drop("first");
        _repo.TryDeleteBranch("wt/first");

        _repository.Make("second", second).Worktree.BaseRef.Should().Be("main");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Work_that_landed_as_another_commit_is_found_by_that_one(bool remove)
    {
        var (first, second) = Chain();
        Done(first, "first");
        _repo.Git("checkout", "-q", "-b", "aside");
        _repository.Land("first", LandingStrategy.Squash, remove: remove);

        var made = _repository.Make("second", second);

        made.Worktree.BaseRef.Should().Be("main");
        made.Note.Should().BeNull();
        File.Exists(Path.Join(made.Directory, "first.txt")).Should().BeTrue();
    }

    [Theory]
    [InlineData(LandingStrategy.Merge, false)]
    [InlineData(LandingStrategy.Merge, true)]
    [InlineData(LandingStrategy.Squash, false)]
    [InlineData(LandingStrategy.Squash, true)]
    [InlineData(LandingStrategy.Rebase, false)]
    [InlineData(LandingStrategy.Rebase, true)]
    public void However_the_lower_one_landed_the_command_in_the_status_leaves_the_upper_one_its_own_commits(LandingStrategy strategy, bool remove)
    {
        var upper = Stack();
        _repo.Write("base.txt", "went on\n");
        _repo.Commit("base went on");
        var head = _repo.GitIn(upper, "rev-parse", "HEAD");

        var landed = _repository.Land("lower", strategy, remove: remove);

        landed.Notes.Should().ContainSingle(note => note.ToString().Contains("started from wt/lower") && note.ToString().Contains("upper"));
        _repo.GitIn(upper, "rev-parse", "HEAD").Should().Be(head);
        Follow("upper", upper, "upper one", "upper two");
        _repository.Land("upper", into: "main").Commits.Should().Be(2);
        _repo.Git("ls-files").Split('\n').Should().Contain(["base.txt", "lower1.txt", "lower2.txt", "upper1.txt", "upper2.txt"]);
        _repo.Git("status", "--porcelain").Should().BeEmpty();
    }

    [Theory]
    [InlineData("echo more >> lower2.txt && git commit -qa --amend --no-edit")]
    [InlineData("echo more > lower3.txt && git add -A && git commit -qm 'lower three'")]
    public void A_lower_one_that_changed_since_does_not_come_back_with_the_upper_one(string meanwhile)
    {
        var upper = Stack();
        _repository.Shell("lower", meanwhile).Run.ExitCode.Should().Be(0);

        _repository.Land("lower", LandingStrategy.Squash);

        Follow("upper", upper, "upper one", "upper two");
    }

    [Fact]
    public void A_base_that_lacks_commits_of_the_checked_out_one_is_not_taken_for_it()
    {
        var (first, second) = Chain();
        Done(first, "first");
        _repo.Git("checkout", "-q", "-b", "aside");
        _repo.Git("branch", "-f", "main", "wt/first");
        _repo.Commit("only aside");

        var made = _repository.Make("second", second);

        made.Worktree.BaseRef.Should().Be("aside");
        made.Note.Should().Contain($"task {first} on wt/first");
    }

    [Fact]
    public void Work_that_landed_nowhere_is_named_and_a_base_that_the_caller_names_wins()
    {
        var (first, second) = Chain();
        Done(first, "first");

        _repository.Make("second", second).Note.Should().Contain($"task {first} on wt/first").And.Contain("base_ref");
        var stacked = _repository.Make("third", null, baseRef: "wt/first");

        stacked.Note.Should().BeNull();
        stacked.Worktree.BaseRef.Should().Be("wt/first");
        File.Exists(Path.Join(stacked.Directory, "first.txt")).Should().BeTrue();
    }

    [Fact]
    public void When_the_lower_worktree_has_landed_the_upper_one_says_what_to_do_and_is_left_as_it_is()
    {
        Done(_repository.Task("first"), "first");
        var upper = _repository.Make("upper", baseRef: "wt/first");
        _repo.Write(".worktrees/upper/upper.txt", "x");
        _repo.Commit("upper", upper.Directory);
        var head = _repo.GitIn(upper.Directory, "rev-parse", "HEAD");
        _repository.Status("upper").Should().BeNull();

        _repo.Git("merge", "-q", "--no-ff", "-m", "landed", "wt/first");
        var note = _repository.Status("upper")!;

        note.Should().Contain("wt/first has landed in main").And.Contain("nothing was rebased");
        _repo.GitIn(upper.Directory, "rev-parse", "HEAD").Should().Be(head);
        Follow("upper", upper.Directory, "upper");
    }

    // Two commits below, two above.
    private string Stack()
    {
        _repository.Make("lower");
        _repository.Work("lower", "lower1.txt", "1");
        _repository.Work("lower", "lower2.txt", "2");
        var upper = _repository.Make("upper", baseRef: "wt/lower").Directory;
        _repository.Shell("upper", "echo 1 > upper1.txt && git add -A && git commit -qm 'upper one' && echo 2 > upper2.txt && git add -A && git commit -qm 'upper two'").Run.ExitCode.Should().Be(0);
        return upper;
    }

    private void Follow(string name, string directory, params string[] own)
    {
        var note = _repository.Status(name)!;
        var command = note[note.IndexOf("git rebase", StringComparison.Ordinal)..note.IndexOf(". Then", StringComparison.Ordinal)];
        _repository.Shell(name, command).Run.ExitCode.Should().Be(0);
        _repo.GitIn(directory, "log", "--reverse", "--format=%s", "main..HEAD").Split('\n').Should().Equal(own);
        _repository.Status(name).Should().Contain("it can land in main").And.Contain("Into = main");
    }

    private (int First, int Second) Chain()
    {
        var first = _repository.Task("first");
        return (first, _repository.Board.Create(new NewTask("second", BlockedBy: [first]), Steps.By).View.Task.Id);
    }

    private void Done(int task, string name)
    {
        var made = _repository.Make(name, task);
        File.WriteAllText(Path.Join(made.Directory, $"{name}.txt"), "x");
        _repo.Commit(name, made.Directory);
        _repository.Board.Update(task, new TaskEdit { Status = TaskState.Completed }, Steps.By);
    }
}

internal static class StackedSteps
{
    internal static string? Status(this Repository repository, string name) => repository.Worktrees.Status(name).BaseNote?.ToString();

    internal static void TryDeleteBranch(this TempRepository repository, string branch) => TempRepository.TryGit(repository.Root, "branch", "-D", branch);
}

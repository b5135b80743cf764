using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Doctor;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>git fails while it moves the base and its checkout: afterwards it has landed, or everything is as it was, and the answer says which.</summary>
public sealed class FailedLandingsTests : IDisposable
{
    private const string Move = "merge --ff-only";

    private readonly TempRepository _repo = new();
    private readonly Obstacles _obstacles;
    private string _from = string.Empty;

    public FailedLandingsTests() => _obstacles = new Obstacles(_repo);

    public void Dispose()
    {
        _obstacles.Dispose();
        _repo.Dispose();
    }

    [Theory]
    [InlineData("src")]
    [InlineData("docs")]
    [InlineData("docs/deep")]
    [InlineData("gone")]
    [InlineData("gone/deep")]
    [InlineData(".")]
    [InlineData(".git")]
    [InlineData(".git/refs/heads")]
    public void In_a_folder_that_may_not_be_written_nothing_is_left_of_it_and_it_lands_afterwards(string folder)
    {
        Assert.SkipUnless(PlainUser.Refusal is null, PlainUser.Refusal ?? string.Empty);
        var repository = Prepare(PlainUser.Git(_repo.Base));
        _obstacles.Unwritable(folder);

        var refusal = Fails(() => PlainUser.Do(() => repository.Land("a")));

        _obstacles.Clear();
        IsAsBefore(refusal);
        Lands(repository);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("src/app.txt")]
    [InlineData("gone/old.txt")]
    [InlineData("docs/deep")]
    public void A_file_that_nobody_may_change_leaves_nothing_of_it_and_it_lands_afterwards(string path)
    {
        var repository = Prepare(environment: null);
        _obstacles.Immutable(path);

        var refusal = Fails(() => repository.Land("a"));

        _obstacles.Clear();
        IsAsBefore(refusal);
        Lands(repository);
    }

    [Theory]
    [InlineData("trap '' XFSZ; ulimit -f 20; git \"$@\"; exit $?")]
    [InlineData("ulimit -f 20; git \"$@\"; exit $?")]
    [InlineData("ulimit -n 3; git \"$@\"; exit $?")]
    [InlineData("exit 1")]
    public void With_too_little_for_git_nothing_is_left_of_it_and_it_lands_afterwards(string instead)
    {
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, instead));

        var refusal = Fails(() => repository.Land("a"));

        IsAsBefore(refusal);
        Lands(repository);
    }

    [Fact]
    public void A_lock_of_another_git_on_the_branch_is_met_after_the_files_were_written_and_they_are_put_back()
    {
        var repository = Prepare(environment: null);
        _repo.Write(".git/refs/heads/main.lock", string.Empty);

        var refusal = Fails(() => repository.Land("a"));

        File.Delete(Path.Join(_repo.Root, ".git", "refs", "heads", "main.lock"));
        refusal.Message.Should().Contain("main.lock").And.Contain("put back");
        IsAsBefore(refusal);
        Lands(repository);
    }

    [Fact]
    public void A_lock_of_another_git_on_the_index_changes_nothing_and_says_so()
    {
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, "touch \"$(git rev-parse --git-path index.lock)\"; git \"$@\"; exit $?"));

        var refusal = Fails(() => repository.Land("a"));

        refusal.Message.Should().Contain("index.lock").And.Contain("Nothing was changed.");
        File.Delete(Path.Join(_repo.Root, ".git", "index.lock"));
        IsAsBefore(refusal);
        Lands(repository);
    }

    [Fact]
    public void What_git_says_after_it_has_landed_all_of_it_does_not_count()
    {
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, "git \"$@\"; exit 1"));

        Lands(repository);
    }

    [Fact]
    public void A_file_that_git_could_not_delete_although_it_says_that_it_has_landed_lets_all_of_it_be_taken_back()
    {
        Assert.SkipUnless(PlainUser.Refusal is null, PlainUser.Refusal ?? string.Empty);
        var repository = Prepare(PlainUser.Git(_repo.Base));
        _obstacles.Unwritable("gone");

        var refusal = Fails(() => PlainUser.Do(() => repository.Land("a")));

        _obstacles.Clear();
        refusal.Message.Should().Contain("gone/old.txt").And.Contain("taken back");
        IsAsBefore(refusal);
        Lands(repository);
    }

    [Fact]
    public void What_cannot_be_put_back_is_named_stays_on_record_is_found_by_the_doctor_and_is_put_back_by_the_next_call()
    {
        Obstacles.RequireImmutable(_repo.Base);
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, "git read-tree -m -u \"$(git rev-parse HEAD)\" wt/a; git read-tree HEAD; chattr +i README.md; exit 1"));

        var refusal = Fails(() => repository.Land("a"));

        _obstacles.Know("README.md");
        refusal.Message.Should().Contain("README.md").And.Contain(_repo.Root).And.NotContain("src/app.txt").And.NotContain("Nothing was changed");
        _repo.Git("rev-parse", "main").Should().Be(_from);
        _repo.Read("src/app.txt").Should().Be("one\ntwo\nthree\n");
        _repo.Read(".worktrees/index.json").Should().Contain("\"landing\"");
        using (var doctor = _repo.Open())
        {
            doctor.Examine().Should().ContainSingle(finding => finding.Code == "landing_unfinished").Which.Message.Should().Contain("README.md").And.Contain("main");
            doctor.Repair().Should().ContainSingle(finding => finding.Code == "landing_unfinished").Which.Done.Should().BeNull();
        }

        Fails(() => repository.Land("a")).Message.Should().Contain("README.md");

        _obstacles.Clear();
        using (var next = _repo.Open())
        {
            next.Worktrees.List(null, 50, null);
        }

        IsAsBefore(refusal);
        Lands(repository);
    }

    [Fact]
    public void The_doctor_puts_back_what_could_not_be_put_back_at_the_time()
    {
        Obstacles.RequireImmutable(_repo.Base);
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, "git read-tree -m -u \"$(git rev-parse HEAD)\" wt/a; git read-tree HEAD; chattr +i README.md; exit 1"));
        Fails(() => repository.Land("a"));
        _obstacles.Know("README.md");
        _obstacles.Clear();

        _repo.Repairs("landing_unfinished");

        _repo.Git("status", "--porcelain").Should().BeEmpty();
        Lands(repository);
    }

    [Fact]
    public void A_persons_file_that_lies_where_git_failed_stays()
    {
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, "git read-tree -m -u \"$(git rev-parse HEAD)\" wt/a; git read-tree HEAD; echo mine > docs/deep/page.txt; rm src/app.txt; mkdir src/app.txt; echo mine > src/app.txt/inside; exit 1"));

        Fails(() => repository.Land("a"));

        _repo.Read("docs/deep/page.txt").Should().Be("mine\n");
        _repo.Read("src/app.txt/inside").Should().Be("mine\n");
        _repo.Read("README.md").Should().Be("hello\n");
        _repo.Git("rev-parse", "main").Should().Be(_from);
    }

    // A branch that changes, adds and deletes files in several folders.
    private Repository Prepare(IReadOnlyDictionary<string, string>? environment)
    {
        _repo.Write("docs/deep/old.txt", "old\n");
        _repo.Write("gone/old.txt", "old\n");
        _repo.Write("gone/deep/older.txt", "older\n");
        _repo.Write("stays.ignored", "mine\n");
        _from = _repo.Commit("more");
        var repository = _repo.Open(environment: environment);
        repository.Make("a");
        _repo.Write(".worktrees/a/README.md", "changed\n");
        _repo.Write(".worktrees/a/src/app.txt", "changed\n");
        _repo.Write(".worktrees/a/docs/deep/page.txt", "page\n");
        _repo.Write(".worktrees/a/docs/top.txt", "top\n");
        _repo.Write(".worktrees/a/docs/deep/old.txt", "changed\n");
        _repo.Write(".worktrees/a/fresh/long.txt", string.Concat(Enumerable.Repeat("a line of a long file\n", 5_000)));
        Directory.Delete(Path.Join(_repo.Root, ".worktrees/a/gone"), recursive: true);
        _repo.Commit("work", Path.Join(_repo.Root, ".worktrees", "a"));
        return repository;
    }

    private static Refusal Fails(Action land) => land.Should().Throw<Refusal>().Which;

    private void IsAsBefore(Refusal refusal)
    {
        _repo.Git("rev-parse", "main").Should().Be(_from, refusal.Message);
        _repo.Git("status", "--porcelain").Should().BeEmpty(refusal.Message);
        _repo.Has("fresh").Should().BeFalse(refusal.Message);
        _repo.Read("gone/deep/older.txt").Should().Be("older\n");
        _repo.Read("stays.ignored").Should().Be("mine\n");
        _repo.Read(".worktrees/index.json").Should().NotContain("\"landing\"", refusal.Message);
        using var doctor = _repo.Open();
        doctor.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
    }

    private void Lands(Repository repository)
    {
        var landed = repository.Land("a");
        landed.To.Should().Be(_repo.Git("rev-parse", "main"));
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        _repo.Git("diff", "--stat", "main", "wt/a").Should().BeEmpty();
        _repo.Has("gone").Should().BeFalse();
        _repo.Read("stays.ignored").Should().Be("mine\n");
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>git fails while a worktree is brought to what landed of it: its branch has moved and all files are right, or neither has, and the answer says which.</summary>
public sealed class FailedFollowingTests : IDisposable
{
    private const string Move = "checkout --quiet --detach";

    private readonly TempRepository _repo = new();
    private readonly Obstacles _obstacles;
    private string _tip = string.Empty;

    public FailedFollowingTests() => _obstacles = new Obstacles(_repo);

    private string Place => Path.Join(_repo.Root, ".worktrees", "a");

    public void Dispose()
    {
        _obstacles.Dispose();
        _repo.Dispose();
    }

    [Theory]
    [InlineData("src", LandingStrategy.Squash)]
    [InlineData("src", LandingStrategy.Rebase)]
    [InlineData("docs", LandingStrategy.Squash)]
    [InlineData("docs/deep", LandingStrategy.Squash)]
    [InlineData("gone", LandingStrategy.Squash)]
    [InlineData(".", LandingStrategy.Rebase)]
    public void In_a_folder_that_may_not_be_written_the_branch_stays_with_its_files_and_the_next_call_lets_it_follow(string folder, LandingStrategy strategy)
    {
        Assert.SkipUnless(PlainUser.Refusal is null, PlainUser.Refusal ?? string.Empty);
        var repository = Prepare(PlainUser.Git(_repo.Base));
        _obstacles.Unwritable(Path.Join(Place, folder));

        var landed = PlainUser.Do(() => repository.Land("a", strategy));

        _obstacles.Clear();
        HasStayed(landed);
        Follows(repository, strategy);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("gone/old.txt")]
    public void A_file_that_nobody_may_change_lets_the_branch_stay_with_its_files(string path)
    {
        var repository = Prepare(environment: null);
        _obstacles.Immutable(Path.Join(Place, path));

        var landed = repository.Land("a", LandingStrategy.Squash);

        _obstacles.Clear();
        HasStayed(landed);
        Follows(repository, LandingStrategy.Squash);
    }

    [Theory]
    [InlineData("trap '' XFSZ; ulimit -f 20; git \"$@\"; exit $?")]
    [InlineData("ulimit -n 3; git \"$@\"; exit $?")]
    [InlineData("exit 1")]
    [InlineData("exit 0")]
    [InlineData("touch \"$(git rev-parse --git-path HEAD.lock)\"; git \"$@\"; code=$?; rm -f \"$(git rev-parse --git-path HEAD.lock)\"; exit $code")]
    public void With_too_little_for_git_the_branch_stays_with_its_files(string instead)
    {
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, instead));

        HasStayed(repository.Land("a", LandingStrategy.Squash));
        Follows(repository, LandingStrategy.Squash);
    }

    [Fact]
    public void A_branch_that_git_cannot_move_lets_its_files_go_back()
    {
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, $"touch '{_repo.Root}/.git/refs/heads/wt/a.lock'"));

        var landed = repository.Land("a", LandingStrategy.Squash);

        File.Delete(Path.Join(_repo.Root, ".git/refs/heads/wt/a.lock"));
        HasStayed(landed);
        landed.Notes.Should().Contain(note => note.ToString().Contains("a.lock", StringComparison.Ordinal));
    }

    [Fact]
    public void What_can_be_brought_to_neither_end_is_said_and_found_and_settled_by_the_next_call()
    {
        Obstacles.RequireImmutable(_repo.Base);
        var repository = Prepare(WrappedGit.Instead(_repo.Base, Move, $"git \"$@\"; echo two > src/app.txt; chattr +i '{Place}/README.md'; git symbolic-ref HEAD refs/heads/wt/a; git read-tree HEAD; exit 1"));

        var refusal = repository.Invoking(r => r.Land("a", LandingStrategy.Squash)).Should().Throw<Refusal>().Which;

        _obstacles.Know(Path.Join(Place, "README.md"));
        refusal.Message.Should().Contain("has landed").And.Contain("README.md").And.Contain(Place);
        using (var doctor = _repo.Open())
        {
            doctor.Examine().Should().ContainSingle(finding => finding.Code == "landing_unfinished").Which.Message.Should().Contain("README.md");
        }

        _obstacles.Clear();
        File.WriteAllText(Path.Join(Place, "src", "app.txt"), "one\ntwo\nthree\n");
        using (var next = _repo.Open())
        {
            next.Worktrees.List(null, 50, null);
            next.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
        }

        _repo.GitIn(Place, "status", "--porcelain").Should().BeEmpty();
        _repo.Read(".worktrees/index.json").Should().NotContain("\"landing\"");
    }

    // The base has gone on: it changes, adds and deletes files that the branch has not touched.
    private Repository Prepare(IReadOnlyDictionary<string, string>? environment)
    {
        _repo.Write("docs/deep/old.txt", "old\n");
        _repo.Write("gone/old.txt", "old\n");
        _repo.Commit("more");
        var repository = _repo.Open(environment: environment);
        repository.Make("a");
        repository.Work("a", "own.txt", "own");
        repository.Work("a", "own2.txt", "own");
        _tip = _repo.Git("rev-parse", "wt/a");
        _repo.Write("README.md", "changed\n");
        _repo.Write("src/app.txt", "changed\n");
        _repo.Write("docs/deep/page.txt", "page\n");
        _repo.Write("docs/top.txt", "top\n");
        _repo.Write("fresh/long.txt", string.Concat(Enumerable.Repeat("a line of a long file\n", 5_000)));
        Directory.Delete(Path.Join(_repo.Root, "gone"), recursive: true);
        _repo.Commit("by hand");
        _repo.Write(".worktrees/a/stays.ignored", "mine\n");
        return repository;
    }

    private void HasStayed(LandingResult landed)
    {
        landed.BranchMoved.Should().BeFalse();
        landed.Notes.Should().Contain(note => note.ToString().StartsWith("wt/a still holds its own commits, since", StringComparison.Ordinal));
        _repo.Git("rev-parse", "main").Should().Be(landed.To);
        _repo.Git("rev-parse", "wt/a").Should().Be(_tip);
        _repo.GitIn(Place, "status", "--porcelain", "--branch").Should().Be("## wt/a", string.Join('\n', landed.Notes));
        File.ReadAllText(Path.Join(Place, "stays.ignored")).Should().Be("mine\n");
        _repo.Read(".worktrees/index.json").Should().NotContain("\"landing\"");
    }

    private void Follows(Repository repository, LandingStrategy strategy)
    {
        repository.Land("a", strategy).BranchMoved.Should().BeTrue();

        _repo.Git("rev-parse", "wt/a").Should().Be(_repo.Git("rev-parse", "main"));
        _repo.GitIn(Place, "status", "--porcelain", "--branch").Should().Be("## wt/a");
        _repo.GitIn(Place, "log", "--format=%s", "-2", $"{_tip}").Should().Be("own2.txt\nown.txt");
        File.ReadAllText(Path.Join(Place, "stays.ignored")).Should().Be("mine\n");
        using var doctor = _repo.Open();
        doctor.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class BasesAndBranchesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("--output=/tmp/wtmcp-pwn")]
    [InlineData("-h")]
    public void A_base_that_looks_like_an_option_is_refused(string baseRef)
    {
        var repository = _repo.Open();

        _repo.By(RefusalCode.InvalidArgument, () => repository.Make("a", baseRef: baseRef)).Message.Should().Contain("base_ref").And.Contain(baseRef);
        File.Exists("/tmp/wtmcp-pwn").Should().BeFalse();
    }

    [Theory]
    [InlineData("no-such-branch")]
    [InlineData("^main")]
    [InlineData("main..main")]
    [InlineData("main...main")]
    [InlineData("main^!")]
    [InlineData("main:README.md")]
    [InlineData("main^{tree}")]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("../../HEAD")]
    public void A_base_that_names_no_one_commit_is_refused_before_anything_is_made(string baseRef)
    {
        var repository = _repo.Open();

        var refusal = _repo.By(baseRef.Contains('\0', StringComparison.Ordinal) || baseRef.Contains('\n', StringComparison.Ordinal) ? RefusalCode.InvalidArgument : RefusalCode.NotFound, () => repository.Make("a", baseRef: baseRef));

        refusal.Message.Should().Contain("base_ref").And.Contain("main");
        _repo.EventLines().Should().BeEmpty();
    }

    [Theory]
    [InlineData("main", "main")]
    [InlineData("HEAD", "main")]
    [InlineData("refs/heads/main", "main")]
    [InlineData("heads/main", "main")]
    [InlineData("v1", "v1")]
    [InlineData("HEAD~1", "HEAD~1")]
    public void A_branch_a_tag_or_an_expression_can_be_the_base(string baseRef, string recorded)
    {
        _repo.Git("tag", "-a", "v1", "-m", "one");
        _repo.Write("second.txt", "2");
        _repo.Commit("second");
        var repository = _repo.Open();

        var made = repository.Make("a", baseRef: baseRef);

        made.Worktree.BaseCommit.Should().Be(_repo.Git("rev-parse", $"{baseRef}^{{commit}}"));
        made.Worktree.BaseRef.Should().Be(recorded);
        _repo.GitIn(made.Directory, "rev-parse", "HEAD").Should().Be(made.Worktree.BaseCommit);
    }

    [Fact]
    public void A_branch_with_the_users_commits_is_left_alone_and_the_way_to_attach_it_named()
    {
        var repository = _repo.Open();
        _repo.Git("branch", "wt/a");

        var refusal = _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a"));

        refusal.Message.Should().Contain("wt/a");
        refusal.Next.Should().Be(new NextStep.CreateWorktree("a", "wt/a"));
    }

    [Theory]
    [InlineData("wt", "wt/", "wt-a", false)]
    [InlineData("wt", "wt/", "wt-a", true)]
    [InlineData("team", "team/wt/", "team-wt/a", false)]
    [InlineData("team/wt", "team/wt/", "team/wt-a", false)]
    [InlineData("team", "team/a", "team-aa", false)]
    public void A_branch_where_the_folder_of_ours_would_be_leaves_them_another_name(string theirs, string prefix, string ours, bool packed)
    {
        var repository = _repo.Open(settings: new Domain.Configuration.RepositorySettings { BranchPrefix = prefix });
        _repo.Git("branch", theirs);
        if (packed)
        {
            _repo.Git("pack-refs", "--all", "--prune");
        }

        var made = repository.Make("a");

        made.Worktree.Branch.Should().Be(ours);
        _repo.Git("rev-parse", theirs).Should().Be(_repo.Git("rev-parse", ours));
        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Theory]
    [InlineData("wt/a/deeper", false)]
    [InlineData("wt/a/deeper", true)]
    public void A_branch_that_git_cannot_keep_beside_ours_is_named(string branch, bool packed)
    {
        var repository = _repo.Open();
        _repo.Git("branch", branch);
        if (packed)
        {
            _repo.Git("pack-refs", "--all", "--prune");
        }

        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a")).Message.Should().Contain(branch[..2]).And.Contain("cannot exist beside");
        _repo.EventLines().Should().BeEmpty();
    }

    [Fact]
    public void A_repository_without_commits_asks_for_a_first_one()
    {
        using var empty = new TempRepository(commit: false);
        var repository = empty.Open();

        empty.By(RefusalCode.NotFound, () => repository.Make("a")).Hint.ToString().Should().Contain("first commit");
    }

    [Fact]
    public void A_detached_head_is_a_base_without_a_name()
    {
        var commit = _repo.Git("rev-parse", "HEAD");
        _repo.Git("checkout", "-q", "--detach");
        var repository = _repo.Open();

        var made = repository.Make("a");

        made.Worktree.BaseCommit.Should().Be(commit);
        made.Worktree.BaseRef.Should().BeNull();
        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void An_existing_branch_is_attached_and_never_deleted()
    {
        var repository = _repo.Open();
        _repo.Git("branch", "feature/x");

        var made = repository.Make("a", branch: "feature/x");

        made.Worktree.Branch.Should().Be("feature/x");
        made.Worktree.BranchCreated.Should().BeFalse();
        _repo.GitIn(made.Directory, "branch", "--show-current").Should().Be("feature/x");
        var removed = repository.Drop("a");
        removed.BranchDeleted.Should().BeFalse();
        removed.BranchKept.Should().Contain("existed before");
        _repo.Git("branch", "--list", "feature/x").Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("no-such")]
    [InlineData("@{-1}")]
    [InlineData("../../HEAD")]
    [InlineData("HEAD")]
    [InlineData("")]
    public void A_branch_that_does_not_exist_is_not_attached(string branch)
    {
        var repository = _repo.Open();
        _repo.Git("checkout", "-q", "-b", "other");

        _repo.By(RefusalCode.NotFound, () => repository.Make("a", branch: branch)).Message.Should().Contain("main");
    }

    [Fact]
    public void A_branch_that_is_checked_out_is_refused_with_the_place()
    {
        var repository = _repo.Open();
        var elsewhere = Path.Join(_repo.Base, "other");
        _repo.Git("worktree", "add", "-q", "-b", "users", elsewhere);
        repository.Make("mine");

        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a", branch: "main")).Message.Should().Contain(_repo.Root);
        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a", branch: "users")).Message.Should().Contain(elsewhere);
        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a", branch: "wt/mine")).Message.Should().Contain(".worktrees/mine");
    }

    [Fact]
    public void A_branch_that_is_being_rebased_elsewhere_is_refused_with_the_place()
    {
        var repository = _repo.Open();
        var elsewhere = Path.Join(_repo.Base, "other");
        _repo.Git("worktree", "add", "-q", "-b", "users", elsewhere);
        Conflicts.StopRebase(_repo, elsewhere);

        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a", branch: "users")).Message.Should().Contain(elsewhere);
    }

    [Fact]
    public void Packed_refs_work_from_creation_to_removal()
    {
        var repository = _repo.Open();
        _repo.Git("branch", "feature");
        _repo.Git("pack-refs", "--all", "--prune");

        var made = repository.Make("a");
        repository.Make("b", branch: "feature");
        repository.Make("c", baseRef: "feature");
        _repo.Git("pack-refs", "--all", "--prune");

        repository.Row("a").Drift.Should().BeEmpty();
        repository.Row("a").Head.Should().Be(made.Worktree.BaseCommit);
        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("d", branch: "wt/a")).Message.Should().Contain(made.Directory);
        repository.Drop("a").BranchDeleted.Should().BeTrue();
        _repo.Git("branch", "--list", "wt/a").Should().BeEmpty();
        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("e", branch: "wt/c"));
    }

    [Fact]
    public void A_repository_of_sha256_hashes_works_from_creation_to_removal()
    {
        using var repo = new TempRepository(commit: false);
        Directory.Delete(Path.Join(repo.Root, ".git"), recursive: true);
        repo.Git("init", "-q", "-b", "main", "--object-format=sha256");
        repo.Git("config", "user.name", "Test");
        repo.Git("config", "user.email", "test@example.org");
        repo.Write("a.txt", "1\n");
        repo.Commit("first");
        var repository = repo.Open();

        var made = repository.Make("a");
        made.Worktree.BaseCommit.Should().HaveLength(64);
        repo.Write("a.txt", "2\n");
        repo.Commit("second");
        File.WriteAllText(Path.Join(made.Directory, "a.txt"), "3\n");
        repo.Commit("third", made.Directory);

        var detail = repository.Worktrees.Status("a");
        detail.Commits.Should().ContainSingle().Which.Subject.Should().Be("third");
        detail.Conflicts.Should().Equal("a.txt");
        repository.Drop("a").BranchKept.Should().Contain("1 commit");
    }

    [Fact]
    public void A_tag_of_the_branchs_name_does_not_mislead()
    {
        var first = _repo.Git("rev-parse", "HEAD");
        _repo.Git("tag", "wt/a");
        _repo.Write("second.txt", "2");
        var second = _repo.Commit("second");
        var repository = _repo.Open();

        var made = repository.Make("a");

        first.Should().NotBe(second);
        _repo.GitIn(made.Directory, "rev-parse", "HEAD").Should().Be(second);
        repository.Drop("a").BranchDeleted.Should().BeTrue();
        _repo.Git("tag", "--list", "wt/a").Should().Be("wt/a");
    }

    [Fact]
    public void A_branch_that_alone_holds_its_base_stays()
    {
        _repo.Write("second.txt", "2");
        var second = _repo.Commit("second");
        var repository = _repo.Open();
        repository.Make("a");
        _repo.Git("reset", "-q", "--hard", "HEAD~1");

        var removed = repository.Drop("a");

        removed.BranchDeleted.Should().BeFalse();
        removed.BranchKept.Should().Contain("no other branch");
        _repo.Git("rev-parse", "wt/a").Should().Be(second);
    }

    [Fact]
    public void A_branch_that_landed_is_deleted_and_its_commits_stay_reachable()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        File.WriteAllText(Path.Join(made.Directory, "new.txt"), "x");
        var commit = _repo.Commit("work", made.Directory);
        _repo.Git("merge", "-q", "--ff-only", "wt/a");

        repository.Drop("a").BranchDeleted.Should().BeTrue();
        _repo.Git("merge-base", "--is-ancestor", commit, "main");
    }
}

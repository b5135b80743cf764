using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Commits that only a log holds, and branches that got another name.</summary>
public sealed class LogsAndNamesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("git commit -q --allow-empty -m precious && git commit -q --amend --allow-empty -m other && git reset -q --hard HEAD~1")]
    [InlineData("git commit -q --allow-empty -m precious && git reset -q --hard HEAD~1")]
    [InlineData("git update-ref -m made refs/heads/wt/a $(git commit-tree -m precious -p HEAD HEAD^{tree}) && git update-ref -m back refs/heads/wt/a main")]
    [InlineData("git commit -q --allow-empty -m precious && git reset -q --hard HEAD~1 && rm $(git rev-parse --git-path logs/HEAD)")]
    [InlineData("git commit -q --allow-empty -m precious && git reset -q --hard HEAD~1 && git commit -q --allow-empty -m more && git -C ../.. merge -q --ff-only wt/a")]
    public void Commits_that_only_the_log_of_a_branch_holds_are_kept_when_it_goes(string command)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", command).Run.ExitCode.Should().Be(0);
        var precious = Precious();

        repository.Drop("a").BranchDeleted.Should().BeTrue();
        _repo.Git("reflog", "expire", "--expire=now", "--all");
        _repo.Git("worktree", "prune", "--expire=now");
        _repo.Git("gc", "-q", "--prune=now");

        _repo.Git("cat-file", "-t", precious).Should().Be("commit");
        _repo.Git("for-each-ref", "--format=%(refname)", $"--contains={precious}").Should().StartWith("refs/worktree-mcp/kept/1");
    }

    [Fact]
    public void A_branch_whose_log_holds_nothing_else_leaves_no_ref()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "x", "1");
        repository.Work("a", "y", "2");
        _repo.Git("merge", "-q", "--ff-only", "wt/a");

        repository.Drop("a").BranchDeleted.Should().BeTrue();

        _repo.Git("for-each-ref", "refs/worktree-mcp/kept").Should().BeEmpty();
    }

    [Theory]
    [InlineData("git config core.splitIndex true && git update-index --split-index")]
    [InlineData("git update-index --split-index && echo x > new && git add new && git commit -qm new")]
    public void A_split_index_does_not_stand_in_the_way(string command)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", command).Run.ExitCode.Should().Be(0);

        repository.Drop("a").TrashDirectory.Should().NotBeNull();
        repository.Worktrees.Restore("a", null, null, Steps.By);
        _repo.GitIn(".worktrees/a", "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void Worktrees_are_made_listed_and_removed_where_every_index_is_split()
    {
        _repo.Git("config", "core.splitIndex", "true");
        var repository = _repo.Open();
        repository.Make("a");
        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        repository.Work("a", "x", "1");

        repository.Drop("a").BranchKept.Should().Contain("1 commit");
    }

    [Fact]
    public void A_branch_that_was_renamed_inside_the_worktree_is_followed()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "x", "1");
        repository.Shell("a", "git branch -m better").Run.ExitCode.Should().Be(0);

        var finding = repository.Examine().Where(f => f.IsOpen).Should().ContainSingle().Which;
        (finding.Code, finding.Repairable).Should().Be(("worktree_branch_renamed", true));
        finding.Message.Should().Contain("better");
        var row = repository.Row("a");

        row.Worktree.Branch.Should().Be("better");
        row.Drift.Should().BeEmpty();
        repository.Examine().Where(f => f.IsOpen).Should().BeEmpty();
        repository.Land("a").Into.Should().Be("main");
        repository.Drop("a").BranchDeleted.Should().BeTrue();
        _repo.Git("branch", "--list", "better").Should().BeEmpty();
    }

    [Fact]
    public void A_renamed_branch_with_work_of_its_own_stays_and_is_named()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "x", "1");
        _repo.Git("branch", "-m", "wt/a", "feature/better");

        var removed = repository.Drop("a");

        removed.BranchDeleted.Should().BeFalse();
        removed.Step.Worktree.Branch.Should().Be("feature/better");
        removed.BranchKept.Should().Contain("1 commit");
    }

    [Fact]
    public void A_branch_that_a_person_deleted_and_left_for_another_is_no_renamed_one()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "git checkout -q -b other && git branch -q -D wt/a").Run.ExitCode.Should().Be(0);

        repository.Row("a").Worktree.Branch.Should().Be("wt/a");
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("other");
        repository.Examine().Where(f => f.IsOpen).Should().ContainSingle().Which.Message.Should().Contain("other");
        var removed = repository.Drop("a", force: true);
        removed.Step.Warning.Should().Contain("other");
        _repo.Git("branch", "--list", "other").Should().NotBeEmpty();
    }

    private string Precious() => _repo.Git("log", "--all", "--reflog", "--format=%H %s").Split('\n').First(line => line.EndsWith(" precious", StringComparison.Ordinal))[..40];
}

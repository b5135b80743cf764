using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Whether a branch has anything of its own, as a removal shows it.</summary>
public sealed class BranchWorthTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_squash_merged_branch_goes_with_its_worktree()
    {
        var repository = TwoCommits();
        _repo.Git("merge", "-q", "--squash", "wt/a");
        _repo.Commit("squashed by hand");

        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_squash_merged_branch_goes_also_after_the_base_went_on_in_the_same_files()
    {
        var repository = TwoCommits();
        _repo.Git("merge", "-q", "--squash", "wt/a");
        _repo.Commit("squashed by hand");
        _repo.Write("one.txt", "went on\n");
        _repo.Commit("went on");

        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_branch_that_was_squashed_together_with_other_work_goes_while_all_of_it_is_there()
    {
        var repository = TwoCommits();
        _repo.Git("merge", "-q", "--squash", "wt/a");
        _repo.Write("other.txt", "more\n");
        _repo.Commit("both");

        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_rebased_branch_goes_with_its_worktree()
    {
        var repository = TwoCommits();
        _repo.Write("README.md", "ours\n");
        _repo.Commit("ours");
        _repo.Git("cherry-pick", "main..wt/a");
        _repo.Write("one.txt", "went on\n");
        _repo.Commit("went on");

        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_branch_with_the_same_tree_goes()
    {
        var repository = TwoCommits();
        _repo.Write("two.txt", "2\n");
        _repo.Write("one.txt", "1\n");
        _repo.Commit("the same by hand");

        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_branch_of_which_only_a_part_landed_stays()
    {
        var repository = TwoCommits();
        _repo.Git("cherry-pick", "wt/a~1");

        repository.Drop("a").BranchKept.Should().Contain("that main does not have");
    }

    [Fact]
    public void Files_that_are_not_committed_never_count_as_landed()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo mine > mine.txt");

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a"));
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Land("a", remove: true));
    }

    [Fact]
    public void A_branch_that_landed_elsewhere_goes_as_well()
    {
        var repository = TwoCommits();
        _repo.Git("branch", "release");

        repository.Land("a", LandingStrategy.Squash, into: "release", remove: true).Removal!.BranchDeleted.Should().BeTrue();
    }

    private Repository TwoCommits()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Work("a", "two.txt", "2");
        return repository;
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A call that is repeated under its request id: what is the case now, and what was answered then.</summary>
public sealed class RepeatedRequestsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void While_nothing_changed_it_is_the_first_answer()
    {
        var repository = _repo.Open();
        var first = Ask(repository);

        var again = Ask(repository);

        (again.Worktree.Id, again.Worktree.Status).Should().Be((first.Worktree.Id, WorktreeState.Active));
        (again.Already, again.FirstAnswer).Should().Be((true, null));
    }

    [Fact]
    public void A_worktree_that_was_removed_since_is_told_as_removed_and_none_is_made()
    {
        var repository = _repo.Open();
        var first = Ask(repository);
        repository.Drop("a");

        var again = Ask(repository);

        again.Worktree.Status.Should().Be(WorktreeState.Removed);
        again.FirstAnswer!.Status.Should().Be(WorktreeState.Active);
        again.FirstAnswer.Id.Should().Be(first.Worktree.Id);
        Directory.Exists(first.Directory).Should().BeFalse();
    }

    [Fact]
    public void One_that_is_gone_for_good_is_told_as_that()
    {
        var repository = _repo.Open();
        Ask(repository);
        repository.Drop("a");
        repository.Trash().Empty(repository.Trash().Items(measure: false), Steps.By).Should().ContainSingle();

        var again = Ask(repository);

        (again.Worktree.Status, again.Worktree.Reason).Should().Be((WorktreeState.Removed, "removed, and deleted for good"));
        again.FirstAnswer!.Status.Should().Be(WorktreeState.Active);
    }

    [Fact]
    public void One_of_the_same_name_that_came_later_is_another()
    {
        var repository = _repo.Open();
        var first = Ask(repository);
        repository.Drop("a");
        var later = repository.Make("a");

        var again = Ask(repository);

        again.Worktree.Id.Should().Be(first.Worktree.Id).And.NotBe(later.Worktree.Id);
        again.Worktree.Status.Should().Be(WorktreeState.Removed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_was_kept_or_bound_since_is_told_as_it_is(bool bind)
    {
        var repository = _repo.Open();
        Ask(repository);
        if (bind)
        {
            repository.Worktrees.Bind(repository.Task(), "a", null, Steps.By);
        }
        else
        {
            repository.Worktrees.Keep("a", "later", completeTask: false, Steps.By);
        }

        var again = Ask(repository);

        (again.Worktree.Status, again.Worktree.TaskId).Should().Be(bind ? (WorktreeState.Active, 1) : (WorktreeState.Kept, (int?)null));
        again.FirstAnswer!.TaskId.Should().BeNull();
        again.FirstAnswer.Status.Should().Be(WorktreeState.Active);
    }

    private static WorktreeStep Ask(Repository repository) => repository.Worktrees.Create(new NewWorktree("a", RequestId: "once"), Steps.By);
}

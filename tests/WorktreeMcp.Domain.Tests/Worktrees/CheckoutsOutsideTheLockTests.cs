using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Files of a worktree are checked out, and what its branch is worth is found out, while the lock is free.</summary>
public sealed class CheckoutsOutsideTheLockTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public async Task While_one_worktree_is_being_filled_tasks_and_another_worktree_are_made()
    {
        using var git = new HeldGit(_repo, "checkout-index --all");
        var slow = _repo.Open(environment: git.Variables);
        var goal = slow.Task("slow");
        var making = Task.Run(() => slow.Make("slow", goal), TestContext.Current.CancellationToken);
        await git.Reached();
        var quick = _repo.Open();

        var task = quick.Task("meanwhile");
        var other = quick.Make("quick", task);

        making.IsCompleted.Should().BeFalse("its checkout was not let go on yet");
        var busy = _repo.By(RefusalCode.AlreadyExists, () => quick.Make("slow", goal));
        busy.Message.Should().Contain("is just being made");
        busy.Hint.ToString().Should().Contain("repeat the call; it answers with that worktree then");
        _repo.By(RefusalCode.AlreadyExists, () => quick.Make("slow")).Hint.ToString().Should().Contain("or choose another name");
        quick.Row("slow").Drift.Should().ContainSingle().Which.Should().Be("it is creating");
        _repo.GitIn(other.Directory, "status", "--porcelain").Should().BeEmpty();
        git.Release();
        var made = await making.WaitAsync(Limit, TestContext.Current.CancellationToken);
        made.Task!.Worktree.Should().Be("slow");
        quick.Make("slow", goal).Already.Should().BeTrue();
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().BeEmpty();
        _repo.Read(".worktrees/slow/src/app.txt").Should().Be("one\ntwo\nthree\n");
        quick.Examine().Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_a_branch_is_judged_that_goes_with_its_worktree_tasks_are_made(bool landed)
    {
        using var git = new HeldGit(_repo, "cherry");
        var slow = _repo.Open(environment: git.Variables);
        slow.Make("a");
        slow.Work("a", "one.txt", "1");
        if (landed)
        {
            _repo.Git("merge", "-q", "--squash", "wt/a");
            _repo.Commit("squashed");
        }

        _repo.Write("more.txt", "more\n");
        _repo.Commit("more");

        var removing = Task.Run(() => slow.Drop("a"), TestContext.Current.CancellationToken);
        await git.Reached();

        _repo.Open().Task("meanwhile");

        removing.IsCompleted.Should().BeFalse("its git was not let go on yet");
        git.Release();
        var removed = await removing.WaitAsync(Limit, TestContext.Current.CancellationToken);
        removed.BranchDeleted.Should().Be(landed);
    }

    [Fact]
    public async Task A_checkout_is_made_by_several_processes_only_while_no_other_is_made()
    {
        var watched = new WatchedGit(_repo);
        var quick = _repo.Open(environment: watched.Variables);
        quick.Make("alone");
        watched.Calls.Last(call => call.Contains(" checkout-index ", StringComparison.Ordinal)).Should().Contain("checkout.workers=4");
        using var git = new HeldGit(_repo, "checkout-index --all");
        var slow = _repo.Open(environment: git.Variables);
        var making = Task.Run(() => slow.Make("slow"), TestContext.Current.CancellationToken);
        await git.Reached();

        quick.Make("beside");

        watched.Calls.Last(call => call.Contains(" checkout-index ", StringComparison.Ordinal)).Should().Contain("beside").And.NotContain("checkout.workers");
        git.Release();
        await making.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }
}

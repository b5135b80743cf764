using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A server and its git died in the middle of a landing; the next call of another server settles it.</summary>
public sealed class KilledLandingsTests : IDisposable
{
    private readonly TempRepository _repo = new();
    private string _from = string.Empty;
    private string _to = string.Empty;

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Before_anything_was_moved_it_counts_as_failed()
    {
        Die();

        Settle();

        IsTakenBack();
    }

    [Fact]
    public void Files_that_were_written_are_put_back_and_the_lock_is_taken_away()
    {
        Die();
        _repo.Write("fresh/new.txt", "new\n");
        _repo.Write("src/app.txt", "changed\n");
        File.Delete(Path.Join(_repo.Root, "README.md"));
        Lock();

        Settle();

        IsTakenBack();
        _repo.Has("fresh").Should().BeFalse();
        _repo.Read("src/app.txt").Should().Be("one\ntwo\nthree\n");
        _repo.Read("README.md").Should().Be("hello\n");
    }

    [Fact]
    public void A_file_of_which_only_the_beginning_was_written_is_put_back()
    {
        Die();
        _repo.Write("fresh/new.txt", "n");
        _repo.Write("src/app.txt", "chan");
        Lock();

        Settle();

        IsTakenBack();
        _repo.Has("fresh").Should().BeFalse();
    }

    [Fact]
    public void What_a_person_has_written_since_stays()
    {
        Die();
        _repo.Write("src/app.txt", "of a person\n");
        _repo.Write("fresh/new.txt", "of a person too\n");
        _repo.Write("beside.txt", "mine\n");

        Settle();

        _repo.Git("rev-parse", "main").Should().Be(_from);
        _repo.Read("src/app.txt").Should().Be("of a person\n");
        _repo.Read("fresh/new.txt").Should().Be("of a person too\n");
        _repo.Read("beside.txt").Should().Be("mine\n");
        _repo.EventNames().Should().EndWith("worktree.merge.failed");
    }

    [Fact]
    public void When_files_and_index_are_new_the_branch_follows()
    {
        Die(completeTask: true);
        _repo.Git("read-tree", "-m", "-u", "main", _to);

        var repository = Settle();

        HasLanded();
        repository.Board.Get(1).Task.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public void When_the_base_has_moved_the_rest_is_finished()
    {
        Die(completeTask: true, follow: true);
        _repo.Git("merge", "-q", "--ff-only", _to);

        var repository = Settle();

        HasLanded();
        _repo.Git("rev-parse", "wt/a").Should().Be(_to);
        _repo.GitIn(".worktrees/a", "status", "--porcelain", "--branch").Should().Be("## wt/a");
        repository.Board.Get(1).Task.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public void A_branch_that_was_on_its_way_arrives()
    {
        Die(follow: true);
        _repo.Git("merge", "-q", "--ff-only", _to);
        _repo.GitIn(".worktrees/a", "checkout", "-q", "--detach", _to);

        var repository = Settle();

        HasLanded();
        _repo.GitIn(".worktrees/a", "status", "--porcelain", "--branch").Should().Be("## wt/a");
        repository.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void A_base_that_a_person_moved_since_is_left_there()
    {
        Die();
        _repo.Write("by-hand.txt", "x\n");
        var moved = _repo.Commit("by hand");

        Settle();

        _repo.Git("rev-parse", "main").Should().Be(moved);
        _repo.EventNames().Should().EndWith("worktree.merge.failed");
    }

    [Fact]
    public void A_landing_that_somebody_is_at_is_left_alone()
    {
        Die();
        using (LandingLock.Try(_repo.Layout))
        {
            Settle();
            _repo.EventNames().Should().EndWith("worktree.merge.before");
        }

        Settle();
        IsTakenBack();
    }

    [Fact]
    public void The_next_landing_settles_it_first()
    {
        Die();
        _repo.Write("src/app.txt", "changed\n");
        Lock();

        _repo.Open().Land("a").Checkout.Should().Be(_repo.Root);

        _repo.EventNames().Where(name => name.StartsWith("worktree.merge", StringComparison.Ordinal)).Should()
            .Equal("worktree.merge.before", "worktree.merge.failed", "worktree.merge.before", "worktree.merge.after");
        _repo.Git("status", "--porcelain").Should().BeEmpty();
    }

    // All that a landing does up to the record of its intent, by a server that is gone then.
    private void Die(bool completeTask = false, bool follow = false)
    {
        var repository = _repo.Open();
        var task = repository.Task("Land");
        repository.Make("a", task);
        repository.Shell("a", "mkdir fresh && echo new > fresh/new.txt && echo changed > src/app.txt && git rm -q README.md && git add -A && git commit -qm work");
        _from = _repo.Git("rev-parse", "main");
        var tip = _repo.Git("rev-parse", "wt/a");
        _to = _repo.Git("commit-tree", "wt/a^{tree}", "-p", "main", "-m", "squashed");
        var parts = repository.Worktrees.Parts;
        using var change = parts.Store.Begin("worktree.merge", "dead");
        var worktree = WorktreeEntries.Require(repository.Worktrees.Entries.All(change), "a");
        LandingRecord.Begin(change, worktree, parts.TaskOf(worktree), new PendingLanding("main", _from, _to, tip, follow, completeTask, change.Now));
    }

    private void Lock() => File.WriteAllText(Path.Join(_repo.Root, ".git", "index.lock"), string.Empty);

    private Repository Settle()
    {
        var next = _repo.Open();
        next.Worktrees.List(null, 50, null);
        return next;
    }

    private void IsTakenBack()
    {
        _repo.Git("rev-parse", "main").Should().Be(_from);
        Ends("worktree.merge.failed");
    }

    private void HasLanded()
    {
        _repo.Git("rev-parse", "main").Should().Be(_to);
        Ends("worktree.merge.after");
    }

    private void Ends(string name)
    {
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        File.Exists(Path.Join(_repo.Root, ".git", "index.lock")).Should().BeFalse();
        _repo.EventNames().Where(n => n.StartsWith("worktree.merge", StringComparison.Ordinal)).Should().Equal("worktree.merge.before", name);
        _repo.Read(".worktrees/index.json").Should().NotContain("\"landing\"");
    }
}

using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A server dies between two steps; what it had written is written here by hand.</summary>
public sealed class InterruptedStepsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_creation_that_died_is_taken_back_by_the_next_call_of_another_server(int steps)
    {
        DeadServer.Creates(_repo, steps);

        var next = _repo.Open();
        next.Worktrees.List(null, 50, null).Total.Should().Be(0);
        next.Worktrees.List(null, 50, null).Total.Should().Be(0);

        DeadServer.CreationIsTakenBack(_repo, steps);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("list")]
    [InlineData("get")]
    [InlineData("update")]
    public void A_call_of_the_board_takes_back_a_creation_that_died(string call)
    {
        var task = _repo.Open().Task();
        Intend(Creating("a", task), "worktree.create.before");
        _repo.Git("worktree", "add", "-q", "--no-checkout", "-b", "wt/a", ".worktrees/a");

        var board = _repo.Open().Board;
        _ = call switch
        {
            "create" => board.Create(new NewTask("Another"), Steps.By).View,
            "get" => board.Get(task),
            "update" => board.Update(task, new TaskEdit { Subject = "Changed" }, Steps.By).View,
            _ => board.List(new TaskFilter(null, null, null, null, null, 50, null)).Tasks[0],
        };

        _repo.EventNames().Should().Contain("worktree.create.failed");
        _repo.Has(".worktrees/a").Should().BeFalse();
        _repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
    }

    [Fact]
    public void What_somebody_did_meanwhile_is_not_taken_back_with_a_dead_creation()
    {
        Intend(Creating("a"), "worktree.create.before");
        Intend(Creating("b") with { Id = 8 }, "worktree.create.before");
        Intend(Creating("c") with { Id = 9 }, "worktree.create.before");
        _repo.Write(".worktrees/a/notes.txt", "mine");
        _repo.Git("branch", "wt/a");
        _repo.Git("branch", "wt/b");
        _repo.Git("update-ref", "refs/heads/wt/b", _repo.Git("commit-tree", "-p", "HEAD", "-m", "work", "HEAD^{tree}"));
        var elsewhere = Path.Join(_repo.Base, "elsewhere");
        _repo.Git("worktree", "add", "-q", "-b", "users", elsewhere);
        var pointer = File.ReadAllText(Path.Join(elsewhere, ".git"));
        Directory.CreateSymbolicLink(Path.Join(_repo.Root, ".worktrees", "c"), elsewhere);

        _repo.Open().Worktrees.List(null, 50, null).Total.Should().Be(0);

        _repo.Read(".worktrees/a/notes.txt").Should().Be("mine");
        _repo.Git("branch", "--list", "wt/a").Should().BeEmpty();
        _repo.Git("branch", "--list", "wt/b").Should().NotBeEmpty();
        File.ReadAllText(Path.Join(elsewhere, ".git")).Should().Be(pointer);
        _repo.GitIn(elsewhere, "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void A_creation_that_still_goes_on_is_left_alone()
    {
        var worktree = Creating("a");
        Intend(worktree, "worktree.create.before");
        using var lease = WorktreeLock.Try(_repo.Layout, worktree.Id, shared: false);
        var server = _repo.Open();

        server.Row("a").Worktree.Status.Should().Be(WorktreeState.Creating);
        _repo.By(RefusalCode.WorktreeBusy, () => server.Shell("a", "true"));
        _repo.By(RefusalCode.WorktreeBusy, () => server.Drop("a", force: true));
        _repo.By(RefusalCode.AlreadyExists, () => server.Make("a"));
    }

    [Theory]
    [InlineData(0, "list")]
    [InlineData(1, "list")]
    [InlineData(2, "list")]
    [InlineData(3, "list")]
    [InlineData(4, "list")]
    [InlineData(0, "remove")]
    [InlineData(2, "remove")]
    [InlineData(3, "remove")]
    [InlineData(1, "run")]
    [InlineData(2, "create")]
    public void A_removal_that_died_is_finished_by_the_next_call_of_another_server(int steps, string call)
    {
        var (made, task) = DeadServer.Removes(_repo, steps);
        var next = _repo.Open();
        switch (call)
        {
            case "remove":
                next.Drop("a").Step.Already.Should().BeTrue();
                break;
            case "run":
                ((Action)(() => next.Shell("a", "true"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.NotFound);
                break;
            case "create":
                next.Make("a", task).Already.Should().BeFalse();
                break;
        }

        DeadServer.RemovalIsFinished(_repo, made);
        if (call != "create")
        {
            _repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
            next.Make("a", task).Worktree.Status.Should().Be(WorktreeState.Active);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_removal_that_was_to_complete_its_task_does_so_whoever_finishes_it(bool complete)
    {
        var server = _repo.Open();
        var task = server.Task();
        var made = server.Make("a", task);
        Intend(made.Worktree with { Status = WorktreeState.Removing, Trash = new TrashedWorktree(null, "a", null, WorktreeState.Active, complete) }, "worktree.remove.before");

        var after = _repo.Open().Board.Get(task).Task;

        after.Status.Should().Be(complete ? TaskState.Completed : TaskState.InProgress);
        after.WorktreeState.Should().Be("removed");
        _repo.EventNames().Count(name => name == "task.completed").Should().Be(complete ? 1 : 0);
    }

    [Fact]
    public void Commands_whose_server_died_are_ended_in_the_record_by_the_next_call()
    {
        var made = _repo.Open().Make("a");
        Intend(made.Worktree with { Runs = [new BegunRun("run-1", "make one", "first", 1), new BegunRun("run-2", "make two", "second", 2)] }, "worktree.run.before");

        _repo.Open().Row("a").Worktree.Runs.Should().BeEmpty();
        _repo.Open().Row("a").Worktree.Runs.Should().BeEmpty();

        _repo.EventLines().Where(line => line.Contains("worktree.run.failed", StringComparison.Ordinal)).Should().HaveCount(2)
            .And.Contain(line => line.Contains("make one", StringComparison.Ordinal))
            .And.Contain(line => line.Contains("make two", StringComparison.Ordinal));
    }

    [Fact]
    public void Commands_of_a_server_that_lives_are_left_on_record()
    {
        var made = _repo.Open().Make("a");
        Intend(made.Worktree with { Runs = [new BegunRun("run-1", "make", "first", 1)] }, "worktree.run.before");
        using var lease = WorktreeLock.Try(_repo.Layout, made.Worktree.Id, shared: true);

        _repo.Open().Row("a").Worktree.Runs.Should().ContainSingle();
        _repo.EventNames().Should().NotContain("worktree.run.failed");
    }

    [Fact]
    public void A_removal_that_cannot_be_finished_does_not_block_the_rest()
    {
        var server = _repo.Open();
        var made = server.Make("a");
        Intend(made.Worktree with { Status = WorktreeState.Removing, Trash = new TrashedWorktree(null, "a", null, WorktreeState.Active) }, "worktree.remove.before");
        File.WriteAllText(_repo.Layout.Trash, "in the way");
        File.WriteAllText(Path.Join(_repo.Layout.Worktrees, ".trash"), "in the way");

        var next = _repo.Open();
        next.Make("b").Worktree.Status.Should().Be(WorktreeState.Active);
        next.Row("a").Drift.Should().Contain("it is removing");
        File.Delete(_repo.Layout.Trash);
        next.Worktrees.List(null, 50, null).Worktrees.Select(row => row.Worktree.Name).Should().Equal("b");
    }

    [Fact]
    public void A_creation_whose_killed_git_left_a_lock_is_taken_back_when_no_git_can_hold_that_lock()
    {
        using var git = WaitingGit();
        Intend(Creating("a"), "worktree.create.before");
        _repo.Git("branch", "wt/a");
        _repo.Write(".git/refs/heads/wt/a.lock", string.Empty);

        var next = _repo.Open();
        next.Row("a").Worktree.Status.Should().Be(WorktreeState.Creating, "somebody has to come back for the lock");
        _repo.Has(".git/refs/heads/wt/a.lock").Should().BeTrue("that git may hold it");

        git.StandardInput.Close();
        git.WaitForExit();
        next.Worktrees.List(null, 50, null).Total.Should().Be(0);
        _repo.Has(".git/refs/heads/wt/a.lock").Should().BeFalse();
        _repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
        _repo.EventNames().Should().Equal("worktree.create.before", "worktree.create.failed");
    }

    [Fact]
    public void A_removal_whose_killed_git_left_a_lock_is_finished_when_no_git_can_hold_that_lock()
    {
        using var git = WaitingGit();
        var made = _repo.Open().Make("a");
        Intend(made.Worktree with { Status = WorktreeState.Removing, Trash = new TrashedWorktree(null, "a", null, WorktreeState.Active) }, "worktree.remove.before");
        _repo.Write(".git/refs/heads/wt/a.lock", string.Empty);

        var next = _repo.Open();
        next.Row("a").Worktree.Status.Should().Be(WorktreeState.Removing);
        _repo.Git("branch", "--list", "wt/a").Should().NotBeEmpty();

        git.StandardInput.Close();
        git.WaitForExit();
        next.Worktrees.List(null, 50, null).Total.Should().Be(0);
        _repo.Has(".git/refs/heads/wt/a.lock").Should().BeFalse();
        _repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
    }

    // It has begun before whatever the test makes, and writes refs, for all that others know.
    private Process WaitingGit()
    {
        var git = Process.Start(new ProcessStartInfo("git", ["update-ref", "--stdin"])
        {
            WorkingDirectory = _repo.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        git.StandardInput.WriteLine("start");
        git.StandardInput.Flush();
        git.StandardOutput.ReadLine().Should().Be("start: ok");
        return git;
    }

    private Worktree Creating(string name, int? task = null) => DeadServer.Creating(_repo, name, task);

    private void Intend(Worktree worktree, string before) => DeadServer.Intends(_repo, worktree, before);
}

using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class RestoringWorktreesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_worktree_comes_back_byte_for_byte(bool detached)
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var made = repository.Make("a", task);
        repository.Dirty();
        if (detached)
        {
            repository.Shell("a", "git checkout -q --detach && git update-ref --no-deref HEAD $(git commit-tree -p HEAD -m 'on no branch' HEAD^{tree})");
        }

        var before = _repo.Portrait(made.Directory);
        repository.Drop("a", force: true);

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        _repo.Portrait(back.Step.Directory).Should().Be(before);
        back.Step.Directory.Should().Be(made.Directory);
        back.Detached.Should().BeNull();
        back.Step.Worktree.Should().Match<Worktree>(w => w.Status == WorktreeState.Active && w.Trash == null && w.AdminId == "a");
        back.Step.Task.Should().Match<BoardTask>(t => t.Worktree == "a" && t.WorktreeState == "active" && t.Status == TaskState.InProgress);
        repository.Row("a").Drift.Should().HaveCount(detached ? 1 : 0);
        _repo.EventNames()[^1].Should().Be("worktree.restored");
        _repo.Has(".git/worktree-mcp/records/wtmcp-trash-1").Should().BeFalse();
        _repo.GitIn(made.Directory, "fsck").Should().NotContain("missing");
        _repo.Git("worktree", "list", "--porcelain").Should().NotContain("locked").And.NotContain("prunable");
        repository.Shell("a", "git add -A && git commit -qm more").Run.ExitCode.Should().Be(0);
        repository.Examine().Where(f => f.IsOpen).Select(f => f.Code).Should().BeSubsetOf(["worktree_detached"]);
    }

    [Fact]
    public void What_a_gc_left_in_the_place_of_its_record_does_not_stand_in_the_way_of_a_second_removal()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Drop("a");
        repository.Worktrees.Restore("a", null, null, Steps.By);
        _repo.Write(".worktrees/a/staged.txt", "staged\n");
        _repo.GitIn(".worktrees/a", "add", "staged.txt");
        var before = _repo.GitIn(".worktrees/a", "ls-files", "-s");

        // Whoever had it open while it was renamed makes its folders anew.
        Directory.CreateDirectory(Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1", "logs"));
        repository.Drop("a", force: true);
        Directory.GetDirectories(_repo.Layout.TrashedRecords).Select(Path.GetFileName).Should().Equal("wtmcp-trash-1");
        repository.Worktrees.Restore("a", null, null, Steps.By);

        _repo.GitIn(".worktrees/a", "ls-files", "-s").Should().Be(before);
        repository.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void What_was_collected_cleaned_moved_and_followed_by_another_of_its_name_comes_back_too()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Dirty();
        repository.Shell("a", "git checkout -q --detach && git commit -q --allow-empty -m 'on no branch' && git commit -q --allow-empty -m gone && git reset -q --soft HEAD~1 && echo blob > blob.txt && git add blob.txt && rm blob.txt");
        var before = _repo.Portrait(made.Directory, refs: false);
        var log = _repo.GitIn(made.Directory, "reflog", "--format=%H");
        repository.Drop("a", force: true);
        _repo.Git("branch", "-q", "-D", "wt/a");
        repository.Make("a");
        repository.Shell("a", "echo other > other.txt");
        _repo.Git("clean", "-fdxq");
        _repo.Git("worktree", "prune", "--expire=now");
        _repo.Git("gc", "-q", "--prune=now");
        var moved = Path.Join(_repo.Base, "moved");
        Directory.Move(_repo.Root, moved);

        using var next = Repository.Open(moved, new Domain.Configuration.RepositorySettings());
        var back = next.Worktrees.Restore("a", "b", null, Steps.By);

        _repo.Portrait(back.Step.Directory, refs: false).Should().Be(before);
        _repo.GitIn(back.Step.Directory, "show", ":blob.txt").Should().Be("blob");
        _repo.GitIn(back.Step.Directory, "reflog", "--format=%H").Should().Be(log);
        foreach (var commit in log.Split('\n'))
        {
            _repo.GitIn(moved, "cat-file", "-e", commit);
        }

        File.ReadAllText(Path.Join(moved, ".worktrees", "a", "other.txt")).Should().Be("other\n");
        Directory.Move(moved, _repo.Root);
    }

    [Fact]
    public void A_kept_worktree_comes_back_kept_and_a_merge_in_progress_goes_on()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var made = repository.Make("a", task);
        Conflicts.StopRebase(_repo, made.Directory);
        repository.Worktrees.Keep("a", "later", completeTask: false, Steps.By);
        var before = _repo.Portrait(made.Directory);
        repository.Drop("a", force: true);

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        _repo.Portrait(made.Directory).Should().Be(before);
        back.Step.Worktree.Status.Should().Be(WorktreeState.Kept);
        back.Step.Task!.WorktreeState.Should().Be("kept");
        repository.Worktrees.Status("a").InProgress.Should().Contain("rebase");
        repository.Shell("a", "git rebase --abort").Run.ExitCode.Should().Be(0);
        _repo.GitIn(made.Directory, "symbolic-ref", "HEAD").Should().Be("refs/heads/wt/a");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("waits for a review")]
    public void Why_it_was_removed_is_no_longer_said_of_it_and_why_it_was_kept_is(string? kept)
    {
        var repository = _repo.Open();
        repository.Make("a");
        if (kept is not null)
        {
            repository.Worktrees.Keep("a", kept, completeTask: false, Steps.By);
        }

        repository.Worktrees.Remove("a", force: true, completeTask: false, "not wanted", Steps.By);
        repository.Worktrees.List(WorktreeState.Removed, 5, null).Worktrees.Single().Worktree.Reason.Should().Be("not wanted");

        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.Reason.Should().Be(kept);

        repository.Row("a").Worktree.Reason.Should().Be(kept);
        _repo.EventLines().Should().ContainSingle(line => line.Contains("\"worktree.remove.before\"") && line.Contains("\"not wanted\""));
    }

    [Fact]
    public void A_branch_that_went_with_its_worktree_is_made_again()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Drop("a").BranchDeleted.Should().BeTrue();

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        back.BranchMade.Should().BeTrue();
        _repo.Git("rev-parse", "wt/a").Should().Be(made.Worktree.BaseCommit);
        repository.Row("a").Drift.Should().BeEmpty();
        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Theory]
    [InlineData("moved", "moved on")]
    [InlineData("elsewhere", "checked out at")]
    [InlineData("clash", "could not be made again")]
    public void A_branch_that_is_not_where_it_was_is_left_alone_and_named(string what, string said)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Shell("a", "echo own > own.txt && git add . && git commit -qm own && echo dirty > own.txt");
        var tip = _repo.GitIn(made.Directory, "rev-parse", "HEAD");
        repository.Drop("a", force: true);
        switch (what)
        {
            case "moved":
                _repo.Git("branch", "-q", "-f", "wt/a", "main");
                break;
            case "elsewhere":
                _repo.Git("checkout", "-q", "wt/a");
                break;
            default:
                _repo.Git("branch", "-q", "-D", "wt/a");
                _repo.Git("branch", "-q", "wt/a/b");
                break;
        }

        var refs = _repo.Git("for-each-ref", "refs/heads");
        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        back.Detached.Should().Contain(said);
        back.Head.Should().Be(tip);
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().Be(" M own.txt");
        _repo.GitIn(made.Directory, "rev-parse", "--abbrev-ref", "HEAD").Should().Be("HEAD");
        _repo.Git("for-each-ref", "refs/heads").Should().Be(refs);
    }

    [Fact]
    public void Commits_made_in_the_trash_come_back_where_they_are()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo x > x.txt");
        var tree = repository.Drop("a", force: true).TrashDirectory!;
        var commit = _repo.Commit("in the trash", tree);

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        back.Head.Should().Be(commit);
        back.Detached.Should().Contain("moved in the trash");
    }

    [Fact]
    public void A_taken_name_is_refused_and_new_name_brings_it_back_beside()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Shell("a", "echo first > x.txt");
        repository.Drop("a", force: true);
        repository.Make("A", task);

        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", null, null, Steps.By))
            .Hint.ToString().Should().Contain("new_name");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", "A", null, Steps.By));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Restore("a", "../b", null, Steps.By));

        var back = repository.Worktrees.Restore("a", "b", null, Steps.By);
        back.Step.Directory.Should().EndWith("/.worktrees/b");
        back.Unbound.Should().Contain("\"A\"");
        back.Step.Worktree.TaskId.Should().BeNull();
        back.Step.Worktree.Branch.Should().Be("wt/a");
        repository.Shell("b", "cat x.txt && git status --porcelain").Run.Output.Text.Should().Be("first\n?? x.txt\n");
        repository.Board.Get(task).Task.Worktree.Should().Be("A");
        repository.Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }

    [Fact]
    public void An_occupied_path_and_a_record_by_another_are_gone_around()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Drop("a");
        _repo.Write(".worktrees/a/mine.txt", "mine");

        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", null, null, Steps.By));
        _repo.Read(".worktrees/a/mine.txt").Should().Be("mine");

        Directory.Delete(Path.Join(_repo.Root, ".worktrees", "a"), recursive: true);
        Directory.CreateSymbolicLink(Path.Join(_repo.Root, ".worktrees", "a"), "/nowhere");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", null, null, Steps.By));

        File.Delete(Path.Join(_repo.Root, ".worktrees", "a"));
        var elsewhere = Path.Join(_repo.Base, "a");
        _repo.Git("worktree", "add", "-q", "-b", "users", elsewhere);
        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.AdminId.Should().Be("a1");
        _repo.GitIn(elsewhere, "status", "--porcelain", "-b").Should().Be("## users");
        repository.Shell("a", "git status --porcelain -b").Run.Output.Text.Should().Be("## wt/a\n");
    }

    [Fact]
    public void Of_several_the_one_removed_last_comes_back_unless_another_is_named()
    {
        var repository = _repo.Open();
        foreach (var text in new[] { "one", "two", "three" })
        {
            repository.Make("a");
            repository.Shell("a", $"echo {text} > x.txt");
            repository.Drop("a", force: true);
        }

        var first = repository.Worktrees.Restore("a", null, 1, Steps.By);
        first.StillInTrash.Should().Equal(2, 3);
        repository.Shell("a", "cat x.txt").Run.Output.Text.Should().Be("one\n");
        repository.Drop("a", force: true);
        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.Id.Should().Be(1);
        repository.Worktrees.Restore("a", "b", null, Steps.By).Step.Worktree.Id.Should().Be(3);
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("a", "c", 3, Steps.By)).Message.Should().Contain("there is 2");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("b", null, null, Steps.By));
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("nobody", null, null, Steps.By)).Message.Should().Contain("\"a\"");
    }

    [Fact]
    public void What_is_broken_in_the_trash_is_refused_with_what_is_left()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo own > own.txt && git add . && git commit -qm own");
        var tree = repository.Drop("a").TrashDirectory!;
        var pointer = Path.Join(tree, ".git");
        var text = File.ReadAllText(pointer);

        File.WriteAllText(pointer, $"gitdir: {_repo.Root}/.git\n");
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("a", null, null, Steps.By)).Message.Should().Contain("does not name");
        File.WriteAllText(pointer, text);
        File.WriteAllText(Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1", "index.lock"), string.Empty);
        _repo.By(RefusalCode.WorktreeBusy, () => repository.Worktrees.Restore("a", null, null, Steps.By));
        Directory.Delete(tree, recursive: true);
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("a", null, null, Steps.By)).Next.Should().Be(new NextStep.CreateWorktree("a", "wt/a"));
    }

    [Fact]
    public void A_task_that_is_over_is_bound_again_and_a_deleted_one_is_not()
    {
        var repository = _repo.Open();
        var (done, deleted) = (repository.Task(), repository.Task());
        repository.Make("a", done);
        repository.Make("b", deleted);
        repository.Worktrees.Remove("a", force: false, completeTask: true, reason: null, Steps.By);
        repository.Drop("b");
        repository.Board.Update(deleted, new TaskEdit { Status = TaskState.Deleted }, Steps.By);

        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Task!.Status.Should().Be(TaskState.Completed);
        repository.Worktrees.Restore("b", null, null, Steps.By).Unbound.Should().Contain("deleted");
        repository.Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }
}

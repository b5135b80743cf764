using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class RemovingWorktreesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("echo more >> README.md", "modified: README.md")]
    [InlineData("rm README.md", "modified: README.md")]
    [InlineData("chmod +x README.md", "modified: README.md")]
    [InlineData("echo x > 'ne w.txt' && git add .", "staged: ne w.txt")]
    [InlineData("git rm -q README.md", "staged: README.md")]
    [InlineData("echo x > new.txt", "untracked: new.txt")]
    [InlineData("mkdir -p d/e && echo x > d/e/new.txt", "untracked: d/e/new.txt")]
    [InlineData("echo x > new.txt && git add -N new.txt", "modified: new.txt")]
    [InlineData("git config status.showUntrackedFiles no && echo x > new.txt", "untracked: new.txt")]
    [InlineData("git init -q nested && echo x > nested/f", "untracked: nested/")]
    [InlineData("echo x > 'ünï\"c.txt'", "untracked: ünï\"c.txt")]
    public void Uncommitted_work_refuses_and_is_listed(string command, string evidence)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", command).Run.ExitCode.Should().Be(0);

        var refusal = _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a"));

        refusal.Message.Should().Contain(evidence);
        refusal.Hint.ToString().Should().NotContain("rm ").And.NotContain("--force");
    }

    [Fact]
    public void Commits_of_its_own_stay_on_the_branch_that_is_named()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo x > new.txt && git add . && git commit -qm work");
        var commit = _repo.Git("rev-parse", "wt/a");

        var removed = repository.Drop("a");

        removed.BranchDeleted.Should().BeFalse();
        removed.BranchKept.Should().Contain("1 commit").And.Contain("main");
        removed.Step.Worktree.Branch.Should().Be("wt/a");
        _repo.Has(".worktrees/a").Should().BeFalse();
        _repo.Git("rev-parse", "wt/a").Should().Be(commit);
    }

    [Fact]
    public void Ignored_files_do_not_stand_in_the_way_and_are_named()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "mkdir build && echo x > build/out && echo secret > .env.ignored");

        var removed = repository.Drop("a");

        removed.Ignored.Should().BeEquivalentTo("build/", ".env.ignored");
        File.ReadAllText(Path.Join(removed.TrashDirectory!, ".env.ignored")).Should().Be("secret\n");
    }

    [Fact]
    public void A_second_removal_says_that_it_is_gone()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var first = repository.Drop("a");
        var events = _repo.EventLines().Count;

        var second = repository.Drop("a");

        second.Step.Already.Should().BeTrue();
        second.TrashDirectory.Should().Be(first.TrashDirectory);
        second.BranchDeleted.Should().BeTrue();
        _repo.EventLines().Should().HaveCount(events);
        _repo.By(RefusalCode.NotFound, () => repository.Drop("never"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_worktree_locked_in_git_stays_also_with_force(bool present)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        _repo.Git("worktree", "lock", "--reason", "on a stick", made.Directory);
        if (!present)
        {
            Directory.Delete(made.Directory, recursive: true);
        }

        _repo.By(RefusalCode.WorktreeLocked, () => repository.Drop("a")).Message.Should().Contain("on a stick");
        _repo.By(RefusalCode.WorktreeLocked, () => repository.Drop("a", force: true)).Message.Should().Contain("on a stick");
    }

    [Fact]
    public void A_directory_that_somebody_deleted_shows_as_missing_and_can_be_removed()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        var other = repository.Make("b");
        repository.Shell("b", "echo x > new.txt && git add . && git commit -qm work");
        Directory.Delete(made.Directory, recursive: true);
        Directory.Delete(other.Directory, recursive: true);

        repository.Row("a").Drift.Should().ContainSingle().Which.Should().Contain("missing");
        var removed = repository.Drop("a");

        removed.TrashDirectory.Should().BeNull();
        removed.BranchDeleted.Should().BeTrue();
        repository.Drop("b").BranchKept.Should().Contain("1 commit");
        repository.Make("a").Worktree.Status.Should().Be(WorktreeState.Active);
    }

    [Fact]
    public void A_worktree_that_the_user_removed_with_git_is_reconciled_by_the_next_call_with_one_event()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Make("b");
        repository.Shell("b", "echo x > new.txt && git add . && git commit -qm work");
        _repo.Git("worktree", "remove", ".worktrees/a");
        _repo.Git("worktree", "remove", ".worktrees/b");
        var events = _repo.EventLines().Count;

        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);

        _repo.EventNames().Skip(events).Should().Equal("worktree.reconciled", "worktree.reconciled");
        repository.Board.Get(task).Task.WorktreeState.Should().Be("removed");
        repository.Drop("a").Step.Already.Should().BeTrue();
        _repo.Git("branch", "--list", "wt/a").Should().BeEmpty();
        _repo.Git("branch", "--list", "wt/b").Should().NotBeEmpty();
        repository.Make("a", task).Worktree.Status.Should().Be(WorktreeState.Active);
    }

    [Fact]
    public void A_worktree_on_another_branch_shows_drift_and_is_not_removed_without_force()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "git checkout -q -b elsewhere");

        repository.Row("a").Drift.Should().ContainSingle().Which.Should().Contain("elsewhere").And.Contain("wt/a");
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("elsewhere");
        repository.Drop("a", force: true);
        _repo.Git("branch", "--list", "elsewhere").Should().NotBeEmpty();
    }

    [Fact]
    public void Detached_commits_refuse_with_their_list()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "git checkout -q --detach && echo x > new.txt && git add . && git commit -qm 'on no branch'");

        repository.Row("a").Drift.Should().ContainSingle().Which.Should().Contain("detached");
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("on no branch").And.Contain("detached");
    }

    [Fact]
    public void A_rebase_a_merge_or_a_cherry_pick_in_progress_refuses()
    {
        var repository = _repo.Open();
        Check("a", "rebase", Conflicts.StopRebase);
        Check("b", "merge", Conflicts.StopMerge);
        Check("c", "cherry-pick", Conflicts.StopCherryPick);

        void Check(string name, string word, Action<TempRepository, string> stop)
        {
            var made = repository.Make(name);
            stop(_repo, made.Directory);
            _repo.By(RefusalCode.WorktreeBusy, () => repository.Drop(name)).Message.Should().Contain(word);
            repository.Worktrees.Status(name).InProgress.Should().Contain(word);
            repository.Drop(name, force: true).TrashDirectory.Should().NotBeNull();
            _repo.Git("rev-parse", "--verify", $"wt/{name}");
        }
    }

    [Theory]
    [InlineData("--assume-unchanged", "echo more >> README.md", true)]
    [InlineData("--skip-worktree", "echo more >> README.md", true)]
    [InlineData("--assume-unchanged", "true", false)]
    [InlineData("--skip-worktree", "true", false)]
    public void A_bit_that_hides_a_change_refuses_and_names_the_file(string bit, string command, bool refused)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", $"git update-index {bit} README.md && {command}");

        if (refused)
        {
            _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("README.md").And.Contain("skip-worktree");
        }
        else
        {
            repository.Drop("a").BranchDeleted.Should().BeTrue();
        }
    }

    [Fact]
    public void A_hidden_change_of_a_file_with_an_odd_name_is_found()
    {
        _repo.Write("\"quoted", "1\n");
        _repo.Write("new\nline", "1\n");
        _repo.Commit("odd names");
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "git ls-files -z | xargs -0 git update-index --assume-unchanged && echo 2 > '\"quoted'");

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("\"quoted");
    }

    [Fact]
    public void A_sparse_checkout_hides_nothing_and_is_removed()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "git sparse-checkout set --no-cone '/README.md' && test ! -e src").Run.ExitCode.Should().Be(0);

        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_dirty_submodule_refuses_and_a_clean_one_goes_along()
    {
        using var library = new TempRepository();
        _repo.Git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.Root, "lib");
        _repo.Commit("with a submodule");
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Make("b");
        foreach (var name in new[] { "a", "b" })
        {
            repository.Shell(name, "git -c protocol.file.allow=always submodule update --init -q").Run.ExitCode.Should().Be(0);
        }

        File.WriteAllText(Path.Join(made.Directory, "lib", "README.md"), "changed\n");

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("lib");
        repository.Drop("b").TrashDirectory.Should().NotBeNull();
        _repo.Has(".worktrees/b").Should().BeFalse();
        var removed = repository.Drop("a", force: true);
        File.ReadAllText(Path.Join(removed.TrashDirectory!, "lib", "README.md")).Should().Be("changed\n");
    }

    [Theory]
    [InlineData("git -C lib commit -q --allow-empty -m precious")]
    [InlineData("git -C lib commit -q --allow-empty -m precious && git commit -q -am recorded")]
    [InlineData("git -C lib switch -q -c mine && git -C lib commit -q --allow-empty -m precious && git -C lib switch -q --detach mine~1")]
    [InlineData("echo precious > lib/README.md && git -C lib stash -q -m precious")]
    public void Commits_of_a_submodule_that_none_of_its_remotes_has_refuse_and_are_named(string command)
    {
        using var library = new TempRepository();
        _repo.Git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.Root, "lib");
        _repo.Commit("with a submodule");
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", $"git -c protocol.file.allow=always submodule update --init -q && {command}").Run.ExitCode.Should().Be(0);

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().MatchRegex("in submodules.*lib.*precious");

        repository.Shell("a", "git -C lib push -q origin HEAD:refs/heads/theirs $(git -C lib for-each-ref --format='%(objectname):refs/heads/%(objectname)' refs/heads refs/stash)").Run.ExitCode.Should().Be(0);
        repository.Shell("a", "git -C lib fetch -q && git submodule --quiet update").Run.ExitCode.Should().Be(0);
        repository.Drop("a").TrashDirectory.Should().NotBeNull();
    }

    [Fact]
    public void A_removal_that_cannot_move_the_files_is_taken_back()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        File.WriteAllText(_repo.Layout.Trash, "in the way");
        File.WriteAllText(Path.Join(_repo.Layout.Worktrees, ".trash"), "in the way");

        var refusal = ((Action)(() => repository.Drop("a"))).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.Internal);
        _repo.EventNames().TakeLast(2).Should().Equal("worktree.remove.before", "worktree.remove.failed");
        repository.Row("a").Drift.Should().BeEmpty();
        repository.Row("a").Worktree.Status.Should().Be(WorktreeState.Active);
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().BeEmpty();
        File.Delete(_repo.Layout.Trash);
        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_worktree_whose_index_is_damaged_can_be_removed_by_force_only()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        File.WriteAllText(Path.Join(_repo.Root, ".git", "worktrees", made.Worktree.AdminId!, "index"), "garbage");

        _repo.By(RefusalCode.GitFailed, () => repository.Drop("a"));
        repository.Drop("a", force: true).TrashDirectory.Should().NotBeNull();
    }

    [Fact]
    public void A_task_learns_that_its_worktree_was_removed()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);

        var removed = repository.Worktrees.Remove("a", force: false, completeTask: false, "not needed", Steps.By);

        removed.Step.Task!.WorktreeState.Should().Be("removed");
        removed.Step.Task.Worktree.Should().Be("a");
        removed.Step.Worktree.Reason.Should().Be("not needed");
        repository.Worktrees.Remove("a", force: false, completeTask: true, null, Steps.By).Step.Task!.Status.Should().Be(WorktreeMcp.Domain.Board.TaskState.Completed);
        _repo.EventNames()[^1].Should().Be("task.completed");
    }

    [Fact]
    public void The_same_name_is_fresh_after_a_removal_unless_the_branch_was_kept()
    {
        var repository = _repo.Open();
        var first = repository.Make("a");
        repository.Drop("a");
        var second = repository.Make("a");

        second.Worktree.Id.Should().BeGreaterThan(first.Worktree.Id);
        repository.Shell("a", "echo x > new.txt && git add . && git commit -qm work");
        repository.Drop("a").BranchKept.Should().NotBeNull();
        var refusal = _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a"));
        refusal.Message.Should().Contain("wt/a");
        refusal.Next.Should().Be(new NextStep.CreateWorktree("a", "wt/a"));
        var attached = repository.Make("a", branch: "wt/a");
        File.Exists(Path.Join(attached.Directory, "new.txt")).Should().BeTrue();
    }
}

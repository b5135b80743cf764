using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Doctor;

public sealed class DriftTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    // As a server leaves it that dies in the middle of that.
    private void Begin(params (string Name, WorktreeState Step)[] steps)
    {
        List<Worktree> worktrees;
        using (var repository = _repo.Open())
        {
            worktrees = [.. steps.Select(step => repository.Row(step.Name).Worktree with
            {
                Status = step.Step,
                Trash = step.Step == WorktreeState.Removing ? new TrashedWorktree(null, step.Name, null, WorktreeState.Active) : null,
            })];
        }

        worktrees.ForEach(worktree => DeadServer.Intends(_repo, worktree, "worktree.test.before"));
    }

    private string Make(string name = "a", int? task = null)
    {
        using var repository = _repo.Open();
        return repository.Make(name, task).Directory;
    }

    [Fact]
    public void A_worktree_that_was_removed_with_git_is_taken_off_with_one_event()
    {
        int task;
        using (var repository = _repo.Open())
        {
            task = repository.Task();
        }

        Make("a", task);
        _repo.Git("worktree", "remove", ".worktrees/a");

        _repo.Repairs("worktree_gone");

        _repo.EventNames().Should().ContainSingle(name => name == "worktree.reconciled");
        using var after = _repo.Open();
        after.Board.Get(task).Task.WorktreeState.Should().Be("removed");
        after.Make("a", task).Worktree.Id.Should().Be(2);
    }

    [Fact]
    public void A_directory_that_was_deleted_is_left_to_a_person()
    {
        Directory.Delete(Make(), recursive: true);

        _repo.LeavesToAPerson("worktree_directory_missing").Step.Parts.Should().Contain(part => part.Step is NextStep.RemoveWorktree);
    }

    [Fact]
    public void Another_branch_and_a_detached_head_are_named_and_a_rebase_is_not()
    {
        var directory = Make();
        _repo.GitIn(directory, "switch", "-q", "-c", "other");
        _repo.LeavesToAPerson("worktree_on_other_branch").Message.Should().Contain("other").And.Contain("wt/a");

        _repo.GitIn(directory, "switch", "-q", "--detach");
        _repo.LeavesToAPerson("worktree_detached");

        _repo.GitIn(directory, "switch", "-q", "wt/a");
        Conflicts.StopRebase(_repo, directory);
        using var repository = _repo.Open();
        repository.Examine().Should().BeEmpty();
    }

    [Fact]
    public void A_worktree_moved_with_git_is_followed_by_the_next_call()
    {
        Make();
        _repo.Git("worktree", "move", ".worktrees/a", ".worktrees/b");
        _repo.Finds("worktree_moved").Repairable.Should().BeTrue();

        using var repository = _repo.Open();
        var run = repository.Shell("a", "pwd");

        run.Run.Output.Text.Trim().Should().Be(Path.Join(_repo.Root, ".worktrees", "b"));
        repository.Row("a").Drift.Should().BeEmpty();
        _repo.EventNames().Should().ContainSingle(name => name == "worktree.reconciled");
        repository.Examine().Should().BeEmpty();
    }

    [Fact]
    public void A_directory_that_was_simply_renamed_is_found_and_linked_again()
    {
        var directory = Make();
        Directory.Move(directory, Path.Join(_repo.Root, ".worktrees", "renamed"));

        _repo.Repairs("worktree_moved");

        _repo.GitIn(".worktrees/renamed", "status", "--porcelain").Should().BeEmpty();
        _repo.Git("worktree", "list").Should().Contain(".worktrees/renamed").And.NotContain("prunable");
    }

    [Fact]
    public void A_worktree_moved_out_of_the_repository_is_left_to_a_person()
    {
        Make();
        var outside = Path.Join(_repo.Base, "outside");
        _repo.Git("worktree", "move", ".worktrees/a", outside);

        _repo.LeavesToAPerson("worktree_moved_outside").Message.Should().Contain(outside);
    }

    [Fact]
    public void A_moved_repository_works_on_and_its_trash_too()
    {
        Make();
        Make("b");
        string tree;
        using (var repository = _repo.Open())
        {
            tree = Path.GetRelativePath(_repo.Root, repository.Drop("b").TrashDirectory!);
        }

        var moved = Path.Join(_repo.Base, "moved");
        Directory.Move(_repo.Root, moved);
        using (var repository = Repository.Open(moved, new()))
        {
            repository.Examine().Select(f => f.Code).Should().BeEquivalentTo("repository_moved", "trash_unlinked");
            repository.Shell("a", "git status --porcelain && git branch --show-current").Run.Output.Text.Trim().Should().Be("wt/a");
            repository.Examine().Should().BeEmpty();
            repository.Repair().Should().BeEmpty();
        }

        _repo.GitIn(Path.Join(moved, tree), "status", "--porcelain").Should().BeEmpty();
        _repo.GitIn(moved, "worktree", "list").Should().NotContain("prunable").And.NotContain(_repo.Root + "/");
        Directory.Move(moved, _repo.Root);
    }

    [Fact]
    public void A_copy_of_the_repository_refuses_changes_and_names_both_paths()
    {
        Make();
        var copy = Path.Join(_repo.Base, "copy");
        using (var cp = System.Diagnostics.Process.Start("cp", ["-a", _repo.Root, copy]))
        {
            cp.WaitForExit();
        }

        var before = _repo.Snapshot();
        using (var repository = Repository.Open(copy, new()))
        {
            Action[] changes =
            [
                () => repository.Make("b"), () => repository.Drop("a"), () => repository.Shell("a", "touch x"),
                () => repository.Worktrees.Keep("a", null, completeTask: false, Steps.By),
            ];
            foreach (var change in changes)
            {
                var refusal = change.Should().Throw<Refusal>().Which;
                refusal.Code.Should().Be(RefusalCode.NotARepository);
                refusal.Message.Should().Contain(copy).And.Contain(_repo.Root + "/").And.NotContain("--force");
            }

            repository.Worktrees.List(null, 20, null).Worktrees.Should().ContainSingle().Which.Drift.Should().NotBeEmpty();
            repository.Examine().Should().ContainSingle(f => f.Code == "repository_copied").Which.Severity.Should().Be(FindingSeverity.Error);
            repository.Repair().Should().OnlyContain(f => f.Done == null);
        }

        _repo.Snapshot().Should().Be(before);
        using var original = _repo.Open();
        original.Examine().Should().BeEmpty();
        original.Shell("a", "git status --porcelain").Run.Output.Text.Should().BeEmpty();
    }

    [Fact]
    public void Directories_branches_and_worktrees_that_no_entry_knows_are_named()
    {
        Make();
        Directory.CreateDirectory(Path.Join(_repo.Root, ".worktrees", "stray"));
        _repo.Git("worktree", "add", "-q", ".worktrees/mine", "-b", "mine");
        _repo.Git("branch", "wt/lost");

        _repo.LeavesToAPerson("directory_unknown").Subject.Should().EndWith("stray");
        _repo.LeavesToAPerson("branch_without_worktree").Subject.Should().Be("wt/lost");
        _repo.LeavesToAPerson("worktree_by_hand", FindingSeverity.Info);
    }

    [Fact]
    public void An_abandoned_removal_and_an_abandoned_creation_are_settled()
    {
        Make();
        Make("b");
        Begin(("a", WorktreeState.Removing), ("b", WorktreeState.Creating));

        _repo.Finds("removal_abandoned");
        _repo.Repairs("creation_abandoned");

        using var repository = _repo.Open();
        repository.Worktrees.List(null, 20, null).Worktrees.Should().BeEmpty();
        repository.Worktrees.List(WorktreeState.Removed, 20, null).Worktrees.Should().ContainSingle();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_creation_that_was_killed_while_git_wrote_its_record_poisons_nothing(bool byDoctor)
    {
        var directory = Make();
        Begin(("a", WorktreeState.Creating));
        File.WriteAllText(Path.Join(_repo.Record("a"), "commondir"), string.Empty);
        File.WriteAllText(Path.Join(_repo.Record("a"), "HEAD"), new string('0', 40) + "\n");
        File.Delete(Path.Join(_repo.Record("a"), "index"));
        File.WriteAllText(Path.Join(_repo.Record("a"), "index.lock"), "half");
        TempRepository.TryGit(_repo.Root, "worktree", "list").Exit.Should().Be(128);

        using var repository = _repo.Open();
        if (byDoctor)
        {
            repository.Repair();
        }

        repository.Make("a");

        _repo.Git("worktree", "list").Should().Contain(directory);
        _repo.Git("gc", "--quiet");
        repository.Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_server_is_just_doing_is_no_finding()
    {
        Make();
        var waits = new WaitsForTheLock();
        using var repository = _repo.Open(time: waits);
        using var server = new StateStore(_repo.Layout, new System.IO.Abstractions.FileSystem(), new Disk(), TimeProvider.System);
        Task<IReadOnlyList<Finding>> looking;
        using (server.Begin("test", "test"))
        {
            _repo.Write(".tasks/.task_1.json.tmp", "half");
            looking = Task.Run(repository.Examine);
            await waits.Seen.Task.WaitAsync(TimeSpan.FromSeconds(30));
            File.Delete(Path.Join(_repo.Layout.Tasks, ".task_1.json.tmp"));
        }

        (await looking).Should().BeEmpty();
    }

    /// <summary>Tells when somebody begins to wait for the lock, which is when its patience begins to count.</summary>
    private sealed class WaitsForTheLock : TimeProvider
    {
        internal TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override long GetTimestamp()
        {
            Seen.TrySetResult();
            return base.GetTimestamp();
        }
    }
}

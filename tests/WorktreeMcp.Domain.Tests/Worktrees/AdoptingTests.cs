using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Registry and operation log are both gone; git's records and the tasks still know what there was.</summary>
public sealed class AdoptingTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Worktrees_are_found_again_in_gits_records_with_their_tasks()
    {
        MakeThreeAndLoseTheRecords();
        using var repository = _repo.Open();

        var rows = repository.Worktrees.List(null, 50, null).Worktrees;

        rows.Select(row => (row.Worktree.Name, row.Worktree.Branch, row.Worktree.TaskId, row.Worktree.Status)).Should().Equal(
            ("a", "wt/a", 1, WorktreeState.Active), ("b", "wt/b", 2, WorktreeState.Kept), ("c", "users-own", 3, WorktreeState.Active), ("d", "wt/d", null, WorktreeState.Active));
        rows.SelectMany(row => row.Drift).Should().BeEmpty();
        repository.Board.Get(1).Task.LiveWorktree.Should().Be("a");
        repository.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
        _repo.EventNames().Should().Equal(Enumerable.Repeat("worktree.reconciled", 4));
        repository.Shell("a", "git status --porcelain").Run.ExitCode.Should().Be(0);
        repository.Make("a", task: 1).Already.Should().BeTrue();
    }

    [Fact]
    public void What_is_found_again_is_removed_by_the_same_rules()
    {
        MakeThreeAndLoseTheRecords();
        using var repository = _repo.Open();

        repository.Drop("a").BranchKept.Should().BeNull("git's log of the branch says that it was made for the worktree");
        repository.Drop("c").BranchKept.Should().Be("it existed before the worktree");
        repository.Drop("d").BranchKept.Should().Contain("1 commit");
    }

    [Fact]
    public void A_call_of_the_board_finds_them_too()
    {
        MakeThreeAndLoseTheRecords();

        _repo.Open().Board.Update(1, new TaskEdit { Note = "on with it" }, Steps.By);

        _repo.Read(".worktrees/index.json").Should().Contain("wt/a");
    }

    [Fact]
    public void The_doctor_names_and_registers_them()
    {
        MakeThreeAndLoseTheRecords();
        using var repository = _repo.Open();

        repository.Examine().Where(finding => finding.IsOpen).Select(finding => finding.Code).Should().Equal(Enumerable.Repeat("worktree_unregistered", 4));
        repository.Repair().Where(finding => finding.Done is not null).Should().HaveCount(4);
        repository.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
        _repo.Read(".worktrees/index.json").Should().Contain("wt/d");
    }

    [Fact]
    public void What_a_person_made_among_them_is_left_to_the_person()
    {
        _repo.Git("worktree", "add", "-q", "-b", "mine", ".worktrees/mine");
        _repo.Git("worktree", "add", "-q", "--detach", ".worktrees/loose");
        _repo.Git("worktree", "add", "-q", "-b", "wt/outside", Path.Join(_repo.Base, "outside"));
        using var repository = _repo.Open();

        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        repository.Task();

        _repo.Has(".worktrees/index.json").Should().BeFalse();
    }

    [Fact]
    public void As_long_as_the_log_knows_worktrees_none_is_taken_for_lost()
    {
        var repository = _repo.Open();
        repository.Make("a");
        _repo.Git("worktree", "add", "-q", "-b", "wt/by-hand", ".worktrees/by-hand");
        File.Delete(_repo.Layout.Index);

        _repo.Open().Worktrees.List(null, 50, null).Worktrees.Select(row => row.Worktree.Name).Should().Equal("a");
    }

    [Fact]
    public void A_copy_of_the_repository_finds_nothing_of_its_original()
    {
        MakeThreeAndLoseTheRecords();
        var copy = Path.Join(_repo.Base, "copy");
        using (var copied = System.Diagnostics.Process.Start("cp", ["-a", _repo.Root, copy]))
        {
            copied.WaitForExit();
        }

        using var repository = Repository.Open(copy);

        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
    }

    [Fact]
    public void What_waits_in_the_trash_is_not_mixed_up_with_what_is_removed_after_the_loss()
    {
        using (var before = _repo.Open())
        {
            before.Make("a");
            _repo.Write(".worktrees/a/first.txt", "first\n");
            before.Drop("a", force: true);
        }

        LoseTheRecords();
        using var repository = _repo.Open();
        repository.Make("b");
        _repo.Write(".worktrees/b/second.txt", "second\n");
        var removal = repository.Drop("b", force: true);

        _repo.Has(".worktrees/b").Should().BeFalse();
        File.ReadAllText(Path.Join(removal.TrashDirectory!, "second.txt")).Should().Be("second\n");
        Directory.EnumerateFiles(_repo.Layout.Trash, "*.txt", SearchOption.AllDirectories).Select(Path.GetFileName).Should().Contain(["first.txt", "second.txt"]);
        repository.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
    }

    private void MakeThreeAndLoseTheRecords()
    {
        using (var repository = _repo.Open())
        {
            repository.Make("a", repository.Task());
            repository.Make("b", repository.Task());
            repository.Worktrees.Keep("b", null, completeTask: false, Steps.By);
            _repo.Git("branch", "users-own");
            repository.Make("c", repository.Task(), branch: "users-own");
            repository.Make("d");
            _repo.Write(".worktrees/d/new.txt", "new\n");
            _repo.Commit("work", ".worktrees/d");
        }

        LoseTheRecords();
    }

    private void LoseTheRecords()
    {
        File.Delete(_repo.Layout.OperationLog);
        File.Delete(_repo.Layout.Index);
        File.Delete(_repo.Layout.Events);
    }
}

using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Doctor;

/// <summary>What can be wrong with a worktree, its entry in the registry, its trash.</summary>
public sealed class WorktreeFindingsTests : IDisposable
{
    private readonly TempRepository _repo = new();
    private readonly string _directory;

    public WorktreeFindingsTests()
    {
        using var repository = _repo.Open();
        _directory = repository.Make("a", repository.Task()).Directory;
    }

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_directory_without_its_pointer_to_git_is_left_to_a_person()
    {
        File.Delete(Path.Join(_directory, ".git"));

        _repo.LeavesToAPerson("worktree_identity", FindingSeverity.Error).Message.Should().Contain(_directory);
    }

    [Fact]
    public void A_worktree_whose_branch_was_deleted_is_left_to_a_person()
    {
        _repo.Git("update-ref", "-d", "refs/heads/wt/a");

        _repo.LeavesToAPerson("worktree_branch_missing", FindingSeverity.Error).Step.ToString().Should().Contain("logs/HEAD");
    }

    [Fact]
    public void An_entry_that_points_out_of_the_repository_comes_back_from_the_log()
    {
        EditEntry(1, entry => entry["path"] = "../outside");

        _repo.Finds("registry_entry_unreadable").Message.Should().Contain("../outside");
        _repo.Repairs("registry_entry_unreadable");

        using var repository = _repo.Open();
        repository.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void A_restoration_whose_server_is_gone_is_finished()
    {
        Drop();
        Worktree removed;
        using (var before = _repo.Open())
        {
            removed = before.Worktrees.List(WorktreeState.Removed, 20, null).Worktrees.Single().Worktree;
        }

        DeadServer.Intends(_repo, removed with { Status = WorktreeState.Restoring }, "worktree.test.before");

        _repo.Repairs("restoration_abandoned");

        using var repository = _repo.Open();
        repository.Row("a").Worktree.Status.Should().Be(WorktreeState.Active);
        _repo.GitIn(_directory, "status", "--porcelain", "--branch").Should().Be("## wt/a");
    }

    [Fact]
    public void A_trash_without_the_files_is_worth_knowing()
    {
        Directory.Delete(Drop(), recursive: true);

        _repo.LeavesToAPerson("trash_tree_missing", FindingSeverity.Info).Message.Should().Contain("\"a\"");
    }

    [Theory]
    [InlineData(".git/worktree-mcp/trash/99")]
    [InlineData(".worktrees/.trash/99")]
    public void Trash_that_no_entry_knows_is_worth_knowing(string folder)
    {
        _repo.Write($"{folder}/file.txt", "somebody's");

        _repo.LeavesToAPerson("trash_unknown", FindingSeverity.Info).Subject.Should().EndWith(folder);
    }

    [Fact]
    public void Two_living_worktrees_of_one_name_are_left_to_a_person()
    {
        Make("b");
        Make("c");
        EditEntry(3, entry => entry["name"] = "b");

        _repo.LeavesToAPerson("registry_duplicate", FindingSeverity.Error).Message.Should().Contain("2, 3");
    }

    [Fact]
    public void An_entry_without_a_name_comes_back_from_the_log()
    {
        Make("b");
        EditEntry(2, entry => entry["name"] = 7);

        _repo.Finds("registry_entry_unreadable").Subject.Should().Be("worktree number 2");
        _repo.Repairs("registry_entry_unreadable");

        using var repository = _repo.Open();
        repository.Row("b").Drift.Should().BeEmpty();
    }

    [Fact]
    public void An_entry_that_the_registry_lost_comes_back_from_the_log()
    {
        Make("b");
        Make("c");
        var index = JsonNode.Parse(_repo.Read(".worktrees/index.json"))!;
        index["worktrees"]!.AsArray().RemoveAt(1);
        _repo.Write(".worktrees/index.json", index.ToJsonString());

        _repo.Repairs("registry_entry_missing");

        using var repository = _repo.Open();
        repository.Row("b").Drift.Should().BeEmpty();
    }

    [Fact]
    public void A_task_and_its_worktree_say_the_same_again()
    {
        EditTask(task => task["worktree_state"] = "kept");

        _repo.Repairs("task_worktree_mismatch");

        using var repository = _repo.Open();
        repository.Board.Get(1).Task.WorktreeState.Should().Be("active");
    }

    [Fact]
    public void A_task_that_names_another_worktree_than_the_one_that_serves_it_names_the_right_one()
    {
        Make("b");
        EditTask(task => task["worktree"] = "nowhere");

        _repo.Repairs("task_worktree_mismatch");

        using var repository = _repo.Open();
        repository.Board.Get(1).Task.LiveWorktree.Should().Be("a");
    }

    [Fact]
    public void A_worktree_for_a_task_that_never_was_stays_without_one()
    {
        Make("b");
        EditEntry(2, entry => entry["task_id"] = 99);

        _repo.Repairs("worktree_task_missing");

        using var repository = _repo.Open();
        repository.Row("b").Worktree.TaskId.Should().BeNull();
        repository.Row("a").Worktree.TaskId.Should().Be(1);
    }

    [Fact]
    public void A_lock_that_a_killed_git_left_in_the_trash_is_deleted()
    {
        Drop();
        var left = Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1", "index.lock");
        File.WriteAllText(left, string.Empty);

        _repo.Repairs("stale_lock");

        File.Exists(left).Should().BeFalse();
    }

    [Fact]
    public void A_lock_in_the_trash_that_a_process_has_open_stays()
    {
        Drop();
        using var held = new FileStream(Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1", "index.lock"), FileMode.Create);

        _repo.LeavesToAPerson("git_lock", OperatingSystem.IsLinux() ? FindingSeverity.Info : FindingSeverity.Warning);
    }

    private void Make(string name)
    {
        using var repository = _repo.Open();
        repository.Make(name);
    }

    private string Drop()
    {
        using var repository = _repo.Open();
        return repository.Drop("a").TrashDirectory!;
    }

    private void EditTask(Action<JsonObject> edit)
    {
        var task = JsonNode.Parse(_repo.Read(".tasks/task_1.json"))!.AsObject();
        edit(task);
        _repo.Write(".tasks/task_1.json", task.ToJsonString());
    }

    private void EditEntry(int id, Action<JsonObject> edit)
    {
        var index = JsonNode.Parse(_repo.Read(".worktrees/index.json"))!.AsObject();
        edit(index["worktrees"]!.AsArray().Single(entry => (int)entry!["id"]! == id)!.AsObject());
        _repo.Write(".worktrees/index.json", index.ToJsonString());
    }
}

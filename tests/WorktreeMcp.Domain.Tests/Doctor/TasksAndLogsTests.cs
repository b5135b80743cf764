using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Doctor;

public sealed class TasksAndLogsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public TasksAndLogsTests()
    {
        using var repository = _repo.Open();
        repository.Task("one");
        repository.Task("two");
        repository.Task("three");
    }

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n")]
    [InlineData("{\"id\":1,\"subject\":")]
    [InlineData("{\"id\":7,\"subject\":\"x\"}")]
    [InlineData("")]
    public void A_damaged_task_is_set_aside_and_restored(string damaged)
    {
        var before = _repo.Read(".tasks/task_1.json");
        _repo.Write(".tasks/task_1.json", damaged);

        _repo.Repairs("task_damaged");

        _repo.Read(".tasks/task_1.json").Should().Be(before);
        Directory.GetFiles(_repo.Layout.Quarantine, "task_1.json.*").Select(File.ReadAllText).Should().Contain(damaged);
        _repo.EventNames()[^1].Should().Be("board.repaired");
    }

    [Fact]
    public void A_damaged_task_that_the_log_does_not_know_is_left_as_it_is()
    {
        _repo.Write(".tasks/task_9.json", "{");

        _repo.LeavesToAPerson("task_damaged", FindingSeverity.Error);
    }

    [Fact]
    public void A_task_whose_file_was_deleted_comes_back()
    {
        var before = _repo.Read(".tasks/task_2.json");
        File.Delete(_repo.Layout.Task(2));

        _repo.Repairs("task_missing");

        _repo.Read(".tasks/task_2.json").Should().Be(before);
    }

    [Fact]
    public void Copies_and_strays_among_the_tasks_are_named()
    {
        _repo.Write(".tasks/task_1 (copy).json", _repo.Read(".tasks/task_1.json"));
        _repo.Write(".tasks/notes.txt", "hello");

        _repo.LeavesToAPerson("task_duplicate").Message.Should().Contain("task 1");
        _repo.LeavesToAPerson("task_stray").Subject.Should().EndWith("notes.txt");
    }

    [Theory]
    [InlineData(".git/worktree-mcp/oplog.jsonl", "oplog_torn")]
    [InlineData(".worktrees/events.jsonl", "events_torn")]
    public void A_torn_log_is_cut_and_the_end_kept(string log, string code)
    {
        var whole = _repo.Read(log);
        File.AppendAllText(Path.Join(_repo.Root, log), "{\"half\":");

        _repo.Repairs(code);

        _repo.Read(log).Should().Be(whole);
        Directory.GetFiles(_repo.Layout.Quarantine).Select(File.ReadAllText).Should().Contain("{\"half\":");
    }

    [Fact]
    public void A_damaged_registry_is_rebuilt()
    {
        using (var repository = _repo.Open())
        {
            repository.Make("a");
        }

        _repo.Write(".worktrees/index.json", "{\"worktrees\": [");

        _repo.Repairs("registry_damaged");

        using var after = _repo.Open();
        after.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void An_operation_that_a_kill_interrupted_is_finished()
    {
        var file = Path.Join(_repo.Root, ".tasks", "task_3.json");
        var whole = _repo.Read(".tasks/task_3.json");
        File.Delete(file);

        _repo.Finds("operation_unfinished");
        using (var repository = _repo.Open())
        {
            repository.Repair();
            repository.Examine().Should().BeEmpty();
        }

        _repo.Read(".tasks/task_3.json").Should().Be(whole);
    }

    [Fact]
    public void What_git_clean_took_comes_back_in_one_repair()
    {
        Make("a", 1);
        var tasks = Directory.GetFiles(_repo.Layout.Tasks).Order().Select(File.ReadAllText).ToList();
        _repo.Git("clean", "-fdxq");
        _repo.Has(".tasks").Should().BeFalse();

        using var repository = _repo.Open();
        repository.Examine().Select(f => f.Code).Should().Contain(["task_missing", "registry_missing"]);
        _repo.Has(".tasks").Should().BeFalse();
        repository.Repair().Should().OnlyContain(f => f.Done != null);

        repository.Examine().Should().BeEmpty();
        Directory.GetFiles(_repo.Layout.Tasks).Order().Select(File.ReadAllText).Should().Equal(tasks);
        repository.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void Temporaries_of_ours_are_deleted()
    {
        _repo.Write(".tasks/.task_1.json.tmp", "x");

        _repo.Repairs("leftover_temporary");

        _repo.Has(".tasks/.task_1.json.tmp").Should().BeFalse();
    }

    [Fact]
    public void Locks_of_git_are_named_and_left()
    {
        _repo.Write(".git/packed-refs.lock", string.Empty);

        _repo.LeavesToAPerson("git_lock").Subject.Should().EndWith("packed-refs.lock");
    }

    [Fact]
    public void A_lock_of_git_that_a_process_holds_is_git_at_work()
    {
        using var held = new FileStream(Path.Join(_repo.Root, ".git", "packed-refs.lock"), FileMode.Create);

        _repo.Finds("git_lock").Severity.Should().Be(OperatingSystem.IsLinux() ? FindingSeverity.Info : FindingSeverity.Warning);
    }

    [Fact]
    public void A_task_that_names_a_removed_worktree_learns_that_it_is_gone()
    {
        Edit(1, task => (task["worktree"], task["worktree_state"]) = ("nowhere", "active"));

        _repo.Repairs("task_worktree_dead");

        using var repository = _repo.Open();
        repository.Board.Get(1).Task.LiveWorktree.Should().BeNull();
    }

    [Fact]
    public void A_task_that_lost_its_worktree_names_it_again()
    {
        Make("a", 1);
        Edit(1, task => (task["worktree"], task["worktree_state"]) = (null, null));

        _repo.Repairs("task_unbound");

        using var repository = _repo.Open();
        repository.Board.Get(1).Task.LiveWorktree.Should().Be("a");
    }

    [Fact]
    public void Of_two_worktrees_for_one_task_the_one_that_it_names_stays()
    {
        Make("a", 1);
        Make("b", 2);
        _repo.Write(".worktrees/index.json", _repo.Read(".worktrees/index.json").Replace("\"task_id\": 2", "\"task_id\": 1", StringComparison.Ordinal));
        Edit(2, task => (task["worktree"], task["worktree_state"]) = (null, null));

        _repo.Repairs("task_with_two_worktrees");

        using var repository = _repo.Open();
        repository.Row("a").Worktree.TaskId.Should().Be(1);
        repository.Row("b").Worktree.TaskId.Should().BeNull();
    }

    [Fact]
    public void Control_folders_and_files_that_are_links_are_left_to_a_person()
    {
        Directory.Move(_repo.Layout.Tasks, Path.Join(_repo.Base, "elsewhere"));
        Directory.CreateSymbolicLink(_repo.Layout.Tasks, Path.Join(_repo.Base, "elsewhere"));

        using var repository = _repo.Open();
        repository.Examine().Should().ContainSingle(f => f.Code == "control_folder_link").Which.Severity.Should().Be(FindingSeverity.Error);
    }

    [Fact]
    public void Configuration_that_runs_programs_is_worth_knowing()
    {
        _repo.Git("config", "core.fsmonitor", "/bin/watch");
        _repo.Git("config", "filter.x.clean", "cat");
        _repo.Git("config", "core.hooksPath", "hooks");
        _repo.Write(".git/hooks/post-checkout", "#!/bin/sh\n");

        using var repository = _repo.Open();
        var findings = repository.Examine();

        findings.Select(f => f.Code).Should().BeEquivalentTo("config_runs_programs", "config_runs_programs", "hooks_path", "hooks_present");
        findings.Should().OnlyContain(f => f.Severity == FindingSeverity.Info && !f.IsOpen);
    }

    [Fact]
    public void A_repository_that_was_turned_bare_is_named()
    {
        _repo.Git("config", "core.bare", "true");
        var refusal = FluentActions.Invoking(() => Repository.Open(_repo.Root)).Should().Throw<Refusal>().Which;

        Repository.Explain(_repo.Root, refusal).Code.Should().Be("core_bare");
        Repository.Explain(_repo.Base, refusal).Code.Should().Be("not_a_repository");
    }

    private void Make(string name, int task)
    {
        using var repository = _repo.Open();
        repository.Make(name, task);
    }

    private void Edit(int id, Action<JsonObject> edit)
    {
        var path = _repo.Layout.Task(id);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(json);
        File.WriteAllText(path, json.ToJsonString());
    }
}

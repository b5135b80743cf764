using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class CommittingTests : IDisposable
{
    private readonly StateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_operation_is_one_line_with_images_events_and_the_next_numbers()
    {
        var state = _folder.Open(time: new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1730000000500)));
        state.Board.Create(new NewTask("first", RequestId: "r\"1"), "claude-1");
        var before = File.ReadAllBytes(_folder.Layout.Task(1));
        state.Board.Update(1, new TaskEdit { Status = TaskState.Completed }, "claude-2");

        var operations = _folder.Operations();
        operations.Should().HaveCount(2);
        var create = operations[0];
        create["request_id"]!.ToString().Should().Be("r\"1");
        create["changes"]![0]!["before"].Should().BeNull();
        create["next"]!.ToJsonString().Should().Be("""{"op":2,"task":2,"worktree":1,"seq":2}""");
        var update = operations[1];
        update["op"]!.ToString().Should().Be("2");
        update["by"]!.ToString().Should().Be("claude-2");
        update["kind"]!.ToString().Should().Be("task.update");
        update["at"]!.ToJsonString().Should().Be("1730000000.5");
        update["changes"]![0]!["before"]!.ToString().Should().Be(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(before))[..32]);
        JsonNode.DeepEquals(update["changes"]![0]!["after"], JsonNode.Parse(_folder.Read(".tasks/task_1.json"))).Should().BeTrue();
        update["events"]!.AsArray().Select(e => e!["event"]!.ToString()).Should().Equal("task.updated", "task.completed");
        update["events"]!.AsArray().Select(e => (int)e!["seq"]!).Should().Equal(2, 3);
        update["next"]!.ToJsonString().Should().Be("""{"op":3,"task":2,"worktree":1,"seq":4}""");
        _folder.Events().Select(e => e.ToJsonString()).Should().Equal(operations.SelectMany(o => o["events"]!.AsArray()).Select(e => e!.ToJsonString()));
        _folder.Events().Should().OnlyContain(e => (double)e["ts"]! == 1730000000.5 && ((string)e["by"]!).StartsWith("claude-", StringComparison.Ordinal));
        _folder.Leftovers().Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_registry_that_a_person_sweeps_away_in_the_middle_of_a_change_loses_nothing(bool withItsFolder)
    {
        var state = _folder.Open();
        using (var change = state.Store.Begin("test", "a"))
        {
            change.PutWorktree(change.NewWorktreeId(), Entry(1));
            change.PutWorktree(change.NewWorktreeId(), Entry(2));
            change.Commit("test");
        }

        using (var change = state.Store.Begin("test", "a"))
        {
            Sweep();
            change.Worktrees().Select(w => w.Id).Should().Equal(1, 2);
            change.PutWorktree(change.NewWorktreeId(), Entry(3));
            if (withItsFolder)
            {
                // What lies beside the registry is written too, so the change itself may fail; it says so then.
                Directory.CreateDirectory(_folder.Layout.Worktrees);
            }

            change.Commit("test");
        }

        _folder.Open().Store.Worktrees().Select(w => w.Id).Should().Equal(1, 2, 3);
        Sweep();
        state.Store.IndexFile.Entries().Select(w => w.Id).Should().Equal([1, 2, 3], "a reader in that moment sees them too");

        void Sweep()
        {
            File.Delete(_folder.Layout.Index);
            if (withItsFolder)
            {
                Directory.Delete(_folder.Layout.Worktrees, recursive: true);
            }
        }

        static JsonObject Entry(int id) => new() { ["id"] = id, ["name"] = $"w{id}", ["status"] = "active" };
    }

    [Fact]
    public void A_task_whose_file_a_person_sweeps_away_in_the_middle_of_a_change_is_what_the_log_has()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");

        using (var change = state.Store.Begin("test", "a"))
        {
            File.Delete(_folder.Layout.Task(1));
            var image = JsonNode.Parse(change.Task(1)!.Bytes.Span)!.AsObject();
            ((string?)image["subject"]).Should().Be("first");
            image["subject"] = "changed";
            change.PutTask(1, image);
            change.Commit("test");
            change.Task(3).Should().BeNull("there never was one");
        }

        _folder.Open().Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().BeEquivalentTo("changed", "second");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_tasks_in_the_middle_of_a_change_are_those_that_a_person_swept_away_too(bool withTheirFolder)
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");

        using var change = state.Store.Begin("test", "a");
        change.Tasks().Select(task => task.Id).Should().BeEquivalentTo([1, 2]);
        File.Delete(_folder.Layout.Task(1));
        if (withTheirFolder)
        {
            Directory.Delete(_folder.Layout.Tasks, recursive: true);
        }

        change.Tasks().Select(task => task.Id).Should().BeEquivalentTo([1, 2]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_person_sweeps_away_in_the_middle_of_a_change_is_there_again_after_it(bool withTheirFolder)
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        using (var change = state.Store.Begin("test", "a"))
        {
            var image = JsonNode.Parse(change.Task(1)!.Bytes.Span)!.AsObject();
            File.Delete(_folder.Layout.Task(1));
            File.Delete(_folder.Layout.Task(2));
            File.Delete(_folder.Layout.Events);
            if (withTheirFolder)
            {
                Directory.Delete(_folder.Layout.Tasks, recursive: true);
            }

            image["subject"] = "changed";
            change.PutTask(1, image);
            change.Emit(new JsonObject { ["event"] = "task.updated" });
            change.Commit("test").Should().BeNull();
        }

        File.Exists(_folder.Layout.Task(2)).Should().BeTrue();
        _folder.Open().Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().BeEquivalentTo("changed", "second");
        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(1, 2, 3);
        _folder.Leftovers().Should().BeEmpty();
    }

    [Fact]
    public void A_change_that_is_not_committed_leaves_nothing()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        var before = _folder.Read(".git/worktree-mcp/oplog.jsonl");

        using (var change = state.Store.Begin("test", "a"))
        {
            change.NewTaskId().Should().Be(2);
            change.PutTask(1, []);
            change.Emit([]);
        }

        _folder.Read(".git/worktree-mcp/oplog.jsonl").Should().Be(before);
        state.Board.Create(new NewTask("second"), "a").View.Task.Id.Should().Be(2);
    }

    [Fact]
    public void Two_operations_can_be_committed_under_one_lock()
    {
        var state = _folder.Open();
        using (var change = state.Store.Begin("test", "a"))
        {
            for (var i = 0; i < 2; i++)
            {
                var id = change.NewWorktreeId();
                change.PutWorktree(id, new JsonObject { ["id"] = id, ["name"] = $"w{id}" });
                change.Emit(new JsonObject { ["event"] = $"step {i}" });
                change.Commit("test").Should().BeNull();
            }

            change.PutWorktree(1, null);
            change.Commit("test").Should().BeNull();
            change.Commit("nothing").Should().BeNull();
        }

        state.Store.Worktrees().Select(w => w.Id).Should().Equal(2);
        _folder.Open().Store.Worktrees().Select(w => w.Id).Should().Equal(2);
        _folder.Operations().Select(o => (int)o["op"]!).Should().Equal(1, 2, 3);
        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(1, 2);
    }

    [Fact]
    public void Both_folders_are_excluded_from_commits_once_and_no_tracked_file_is_touched()
    {
        using var repo = new TempRepository();
        File.WriteAllText(repo.Layout.Exclude, "# mine\n*.swp");
        for (var i = 0; i < 3; i++)
        {
            repo.Open().Board.Create(new NewTask("x"), "a");
        }

        File.ReadAllText(repo.Layout.Exclude).Should().Be("# mine\n*.swp\n/.tasks/\n/.worktrees/\n");
        repo.Git("status", "--porcelain", "-uall").Should().BeEmpty();
    }

    [Fact]
    public void An_exclude_file_that_is_a_link_is_not_written_through()
    {
        using var repo = new TempRepository();
        var mine = Path.Join(repo.Base, "dotfiles-exclude");
        File.WriteAllText(mine, "*.swp\n");
        File.Delete(repo.Layout.Exclude);
        File.CreateSymbolicLink(repo.Layout.Exclude, mine);

        repo.Open().Board.Create(new NewTask("x"), "a").Warning.Should().BeNull();

        File.ReadAllText(mine).Should().Be("*.swp\n");
    }

    [Fact]
    public void A_log_that_cannot_be_synced_nor_cut_back_stops_this_server_and_not_the_next()
    {
        _folder.Open().Board.Create(new NewTask("first"), "a");
        var disk = new FaultyFiles(0, Fault.DiesAfter);
        var state = _folder.Open(disk);
        state.Board.Create(new NewTask("second"), "a");
        var calls = disk.Calls;
        var refusals = new List<Refusal>();
        for (var n = 1; n <= calls; n++)
        {
            disk.Arm(n);
            try
            {
                state.Board.Create(new NewTask($"n{n}"), "a");
            }
            catch (Refusal refusal)
            {
                refusals.Add(refusal);
            }
        }

        refusals.Should().NotBeEmpty().And.OnlyContain(r => r.Code == RefusalCode.Internal);
        _folder.Open().Board.Create(new NewTask("works"), "a").Warning.Should().BeNull();
        _folder.Operations().Select(o => (int)o["op"]!).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void A_failure_after_the_log_line_warns_and_the_same_server_reads_its_own_change()
    {
        var probe = new FaultyFiles(0, Fault.Fails);
        using (var other = new StateFolder())
        {
            var fresh = other.Open(probe);
            fresh.Board.Create(new NewTask("first"), "a");
            probe.Arm(0);
            fresh.Board.Create(new NewTask("second"), "a");
        }

        var disk = new FaultyFiles(0, Fault.Fails);
        var state = _folder.Open(disk);
        state.Board.Create(new NewTask("first"), "a");
        disk.Arm(probe.Calls - 1);

        var change = state.Board.Create(new NewTask("second"), "a");

        change.Warning.Should().Contain("the next call, even one that only reads, finishes it");
        state.Board.List(Listing.All).Total.Should().Be(2);
        state.Board.Get(2).Task.Subject.Should().Be("second");
        _folder.Events().Should().HaveCount(2);
    }

    [Fact]
    public void A_private_folder_that_cannot_be_made_is_a_refusal()
    {
        File.WriteAllText(_folder.Layout.Private, "in the way");

        ((Action)(() => _folder.Open().Board.Create(new NewTask("x"), "a"))).Should().Throw<Refusal>().Which.Message.Should().Contain("worktree-mcp cannot be used: it is a file, not a folder");
    }
}

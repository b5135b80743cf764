using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class RecoveringTests
{
    private static readonly Fault[] Faults = Enum.GetValues<Fault>();

    // What a call changes, and whether it has happened.
    private static readonly Dictionary<string, (Action<OpenState> Act, Func<OpenState, bool> Happened)> Changes = new()
    {
        ["create"] = (s => s.Board.Create(new NewTask("third"), "a"), s => s.Board.List(Listing.All).Tasks.Any(t => t.Task.Subject == "third")),
        ["plan"] = (s => s.Board.Plan(new TaskPlan([new("a", new NewTask("third"), ["2"]), new("b", new NewTask("fourth"), ["a"])]), "a"), s => s.Board.List(Listing.All).Tasks.Count(t => t.Task.Subject is "third" or "fourth") switch { 0 => false, 2 => true, _ => throw new InvalidOperationException("half a plan") }),
        ["update"] = (s => s.Board.Update(1, new TaskEdit { Status = TaskState.Completed, Note = "done" }, "a"), s => s.Board.Get(1).Task.Status == TaskState.Completed),
        ["task and worktree"] = (BindFirst, s => s.Store.Worktrees().Count == 1),
    };

    public static TheoryData<string, Fault> EveryWay
    {
        get
        {
            var data = new TheoryData<string, Fault>();
            foreach (var change in Changes.Keys)
            {
                foreach (var fault in Faults)
                {
                    data.Add(change, fault);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public void Whatever_write_goes_wrong_a_change_is_whole_or_not_there(string name, Fault fault)
    {
        var (act, happened) = Changes[name];
        for (var n = 1; ; n++)
        {
            using var folder = new StateFolder();
            var first = folder.Open();
            first.Board.Create(new NewTask("first"), "a");
            first.Board.Create(new NewTask("second", BlockedBy: [1]), "a");

            var disk = new FaultyFiles(n, fault);
            var faulty = folder.Open(disk);
            Refusal? refusal = null;
            try
            {
                act(faulty);
            }
            catch (Refusal refused)
            {
                refusal = refused;
            }

            var where = $"{name}, {fault} at call {n}: {disk.Hit}, {refusal?.Message}";
            CheckWhole(folder, happened, refusal, fault, where);
            if (disk.Hit is null)
            {
                refusal.Should().BeNull(where);
                n.Should().BeGreaterThan(5);
                return;
            }
        }
    }

    [Theory]
    [InlineData(Fault.Dies)]
    [InlineData(Fault.DiesHalfWay)]
    [InlineData(Fault.DiesAfter)]
    public void A_recovery_that_is_killed_too_is_finished_by_the_next(Fault fault)
    {
        for (var n = 1; ; n++)
        {
            using var folder = new StateFolder();
            folder.Open().Board.Create(new NewTask("first"), "a");
            folder.Open().Board.Create(new NewTask("second"), "a");
            File.Delete(folder.Layout.Task(2));
            File.Delete(folder.Layout.Events);
            File.AppendAllText(folder.Layout.OperationLog, "{\"op\":3,\"half\":");

            var disk = new FaultyFiles(n, fault);
            var killed = () => folder.Open(disk).Board.Update(1, new TaskEdit { Note = "x" }, "a");
            if (n == 1)
            {
                killed.Should().Throw<Refusal>();
            }
            else
            {
                Ignore(killed);
            }

            var after = folder.Open();
            after.Board.Get(2).Task.Subject.Should().Be("second", $"{fault} at {n}: {disk.Hit}");
            after.Board.Create(new NewTask("third"), "a").View.Task.Id.Should().Be(3);
            folder.Operations().Select(o => (long)o["op"]!).Should().OnlyHaveUniqueItems().And.BeInAscendingOrder();
            folder.Leftovers().Should().BeEmpty();
            folder.Quarantined().Should().Contain("{\"op\":3,\"half\":");
            if (disk.Hit is null)
            {
                return;
            }
        }
    }

    [Fact]
    public void A_server_that_comes_after_one_that_died_with_the_lock_clears_away_what_that_had_begun()
    {
        using var folder = new StateFolder();
        var state = folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        folder.Write(".tasks/.task_7.json.tmp", "{ half");
        state.Board.Create(new NewTask("second"), "a");
        folder.Leftovers().Should().ContainSingle("nobody died, so nobody looks");

        File.WriteAllText(folder.Layout.Lock, "1");
        state.Board.Create(new NewTask("third"), "a");

        folder.Leftovers().Should().BeEmpty();
        File.ReadAllText(folder.Layout.Lock).Should().Be("0", "this one did not die");
    }

    [Fact]
    public void An_operation_that_reached_only_the_log_is_finished_by_a_read()
    {
        using var folder = new StateFolder();
        var disk = new FaultyFiles(0, Fault.Dies);
        var killed = folder.Open(disk);
        killed.Board.Create(new NewTask("first"), "a");
        disk.Arm(CallsOfACreate(folder) - 1);
        Ignore(() => killed.Board.Create(new NewTask("second"), "a"));
        File.Exists(folder.Layout.Task(2)).Should().BeFalse();

        folder.Open().Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().Equal("first", "second");

        folder.Events().Select(e => (long)e["seq"]!).Should().Equal(1, 2);
    }

    [Fact]
    public void A_last_line_torn_at_any_byte_is_set_aside_and_the_state_is_that_before()
    {
        using var model = new StateFolder();
        model.Open().Board.Create(new NewTask("first"), "a");
        var before = File.ReadAllBytes(model.Layout.OperationLog);
        model.Open().Board.Create(new NewTask("second"), "a");
        var after = File.ReadAllBytes(model.Layout.OperationLog);

        for (var cut = before.Length + 1; cut < after.Length; cut++)
        {
            using var folder = new StateFolder();
            folder.Open().Board.Create(new NewTask("first"), "a");
            var torn = System.Text.Encoding.UTF8.GetString(after[before.Length..cut]);
            File.AppendAllText(folder.Layout.OperationLog, torn);

            CheckRepaired(folder, torn, readFirst: cut % 2 == 0);
        }
    }

    [Theory]
    [InlineData("\0\0\0\0\0\0\0\0")]
    [InlineData("not an operation\n")]
    [InlineData("{\"op\":2}\n")]
    [InlineData("\0\0\0\0\n{\"op\":2,\"at\":")]
    [InlineData("{\"op\":1152921504606846976000,\"next\":{\"op\":1}}\n")]
    public void Garbage_at_the_end_of_the_log_is_set_aside(string garbage)
    {
        foreach (var readFirst in new[] { true, false })
        {
            using var folder = new StateFolder();
            folder.Open().Board.Create(new NewTask("first"), "a");
            File.AppendAllText(folder.Layout.OperationLog, garbage);

            CheckRepaired(folder, garbage, readFirst);
        }
    }

    [Fact]
    public void After_a_reboot_every_file_and_event_since_is_compared_and_redone()
    {
        foreach (var readFirst in new[] { true, false })
        {
            using var folder = new StateFolder();
            var state = folder.Open();
            for (var i = 1; i <= 5; i++)
            {
                state.Board.Create(new NewTask($"task {i}"), "a");
            }

            var old = Read(folder.Layout.Task(2));
            state.Board.Update(2, new TaskEdit { Note = "kept" }, "a");
            BindFirst(state);
            state.Board.Create(new NewTask("last"), "a");
            var events = File.ReadAllLines(folder.Layout.Events);
            var log = File.ReadAllText(folder.Layout.OperationLog).Replace(BootOf(folder), "another-boot1", StringComparison.Ordinal);
            File.WriteAllText(folder.Layout.OperationLog, log);
            File.WriteAllText(folder.Layout.Task(2), old);
            File.Delete(folder.Layout.Task(3));
            File.WriteAllText(folder.Layout.Task(4), string.Empty);
            File.WriteAllText(folder.Layout.Index, string.Empty);
            File.WriteAllLines(folder.Layout.Events, events.Take(3));

            var after = folder.Open();
            if (!readFirst)
            {
                after.Board.Create(new NewTask("new"), "a");
            }

            after.Board.List(Listing.All).Damaged.Should().BeEmpty();
            after.Board.Get(2).Task.Notes.Should().ContainSingle();
            after.Board.Get(3).Task.Subject.Should().Be("task 3");
            after.Board.Get(4).Task.Subject.Should().Be("task 4");
            after.Store.Worktrees().Should().ContainSingle();
            after.Board.Create(new NewTask("newer"), "a");
            File.ReadAllLines(folder.Layout.Events).Take(events.Length).Should().Equal(events);
            folder.Events().Select(e => (long)e["seq"]!).Should().OnlyHaveUniqueItems().And.BeInAscendingOrder();
        }
    }

    [Fact]
    public void A_board_swept_away_by_git_clean_comes_back_from_the_log()
    {
        foreach (var readFirst in new[] { true, false })
        {
            using var folder = new StateFolder();
            var state = folder.Open();
            state.Board.Create(new NewTask("first"), "a");
            BindFirst(state);
            state.Board.Create(new NewTask("second"), "a");
            Directory.Delete(folder.Layout.Tasks, recursive: true);
            Directory.Delete(folder.Layout.Worktrees, recursive: true);

            var after = readFirst ? folder.Open() : state;

            after.Board.List(Listing.All).Total.Should().Be(2);
            after.Store.Worktrees().Should().ContainSingle();
            after.Board.Create(new NewTask("third"), "a").View.Task.Id.Should().Be(3);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Events_swept_away_between_two_changes_or_in_the_middle_of_one_come_back_from_the_log(bool inTheMiddle)
    {
        using var folder = new StateFolder();
        var state = folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        if (!inTheMiddle)
        {
            File.Delete(folder.Layout.Events);
        }

        using (var change = state.Store.Begin("test", "a"))
        {
            if (inTheMiddle)
            {
                File.Delete(folder.Layout.Events);
            }

            change.Emit(new JsonObject { ["event"] = "task.updated" });
            change.Commit("test").Should().BeNull();
        }

        folder.Events().Select(e => (long)e["seq"]!).Should().Equal(1, 2, 3);
        state.Board.Create(new NewTask("third"), "a");
        folder.Open().Board.List(Listing.All).Total.Should().Be(3);
        folder.Events().Select(e => (long)e["seq"]!).Should().Equal(1, 2, 3, 4);
    }

    [Fact]
    public void A_task_nested_as_deep_as_a_file_may_be_survives_in_the_log()
    {
        using var folder = new StateFolder();
        folder.Write(".tasks/task_1.json", "{\"id\":1,\"subject\":\"deep\",\"x\":" + new string('[', 62) + new string(']', 62) + "}");
        folder.Open().Board.Update(1, new TaskEdit { Note = "first" }, "a");
        folder.Open().Board.Update(1, new TaskEdit { Note = "second" }, "a");

        folder.Quarantined().Should().BeEmpty();
        folder.Open().Board.Create(new NewTask("next"), "a");
        folder.Operations().Select(o => (long)o["op"]!).Should().Equal(1, 2, 3);
        folder.Events().Select(o => (long)o["seq"]!).Should().Equal(1, 2, 3);
    }

    private static void CheckRepaired(StateFolder folder, string torn, bool readFirst)
    {
        var state = folder.Open();
        if (readFirst)
        {
            state.Board.List(Listing.All).Total.Should().Be(1);
        }

        state.Board.Create(new NewTask("next"), "a").View.Task.Id.Should().Be(2);

        folder.Operations().Select(o => (long)o["op"]!).Should().Equal([1, 2], $"read first: {readFirst}, {torn}");
        folder.Events().Select(e => (long)e["seq"]!).Should().Equal(1, 2);
        folder.Quarantined().Sum(kept => kept.Length).Should().Be(torn.Length);
        folder.Quarantined().Should().OnlyContain(kept => torn.Contains(kept));
        folder.Open().Board.List(Listing.All).Total.Should().Be(2);
    }

    private static void CheckWhole(StateFolder folder, Func<OpenState, bool> happened, Refusal? refusal, Fault fault, string where)
    {
        var dies = fault is Fault.Dies or Fault.DiesHalfWay or Fault.DiesAfter;
        var next = folder.Open();
        var whole = happened(next);
        if (!dies)
        {
            whole.Should().Be(refusal is null, where);
        }

        // The next change finds everything in order and cleans up.
        var created = next.Board.Create(new NewTask("afterwards"), "b");
        created.Warning.Should().BeNull(where);
        folder.Leftovers().Should().BeEmpty(where);
        var tasks = next.Board.List(Listing.All);
        tasks.Damaged.Should().BeEmpty(where);
        tasks.Tasks.Select(t => t.Task.Id).Order().Should().Equal(Enumerable.Range(1, tasks.Total), where);
        folder.Events().Select(e => (long)e["seq"]!).Should().Equal(Enumerable.Range(1, folder.Events().Count).Select(i => (long)i), where);
        var said = folder.Operations().SelectMany(o => o["events"]!.AsArray()).Select(e => e!.ToJsonString());
        folder.Events().Select(e => e.ToJsonString()).Should().Equal(said, where);
        foreach (var change in folder.Operations().SelectMany(o => o["changes"]!.AsArray()).Where(c => c!["task"] is not null).GroupBy(c => (int)c!["task"]!))
        {
            JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllBytes(folder.Layout.Task(change.Key))), change.Last()!["after"]).Should().BeTrue(where);
        }

        var fresh = folder.Open();
        happened(fresh).Should().Be(whole, where);
    }

    private static void BindFirst(OpenState state)
    {
        using var change = state.Store.Begin("test", "a");
        change.PutTask(1, JsonNode.Parse(change.Task(1)!.Bytes.Span)!.AsObject());
        var id = change.NewWorktreeId();
        change.PutWorktree(id, new JsonObject { ["id"] = id, ["name"] = "x", ["status"] = "active" });
        change.Emit(new JsonObject { ["event"] = "test" });
        change.Commit("test");
    }

    private static int CallsOfACreate(StateFolder folder)
    {
        var disk = new FaultyFiles(0, Fault.Fails);
        using var other = new StateFolder();
        var state = other.Open(disk);
        state.Board.Create(new NewTask("first"), "a");
        disk.Arm(0);
        state.Board.Create(new NewTask("second"), "a");
        folder.Root.Should().NotBe(other.Root);
        return disk.Calls;
    }

    private static string BootOf(StateFolder folder) => (string)folder.Operations()[0]["boot"]!;

    private static string Read(string path) => File.ReadAllText(path);

    private static void Ignore(Action call)
    {
        try
        {
            call();
        }
        catch (Refusal)
        {
        }
    }

    private static void Ignore(Func<TaskChange> call) => Ignore(() => { call(); });
}

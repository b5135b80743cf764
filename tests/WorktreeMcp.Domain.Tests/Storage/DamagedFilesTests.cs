using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class DamagedFilesTests : IDisposable
{
    private const string Conflict = "{\n<<<<<<< HEAD\n  \"id\": 1\n=======\n  \"id\": 1\n>>>>>>> other\n}\n";

    private readonly StateFolder _folder = new();

    public DamagedFilesTests()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_task_file_with_merge_markers_is_named_and_left_alone_while_others_work()
    {
        _folder.Write(".tasks/task_1.json", Conflict);
        var state = _folder.Open();

        var page = state.Board.List(Listing.All);

        page.Tasks.Select(t => t.Task.Id).Should().Equal(2);
        page.Damaged.Should().ContainSingle().Which.Should().Match<DamagedTask>(d => d.Id == 1 && d.Problem.Contains("merge-conflict") && d.Path.EndsWith("task_1.json"));
        state.Board.Update(2, new TaskEdit { Note = "works" }, "a").View.Task.Notes.Should().ContainSingle();
        state.Board.Create(new NewTask("third"), "a").View.Task.Id.Should().Be(3);
        var refusal = ((Action)(() => state.Board.Get(1))).Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.CorruptFile);
        refusal.Message.Should().Contain("task_1.json");
        ((Action)(() => state.Board.Update(1, new TaskEdit { Note = "x" }, "a"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);
        _folder.Read(".tasks/task_1.json").Should().Be(Conflict);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"id\":1}")]
    [InlineData("{\"id\":7,\"subject\":\"x\"}")]
    [InlineData("{\"id\":\"1\",\"subject\":\"x\"}")]
    [InlineData("{\"id\":1e99,\"subject\":\"x\"}")]
    [InlineData("{\"id\":1,\"subject\":3}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"status\":\"odd\"}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"status\":5}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"blocked_by\":[1152921504606846976]}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"blocked_by\":[\"2\"]}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"blocked_by\":[0]}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"blocked_by\":{}}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"labels\":\"a\"}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"epoch\":1152921504606846976}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"subject\":\"y\"}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"notes\":[{\"at\":1,\"at\":2}]}")]
    [InlineData("{\"id\":1,\"subject\":\"\\ud800\"}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"\\udC00\":1}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"extra\":\"\\uD800\"}")]
    [InlineData("{\"id\":1,\"subject\":\"x\"} {}")]
    public void Whatever_a_task_file_holds_only_that_task_is_damaged(string content)
    {
        _folder.Write(".tasks/task_1.json", content);
        var state = _folder.Open();

        state.Board.List(Listing.All).Tasks.Select(t => t.Task.Id).Should().Equal(2);
        state.Board.List(Listing.All).Damaged.Select(d => d.Id).Should().Equal(1);
        state.Board.Create(new NewTask("third"), "a").View.Task.Id.Should().Be(3);
        _folder.Read(".tasks/task_1.json").Should().Be(content);
    }

    [Fact]
    public void A_task_file_that_is_not_utf8_is_damaged_and_not_rewritten()
    {
        var bytes = "{\"id\":1,\"subject\":\"x\",\"extra\":\""u8.ToArray().Concat(new byte[] { 0xff, 0xfe }).Concat("\"}"u8.ToArray()).ToArray();
        File.WriteAllBytes(_folder.Layout.Task(1), bytes);
        var state = _folder.Open();

        state.Board.List(Listing.All).Damaged.Should().ContainSingle();
        ((Action)(() => state.Board.Update(1, new TaskEdit { Note = "x" }, "a"))).Should().Throw<Refusal>();
        File.ReadAllBytes(_folder.Layout.Task(1)).Should().Equal(bytes);
    }

    [Theory]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"created_at\":1e999,\"lease_until\":-1e999}")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"created_at\":\"then\",\"priority\":\"urgent\",\"attention\":7,\"owner\":[\"a\"],\"description\":null,\"labels\":[1,\"a\"]}")]
    public void Odd_members_are_read_as_absent_and_survive_a_change_of_others(string content)
    {
        _folder.Write(".tasks/task_1.json", content);
        var state = _folder.Open();

        state.Board.Update(1, new TaskEdit { Subject = "y" }, "a").View.Task.Subject.Should().Be("y");

        var after = JsonNode.Parse(_folder.Read(".tasks/task_1.json"))!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(content)!.AsObject())
        {
            (after[key]?.ToString()).Should().Be(key == "subject" ? "y" : value?.ToString(), key);
        }
    }

    [Fact]
    public void A_task_that_waits_for_a_damaged_one_is_not_ready()
    {
        var state = _folder.Open();
        state.Board.Update(2, new TaskEdit { AddBlockedBy = [1] }, "a");
        _folder.Write(".tasks/task_1.json", Conflict);

        state.Board.List(Listing.All with { Ready = true }).Tasks.Should().BeEmpty();
        ((Action)(() => state.Board.Update(2, new TaskEdit { Status = TaskState.InProgress }, "a"))).Should().Throw<Refusal>()
            .Which.Should().Match<Refusal>(r => r.Code == RefusalCode.TaskBlocked && r.Message.Contains("task_1.json") || r.Message.Contains("damaged"));
        state.Board.Update(2, new TaskEdit { RemoveBlockedBy = [1], Status = TaskState.InProgress }, "a").View.Task.Status.Should().Be(TaskState.InProgress);
    }

    [Fact]
    public void Half_a_json_in_the_last_operations_task_is_set_aside_and_restored()
    {
        foreach (var same in new[] { true, false })
        {
            var state = _folder.Open();
            state.Board.Update(2, new TaskEdit { Note = "x" }, "a");
            var good = _folder.Read(".tasks/task_2.json");
            var half = good[..40] + same;
            _folder.Write(".tasks/task_2.json", half);

            var next = same ? state : _folder.Open();
            next.Board.Create(new NewTask("other"), "a");

            _folder.Read(".tasks/task_2.json").Should().Be(good);
            _folder.Quarantined().Should().Contain(half);
            _folder.Events().Where(e => (string)e["event"]! == "board.repaired").Last()["file"]!.ToString().Should().Be(".tasks/task_2.json");
        }
    }

    [Fact]
    public void A_folder_or_a_link_in_the_place_of_a_task_is_named_and_never_written_through()
    {
        foreach (var id in new[] { 1, 2 })
        {
            foreach (var link in new[] { true, false })
            {
                var path = _folder.Layout.Task(id);
                File.Delete(path);
                var outside = Path.Join(_folder.Root, "outside.json");
                File.WriteAllText(outside, "{\"id\":1,\"subject\":\"secret\"}");
                if (link)
                {
                    File.CreateSymbolicLink(path, outside);
                }
                else
                {
                    Directory.CreateDirectory(path);
                }

                var state = _folder.Open();
                state.Board.List(Listing.All).Damaged.Select(d => d.Id).Should().Equal(id);
                ((Action)(() => state.Board.Update(id, new TaskEdit { Note = "x" }, "a"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);
                state.Board.Create(new NewTask("works"), "a").Warning.Should().BeNull();
                File.ReadAllText(outside).Should().Contain("secret");
                if (link)
                {
                    File.Delete(path);
                }
                else
                {
                    Directory.Delete(path);
                }

                File.WriteAllText(path, $"{{\"id\":{id},\"subject\":\"back\"}}");
            }
        }
    }

    [Fact]
    public void A_link_in_the_place_of_the_next_task_is_passed_over()
    {
        File.CreateSymbolicLink(_folder.Layout.Task(3), Path.Join(_folder.Root, "nowhere"));

        _folder.Open().Board.Create(new NewTask("third"), "a").View.Task.Id.Should().Be(4);
    }

    [Theory]
    [InlineData("task_01.json")]
    [InlineData("task_0.json")]
    [InlineData("task_-1.json")]
    [InlineData("task_99999999999.json")]
    [InlineData("task_2147483647.json")]
    [InlineData("task_x.json")]
    [InlineData("task_1.json.bak")]
    [InlineData("notes.txt")]
    public void Files_that_are_no_tasks_are_not_touched_and_block_nothing(string name)
    {
        File.Delete(_folder.Layout.OperationLog);
        _folder.Write($".tasks/{name}", "{\"id\":1,\"subject\":\"odd\"}");
        var state = _folder.Open();

        state.Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().Equal("first", "second");
        state.Board.Create(new NewTask("third"), "a").View.Task.Id.Should().Be(3);
        _folder.Read($".tasks/{name}").Should().Contain("odd");
    }

    [Fact]
    public void A_board_folder_that_is_a_link_is_neither_read_nor_written()
    {
        var elsewhere = Path.Join(_folder.Root, "elsewhere");
        Directory.Move(_folder.Layout.Tasks, elsewhere);
        Directory.CreateSymbolicLink(_folder.Layout.Tasks, elsewhere);
        var state = _folder.Open();

        ((Action)(() => state.Board.List(Listing.All))).Should().Throw<Refusal>().Which.Message.Should().Contain(".tasks is a link");
        ((Action)(() => state.Board.Create(new NewTask("x"), "a"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);
        Directory.GetFiles(elsewhere).Should().HaveCount(2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"worktrees\": [ {\"id\": 1, \"name\"")]
    [InlineData("{\"worktrees\": {}}")]
    [InlineData("{\"worktrees\": [{\"id\":1,\"id\":2}]}")]
    public void A_damaged_registry_is_rebuilt_from_the_log_and_its_bytes_are_kept(string bytes)
    {
        foreach (var read in new[] { true, false })
        {
            var state = _folder.Open();
            AddWorktree(state, "x");
            AddWorktree(state, "y");
            var names = state.Store.Worktrees().Count;
            File.WriteAllText(_folder.Layout.Index, bytes);

            state = read ? _folder.Open() : state;
            state.Board.List(Listing.All).Total.Should().BeGreaterThan(1);
            if (!read)
            {
                state.Board.Create(new NewTask("x"), "a");
            }

            state.Store.Worktrees().Should().HaveCount(names);
            _folder.Quarantined().Should().Contain(bytes);
            _folder.Events().Should().Contain(e => (string)e["event"]! == "board.repaired");
        }
    }

    [Fact]
    public void A_damaged_registry_without_a_log_does_not_block_tasks()
    {
        File.Delete(_folder.Layout.OperationLog);
        File.WriteAllText(_folder.Layout.Index, "{");
        var state = _folder.Open();

        state.Board.List(Listing.All).Total.Should().Be(2);
        state.Board.Create(new NewTask("x"), "a").View.Task.Id.Should().Be(3);
        _folder.Quarantined().Should().Contain("{");
    }

    [Fact]
    public void A_registry_that_is_a_link_is_left_alone_and_tasks_work()
    {
        var state = _folder.Open();
        AddWorktree(state, "x");
        var elsewhere = Path.Join(_folder.Root, "elsewhere.json");
        File.Move(_folder.Layout.Index, elsewhere);
        var bytes = File.ReadAllText(elsewhere);
        File.CreateSymbolicLink(_folder.Layout.Index, elsewhere);

        state = _folder.Open();
        state.Board.Create(new NewTask("works"), "a").Warning.Should().BeNull();
        ((Action)(() => state.Store.Worktrees())).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);
        ((Action)(() => AddWorktree(state, "y"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);
        File.ReadAllText(elsewhere).Should().Be(bytes);
    }

    internal static void AddWorktree(OpenState state, string name)
    {
        using var change = state.Store.Begin("test", "a");
        var id = change.NewWorktreeId();
        change.PutWorktree(id, new JsonObject { ["id"] = id, ["name"] = name, ["status"] = "active" });
        change.Emit(new JsonObject { ["event"] = "worktree.test", ["worktree"] = new JsonObject { ["name"] = name } });
        change.Commit("test");
    }
}

using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class RotatingTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>()];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_grown_log_gives_way_to_a_snapshot_and_the_last_operation()
    {
        Fill(_folder);
        var last = _folder.Operations()[^1];
        var before = new FileInfo(_folder.Layout.OperationLog).Length;

        Rotate(_folder);

        var operations = _folder.Operations();
        operations.Should().HaveCount(2);
        operations[0]["kind"]!.ToString().Should().Be("snapshot");
        operations[0]["changes"]!.AsArray().Select(c => (c!["worktree"] ?? c["task"])!.ToJsonString()).Should().Equal("1", "2", "3", "1");
        operations[1]["op"]!.ToString().Should().Be($"{(long)last["op"]! + 1}");
        operations[0]["next"]!.ToJsonString().Should().Be(operations[1]["next"]!.ToJsonString());
        new FileInfo(_folder.Layout.OperationLog).Length.Should().BeLessThan(before);
        _folder.Leftovers().Should().BeEmpty();
        CheckAll(_folder, "after a rotation");
    }

    [Fact]
    public void A_log_that_has_not_grown_to_three_times_its_snapshot_is_left_alone()
    {
        Fill(_folder);
        Rotate(_folder);

        _folder.Open(rotateAt: 0).Board.Update(2, new TaskEdit { Note = "more" }, "a");

        _folder.Operations().Should().HaveCount(3);
        Fill(_folder);
        var count = _folder.Operations().Count;
        _folder.Open(rotateAt: 1_000_000).Board.Update(2, new TaskEdit { Note = "more" }, "a");
        _folder.Operations().Should().HaveCount(count + 1).And.ContainSingle(o => (string)o["kind"]! == "snapshot");
    }

    [Fact]
    public void Request_ids_live_through_rotations_until_24_hours_are_over()
    {
        _folder.Open(time: _time).Board.Create(new NewTask("first", RequestId: "old"), "a");
        _time.Advance(TimeSpan.FromHours(20));
        Fill(_folder, _time);
        Rotate(_folder, _time);
        Fill(_folder, _time);
        Rotate(_folder, _time);
        Repeat("old").Should().Be(1);
        Repeat("r1").Should().Be(2);

        _time.Advance(TimeSpan.FromHours(5));
        Fill(_folder, _time);
        Rotate(_folder, _time);

        _folder.Operations()[0]["requests"]!.AsArray().Select(r => (string)r!["request_id"]!).Should().NotContain("old").And.Contain(["r1", "r2"]);
        Repeat("r1").Should().Be(2);
        Repeat("old").Should().BeGreaterThan(3);

        int Repeat(string id) => _folder.Open(time: _time).Board.Create(new NewTask("first", RequestId: id), "a").View.Task.Id;
    }

    [Fact]
    public void A_snapshot_holds_edits_by_hand_and_what_only_the_log_still_knows()
    {
        Fill(_folder);
        _folder.Write(".tasks/task_7.json", "{\"id\":7,\"subject\":\"by hand\"}");
        File.WriteAllText(_folder.Layout.Task(2), "{ half");
        File.Delete(_folder.Layout.Task(3));
        Rotate(_folder);
        Directory.Delete(_folder.Layout.Tasks, recursive: true);
        File.Delete(_folder.Layout.Index);

        var after = _folder.Open();

        after.Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().BeEquivalentTo("first", "second", "third", "by hand");
        after.Store.Worktrees().Should().ContainSingle();
        after.Board.Create(new NewTask("next"), "a").View.Task.Id.Should().Be(4);
    }

    [Fact]
    public void Another_server_takes_a_new_log_for_a_new_one_whatever_its_length()
    {
        Fill(_folder, _time);
        var other = _folder.Open(time: _time);
        other.Board.Create(new NewTask("made by the other"), "b");
        var known = new FileInfo(_folder.Layout.OperationLog).Length;
        Rotate(_folder, _time);
        var start = new FileInfo(_folder.Layout.OperationLog).Length;
        var disk = new FaultyFiles(0, Fault.Dies);
        var dying = _folder.Open(disk, _time);
        dying.Board.Create(new NewTask("probe", Description: new string('d', 1000)), "c");
        disk.Arm(0);
        dying.Board.Create(new NewTask("probe", Description: new string('d', 1000)), "c");
        var calls = disk.Calls;
        var line = (new FileInfo(_folder.Layout.OperationLog).Length - start) / 2;

        // The last line makes the log exactly as long as the other knows it, and its file is not written.
        var missing = (int)(known - start - (3 * line)) + 1000;
        missing.Should().BePositive();
        disk.Arm(calls - 1);
        ((Action)(() => dying.Board.Create(new NewTask("probe", Description: new string('d', missing)), "c"))).Should().NotThrow<NullReferenceException>();
        File.Exists(_folder.Layout.Task(7)).Should().BeFalse(disk.Hit);
        new FileInfo(_folder.Layout.OperationLog).Length.Should().Be(known);

        other.Board.List(Listing.All).Total.Should().Be(7);
        other.Board.Create(new NewTask("next"), "b").View.Task.Id.Should().Be(8);
    }

    [Fact]
    public void Servers_that_rotate_in_turn_lose_nothing()
    {
        var servers = new[] { _folder.Open(rotateAt: 0), _folder.Open(rotateAt: 0), _folder.Open() };
        for (var i = 1; i <= 60; i++)
        {
            servers[i % 3].Board.Create(new NewTask($"task {i}"), "a").View.Task.Id.Should().Be(i);
            servers[(i + 1) % 3].Board.Get(i).Task.Subject.Should().Be($"task {i}");
        }

        _folder.Operations()[0]["kind"]!.ToString().Should().Be("snapshot");
        _folder.Operations().Count.Should().BeLessThan(60);
        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(Enumerable.Range(1, 60));
        _folder.Open().Board.List(Listing.All).Total.Should().Be(60);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Whatever_goes_wrong_in_a_rotation_the_change_stands_and_nothing_is_lost(Fault fault)
    {
        for (var n = 1; ; n++)
        {
            using var folder = new StateFolder();
            Fill(folder);
            var disk = new FaultyFiles(0, fault);
            var state = folder.Open(disk, rotateAt: 0);
            state.Board.List(Listing.All);
            disk.Arm(CallsOfAnUpdate() + n);

            var warning = state.Board.Update(2, new TaskEdit { Note = "rotated" }, "a").Warning;

            var where = $"{fault} at {n}: {disk.Hit}";
            warning.Should().BeNull(where);
            CheckAll(folder, where);
            folder.Open().Board.Get(2).Task.Notes[^1].Text.Should().Be("rotated", where);
            if (disk.Hit is null)
            {
                n.Should().BeGreaterThan(8);
                return;
            }

            // The next one does it.
            Rotate(folder);
            folder.Operations()[0]["kind"]!.ToString().Should().Be("snapshot", where);
            folder.Leftovers().Should().BeEmpty(where);
            CheckAll(folder, where);
        }
    }

    private static void Fill(StateFolder folder, TimeProvider? time = null)
    {
        var state = folder.Open(time: time);
        state.Board.Create(new NewTask("first", RequestId: "r1"), "a");
        state.Board.Create(new NewTask("second", RequestId: "r2"), "a");
        state.Board.Create(new NewTask("third"), "a");
        if (state.Store.Worktrees().Count == 0)
        {
            using var change = state.Store.Begin("test", "a");
            var id = change.NewWorktreeId();
            change.PutWorktree(id, new JsonObject { ["id"] = id, ["name"] = "x", ["status"] = "active" });
            change.PutWorktree(id + 1, new JsonObject { ["id"] = id + 1, ["name"] = "y", ["status"] = "active" });
            change.Commit("test");
            change.PutWorktree(id + 1, null);
            change.Commit("test");
        }

        for (var i = 0; i < 12; i++)
        {
            state.Board.Update(1, new TaskEdit { Note = $"note {i}" }, "a");
        }
    }

    private static void Rotate(StateFolder folder, TimeProvider? time = null) =>
        folder.Open(time: time, rotateAt: 0).Board.Update(1, new TaskEdit { Note = "rotates" }, "a").Warning.Should().BeNull();

    private static int CallsOfAnUpdate()
    {
        using var folder = new StateFolder();
        Fill(folder);
        var disk = new FaultyFiles(0, Fault.Fails);
        var state = folder.Open(disk);
        state.Board.List(Listing.All);
        disk.Arm(0);
        state.Board.Update(2, new TaskEdit { Note = "x" }, "a");
        return disk.Calls;
    }

    // As it is, as it comes back from nothing but the log, and with each request answered as before.
    private static void CheckAll(StateFolder folder, string where)
    {
        var state = folder.Open();
        state.Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().BeEquivalentTo(["first", "second", "third"], where);
        state.Board.Create(new NewTask("first", RequestId: "r1"), "a").View.Task.Id.Should().Be(1, where);
        state.Board.Create(new NewTask("second", RequestId: "r2"), "a").View.Task.Id.Should().Be(2, where);
        state.Store.Worktrees().Select(w => w.Id).Should().Equal([1], where);
        folder.Events().Select(e => (int)e["seq"]!).Should().Equal(Enumerable.Range(1, folder.Events().Count), where);
        var files = Enumerable.Range(1, 3).Select(id => folder.Read($".tasks/task_{id}.json")).ToList();
        Directory.Delete(folder.Layout.Tasks, recursive: true);
        File.Delete(folder.Layout.Index);

        folder.Open().Board.List(Listing.All).Total.Should().Be(3, where);
        folder.Open().Store.Worktrees().Select(w => w.Id).Should().Equal([1], where);
        Enumerable.Range(1, 3).Select(id => folder.Read($".tasks/task_{id}.json")).Should().Equal(files, where);
        state.Store.Dispose();
    }
}

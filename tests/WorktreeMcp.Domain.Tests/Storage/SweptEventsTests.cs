using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>A person's git clean takes the event log away in the very moment in which an event is written.</summary>
public sealed class SweptEventsTests : IDisposable
{
    private readonly StateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_event_log_that_goes_while_an_event_is_appended_begins_with_the_first_event_again(bool before)
    {
        var sweep = false;
        var disk = new SweepingFiles(before ? Take : null, before ? null : Take);
        var state = _folder.Open(disk);
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");

        sweep = true;
        state.Board.Create(new NewTask("third"), "a");
        state.Board.Create(new NewTask("fourth"), "a");

        sweep.Should().BeFalse("it was swept once");
        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(1, 2, 3, 4);

        // Nothing is appended where only is tried whether it can be.
        void Take(string path, int bytes)
        {
            if (sweep && path == _folder.Layout.Events && bytes > 0)
            {
                sweep = false;
                File.Delete(path);
            }
        }
    }

    [Fact]
    public void Task_files_that_go_while_their_folder_and_the_event_log_stay_come_back()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        state.Board.Create(new NewTask("third"), "a");
        state.Board.List(Listing.All).Tasks.Should().HaveCount(3);

        File.Delete(_folder.Layout.Task(1));
        File.Delete(_folder.Layout.Task(2));
        _ = state.Board.List(Listing.All);

        state.Board.List(Listing.All).Tasks.Should().HaveCount(3);
        File.Exists(_folder.Layout.Task(1)).Should().BeTrue();
        File.Exists(_folder.Layout.Task(2)).Should().BeTrue();
    }

    [Fact]
    public void An_event_log_that_goes_before_a_recovery_takes_the_task_files_with_it_and_all_come_back()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        File.Delete(_folder.Layout.Task(1));
        File.Delete(_folder.Layout.Events);

        new Recovery(state.Store).Run(everything: false, known: true, rebooted: false);

        File.Exists(_folder.Layout.Task(1)).Should().BeTrue();
        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(1, 2);
    }

    [Fact]
    public void Events_from_before_a_rotation_come_back_too()
    {
        Rotate(3);
        File.Delete(_folder.Layout.Events);

        _folder.Open().Board.Create(new NewTask("after the sweep"), "a");

        var events = _folder.Events();
        events.Select(e => (int)e["seq"]!).Should().Equal(Enumerable.Range(1, events.Count));
        events.Should().HaveCountGreaterThan(8);
    }

    [Fact]
    public void Events_come_back_whole_whenever_whoever_brings_them_back_is_killed()
    {
        Rotate(1);
        var all = _folder.Events().Count;
        for (var n = 1; ; n++)
        {
            File.Delete(_folder.Layout.Events);
            var disk = new FaultyFiles(n, Fault.DiesHalfWay);
            try
            {
                _folder.Open(disk).Board.Update(1, new TaskEdit { Priority = n % 2 == 0 ? TaskPriority.Low : TaskPriority.High }, "a");
            }
            catch (Exception fault) when (disk.Died && fault is Refusal or IOException)
            {
                // Whoever takes over finishes it.
            }

            disk.Died.Should().Be(disk.Hit is not null);
            _folder.Open().Board.Update(2, new TaskEdit { Note = $"after {n}" }, "a");
            var events = _folder.Events();
            events.Select(e => (int)e["seq"]!).Should().Equal(Enumerable.Range(1, events.Count), $"{n}: {disk.Hit}");
            events.Count.Should().BeGreaterThan(all);
            if (disk.Hit is null)
            {
                n.Should().BeGreaterThan(3);
                return;
            }
        }
    }

    [Fact]
    public void A_line_that_somebody_appended_with_an_old_number_brings_nothing_back_twice()
    {
        Rotate(2);
        var all = _folder.Events().Count;
        File.AppendAllText(_folder.Layout.Events, "{\"event\":\"mine\",\"seq\":1}\n");
        var other = _folder.Open();
        other.Board.Create(new NewTask("third"), "b");

        _folder.Open().Board.Create(new NewTask("fourth"), "a");

        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal([.. Enumerable.Range(1, all), 1, all + 1, all + 2]);
    }

    [Fact]
    public void Folders_that_go_while_a_recovery_writes_into_them_are_written_once_more()
    {
        var first = _folder.Open();
        first.Board.Create(new NewTask("first"), "a");
        first.Board.Create(new NewTask("second"), "a");
        Directory.Delete(_folder.Layout.Tasks, recursive: true);
        var left = 3;
        var disk = new SweepingFiles(Take, null);

        _folder.Open(disk).Board.Create(new NewTask("third"), "a").Warning.Should().BeNull();

        left.Should().Be(0);
        _folder.Open().Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().BeEquivalentTo("first", "second", "third");
        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(1, 2, 3);

        void Take(string path, int bytes)
        {
            if (left > 0 && path.StartsWith(_folder.Layout.Tasks, StringComparison.Ordinal))
            {
                left--;
                Directory.Delete(_folder.Layout.Tasks, recursive: true);
            }
        }
    }

    [Fact]
    public void A_registry_that_is_gone_is_read_from_the_operation_log_once()
    {
        var state = _folder.Open();
        using var change = state.Store.Begin("test", "a");
        change.PutWorktree(change.NewWorktreeId(), new JsonObject { ["id"] = 1, ["name"] = "x", ["status"] = "active" });
        change.Commit("test");
        File.Delete(_folder.Layout.Index);

        var entries = state.Store.IndexFile.Entries();

        entries.Should().ContainSingle();
        state.Store.IndexFile.Entries().Should().BeSameAs(entries, "all of the log is read for it");
        change.PutWorktree(change.NewWorktreeId(), new JsonObject { ["id"] = 2, ["name"] = "y", ["status"] = "active" });
        change.Commit("test");
        File.Delete(_folder.Layout.Index);
        state.Store.IndexFile.Entries().Should().HaveCount(2);
    }

    [Fact]
    public void A_reader_of_a_board_that_was_swept_away_waits_as_long_as_a_change_does()
    {
        var holder = _folder.Open();
        holder.Board.Create(new NewTask("first"), "a");
        var reader = _folder.Open(patience: TimeSpan.FromMilliseconds(50));
        reader.Board.List(Listing.All).Total.Should().Be(1);
        using (holder.Store.Begin("test", "a"))
        {
            Directory.Delete(_folder.Layout.Tasks, recursive: true);

            ((Action)(() => reader.Board.List(Listing.All))).Should().Throw<Refusal>().WithMessage("*waited 0 s*", "there is nothing to show without the files");
        }

        reader.Board.List(Listing.All).Total.Should().Be(1);
    }

    [Fact]
    public void A_claim_that_is_recorded_is_answered_so_even_if_the_task_files_go_right_after_it()
    {
        var sweep = false;
        var state = _folder.Open(new SweepingFiles(null, Take), patience: TimeSpan.FromMilliseconds(50));
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        state.Board.Claim(1, null, "a");

        sweep = true;
        var taken = state.Board.Claim(2, null, "a");

        sweep.Should().BeFalse("they were swept once");
        taken.View.Task.Owner.Should().Be("a");
        taken.AlsoHeld.Should().Equal(1);
        state.Board.List(Listing.All).Tasks.Select(t => (t.Task.Id, t.Task.Owner)).Should().BeEquivalentTo([(1, "a"), (2, "a")]);

        void Take(string path, int bytes)
        {
            if (sweep && path == _folder.Layout.Events && bytes > 0)
            {
                sweep = false;
                Directory.Delete(_folder.Layout.Tasks, recursive: true);
            }
        }
    }

    private void Rotate(int times)
    {
        var state = _folder.Open(rotateAt: 0);
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        for (var rotations = 0; rotations < times;)
        {
            state.Board.Update(1, new TaskEdit { Note = new string('n', 100) }, "a");
            state.Board.Update(1, new TaskEdit { Description = new string('d', 100 + rotations) }, "a");
            rotations = _folder.Operations()[0]["kind"]!.ToString() == "snapshot" && _folder.Operations().Count == 2 ? rotations + 1 : rotations;
        }
    }

    // A git clean that takes something away right before a write, or right after it and before anybody looks again.
    private sealed class SweepingFiles(Action<string, int>? before, Action<string, int>? after) : IDisk
    {
        private readonly Disk _disk = new();

        public void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true)
        {
            before?.Invoke(path, bytes.Length);
            _disk.Append(path, bytes, sync, create);
            after?.Invoke(path, bytes.Length);
        }

        public void WriteTemporary(string path, ReadOnlySpan<byte> bytes)
        {
            before?.Invoke(path, bytes.Length);
            _disk.WriteTemporary(path, bytes);
            after?.Invoke(path, bytes.Length);
        }

        public void MakeFolder(string path) => _disk.MakeFolder(path);

        public void Replace(string temporary, string target) => _disk.Replace(temporary, target);

        public void Truncate(string path, long length, bool sync) => _disk.Truncate(path, length, sync);

        public void Sync(string path) => _disk.Sync(path);

        public void SyncFolder(string path) => _disk.SyncFolder(path);

        public void Delete(string path) => _disk.Delete(path);

        public void DeleteTree(string path) => _disk.DeleteTree(path);
    }
}

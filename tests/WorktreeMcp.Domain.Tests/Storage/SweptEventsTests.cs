using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;
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
        var disk = new SweepingFiles(_folder.Layout.Events, before);
        var state = _folder.Open(disk);
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");

        disk.Sweep = true;
        state.Board.Create(new NewTask("third"), "a");
        state.Board.Create(new NewTask("fourth"), "a");

        disk.Sweep.Should().BeFalse("it was swept once");
        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(1, 2, 3, 4);
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

    // The moment after the log was looked at and before it is opened, or after it was opened and before it is looked at again.
    private sealed class SweepingFiles(string events, bool before) : IDurableFiles
    {
        private readonly DurableFiles _disk = new();

        internal bool Sweep { get; set; }

        public void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true)
        {
            // Nothing is appended where only is tried whether it can be.
            var now = Sweep && path == events && bytes.Length > 0;
            if (now && before)
            {
                File.Delete(path);
            }

            Sweep &= !now;
            _disk.Append(path, bytes, sync, create);
            if (now && !before)
            {
                File.Delete(path);
            }
        }

        public void MakeFolder(string path) => _disk.MakeFolder(path);

        public void WriteTemporary(string path, ReadOnlySpan<byte> bytes) => _disk.WriteTemporary(path, bytes);

        public void Replace(string temporary, string target) => _disk.Replace(temporary, target);

        public void Truncate(string path, long length, bool sync) => _disk.Truncate(path, length, sync);

        public void Sync(string path) => _disk.Sync(path);

        public void SyncFolder(string path) => _disk.SyncFolder(path);

        public void Delete(string path) => _disk.Delete(path);

        public void DeleteTree(string path) => _disk.DeleteTree(path);
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class TwoWritersTests
{
    private const int Each = 1_000;

    [Fact]
    public async Task Two_servers_that_change_different_members_of_one_task_do_not_undo_each_other_and_no_reader_sees_half_a_file()
    {
        using var folder = new StateFolder();
        folder.Open().Board.Create(new NewTask("Shared"), "a");
        using var over = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // A thread of its own: those of the pool are few, and the writers take them.
        var reader = Task.Factory.StartNew(() => Read(folder, begun, over.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAny(begun.Task, reader);

        await Task.WhenAll(
            Task.Run(() => Write(folder, i => new TaskEdit { Owner = $"owner-{i}" }, (i, task) => task.Owner == $"owner-{i}")),
            Task.Run(() => Write(folder, i => new TaskEdit { Status = TaskState.InProgress, Priority = Rank(i) }, (i, task) => task.Status == TaskState.InProgress && task.Priority == Rank(i))));

        await over.CancelAsync();
        (await reader).Should().BePositive();
        var last = folder.Open().Board.Get(1).Task;
        (last.Owner, last.Status, last.Priority).Should().Be(($"owner-{Each}", TaskState.InProgress, Rank(Each)));
        folder.Events().Should().HaveCount(1 + (2 * Each));
        folder.Events().Select(one => (int)one["seq"]!).Should().Equal(Enumerable.Range(1, 1 + (2 * Each)));
    }

    // The state is set each time too, but goes one way only: back to pending would free the task of its owner.
    private static TaskPriority Rank(int i) => i % 2 == 1 ? TaskPriority.High : TaskPriority.Low;

    private static void Write(StateFolder folder, Func<int, TaskEdit> edit, Func<int, BoardTask, bool> stands)
    {
        var board = Open(folder);
        for (var i = 1; i <= Each; i++)
        {
            board.Update(1, edit(i), "a").Warning.Should().BeNull();
            stands(i, board.Get(1).Task).Should().BeTrue($"nobody else writes that member, at {i}");
        }
    }

    private static int Read(StateFolder folder, TaskCompletionSource begun, CancellationToken over)
    {
        var board = Open(folder);
        var reads = 0;
        for (; !over.IsCancellationRequested; reads++)
        {
            board.Get(1).Task.Subject.Should().Be("Shared");
            System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllBytes(folder.Layout.Task(1)))!["id"]!.GetValue<int>().Should().Be(1);
            begun.TrySetResult();
        }

        return reads;
    }

    private static TaskBoard Open(StateFolder folder)
    {
        lock (folder)
        {
            return folder.Open().Board;
        }
    }
}

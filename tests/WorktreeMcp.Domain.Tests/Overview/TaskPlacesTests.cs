using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Overview;

public sealed class TaskPlacesTests
{
    // The whole rule: each row is a fact, and the place where it puts a task.
    private static readonly (PlaceFacts Facts, TaskPlace? Place)[] Rule =
    [
        (new PlaceFacts(TaskState.Pending), TaskPlace.Ready),
        (new PlaceFacts(TaskState.Pending, Waits: true), TaskPlace.Blocked),
        (new PlaceFacts(TaskState.Pending, TaskAttention.NeedsInput), TaskPlace.Ready),
        (new PlaceFacts(TaskState.Pending, TaskAttention.Failed, Waits: true), TaskPlace.Blocked),
        (new PlaceFacts(TaskState.Pending, TaskAttention.Review), TaskPlace.Review),
        (new PlaceFacts(TaskState.Pending, TaskAttention.Review, Waits: true), TaskPlace.Review),
        (new PlaceFacts(TaskState.Pending, Held: true), TaskPlace.Working),
        (new PlaceFacts(TaskState.Pending) { Ahead = 2 }, TaskPlace.Ready),
        (new PlaceFacts(TaskState.Pending) { Kept = true, Ahead = 2 }, TaskPlace.ToLand),
        (new PlaceFacts(TaskState.Pending) { Kept = true, Ahead = 2, Uncommitted = 1 }, TaskPlace.Ready),
        (new PlaceFacts(TaskState.Pending) { Kept = true }, TaskPlace.Ready),
        (new PlaceFacts(TaskState.InProgress), TaskPlace.Working),
        (new PlaceFacts(TaskState.InProgress, Held: true), TaskPlace.Working),
        (new PlaceFacts(TaskState.InProgress, Held: true) { Ahead = 3 }, TaskPlace.Working),
        (new PlaceFacts(TaskState.InProgress, Held: true) { Kept = true, Ahead = 3 }, TaskPlace.Working),
        (new PlaceFacts(TaskState.InProgress, TaskAttention.NeedsInput, Held: true), TaskPlace.Working),
        (new PlaceFacts(TaskState.InProgress, TaskAttention.Failed, Held: true), TaskPlace.Working),
        (new PlaceFacts(TaskState.InProgress, TaskAttention.Review, Held: true) { Uncommitted = 1 }, TaskPlace.Review),
        (new PlaceFacts(TaskState.InProgress, TaskAttention.Review, LeftBehind: true), TaskPlace.Review),
        (new PlaceFacts(TaskState.InProgress, LeftBehind: true), TaskPlace.LeftOver),
        (new PlaceFacts(TaskState.InProgress, TaskAttention.NeedsInput, LeftBehind: true), TaskPlace.LeftOver),
        (new PlaceFacts(TaskState.InProgress, LeftBehind: true) { Ahead = 1 }, TaskPlace.LeftOver),
        (new PlaceFacts(TaskState.InProgress, LeftBehind: true) { Kept = true, Ahead = 1 }, TaskPlace.ToLand),
        (new PlaceFacts(TaskState.InProgress, TaskAttention.NeedsInput, LeftBehind: true) { Kept = true, Ahead = 1 }, TaskPlace.LeftOver),
        (new PlaceFacts(TaskState.Completed), TaskPlace.Done),
        (new PlaceFacts(TaskState.Completed, TaskAttention.Review), TaskPlace.Done),
        (new PlaceFacts(TaskState.Completed) { Ahead = 1 }, TaskPlace.ToLand),
        (new PlaceFacts(TaskState.Completed) { Ahead = 1, Uncommitted = 1 }, TaskPlace.Review),
        (new PlaceFacts(TaskState.Completed) { Uncommitted = 1 }, TaskPlace.Review),
        (new PlaceFacts(TaskState.Deleted), null),
        (new PlaceFacts(TaskState.Deleted, TaskAttention.Review, Held: true) { Ahead = 1 }, null),
    ];

    [Fact]
    public void A_fact_puts_a_task_in_its_place() => Rule.Select(row => (row.Facts, TaskPlaces.Of(row.Facts))).Should().Equal(Rule);

    [Theory]
    [InlineData(TaskPlace.Ready, BoardColumnKind.Ready)]
    [InlineData(TaskPlace.Blocked, BoardColumnKind.Ready)]
    [InlineData(TaskPlace.LeftOver, BoardColumnKind.Ready)]
    [InlineData(TaskPlace.Working, BoardColumnKind.Working)]
    [InlineData(TaskPlace.Review, BoardColumnKind.Review)]
    [InlineData(TaskPlace.ToLand, BoardColumnKind.ToLand)]
    [InlineData(TaskPlace.Done, BoardColumnKind.Done)]
    public void A_place_is_shown_in_one_column(TaskPlace place, BoardColumnKind column) => place.Column().Should().Be(column);
}

using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class ListingTasksTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly TaskBoard _board;

    public ListingTasksTests()
    {
        _board = _folder.Open().Board;
        Create("Auth refactor", TaskPriority.Low, ["backend", "auth"]);
        Create("Write docs", TaskPriority.Normal, ["docs"]);
        Create("Fix login", TaskPriority.High, ["auth"]);
        Create("Done thing", TaskPriority.High, []);
        Create("Gone thing", TaskPriority.High, []);
        Create("Waits", TaskPriority.High, [], 1);
        _board.Update(4, new TaskEdit { Status = TaskState.Completed }, "a");
        _board.Update(5, new TaskEdit { Status = TaskState.Deleted }, "a");
        _board.Update(2, new TaskEdit { Owner = "claude-1", Status = TaskState.InProgress, Note = "Übersicht begonnen" }, "a");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_work_comes_first_then_priority_then_number_and_nothing_deleted() =>
        Ids(Listing.All).Should().Equal(3, 6, 2, 1, 4);

    [Fact]
    public void Filters_choose()
    {
        Ids(Listing.All with { Status = TaskState.Pending }).Should().Equal(3, 6, 1);
        Ids(Listing.All with { Status = TaskState.InProgress }).Should().Equal(2);
        Ids(Listing.All with { Status = TaskState.Deleted }).Should().Equal(5);
        Ids(Listing.All with { Ready = true }).Should().Equal(3, 1);
        Ids(Listing.All with { Ready = false }).Should().Equal(6, 2, 4);
        Ids(Listing.All with { Owner = "claude-1" }).Should().Equal(2);
        Ids(Listing.All with { Label = "auth" }).Should().Equal(3, 1);
        Ids(Listing.All with { Label = "aut" }).Should().BeEmpty();
        Ids(Listing.All with { Query = "THING" }).Should().Equal(4);
        Ids(Listing.All with { Query = "übersicht" }).Should().Equal(2);
        Ids(Listing.All with { Label = "auth", Ready = true, Query = "login" }).Should().Equal(3);
    }

    [Fact]
    public void Pages_follow_each_other_without_gap_or_double_while_tasks_are_added()
    {
        var seen = new List<int>();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = _board.List(Listing.All with { Limit = 2, Cursor = cursor });
            page.Total.Should().Be(5 + (pages * 2));
            seen.AddRange(page.Tasks.Select(t => t.Task.Id));
            cursor = page.NextCursor;
            pages++;
            Create("before all", TaskPriority.High, []);
            Create("after all", TaskPriority.Low, []);
        }
        while (cursor is not null && pages < 20);

        seen.Should().OnlyHaveUniqueItems();
        seen.Should().ContainInOrder(3, 6, 2, 1, 4);
        _board.List(Listing.All with { Limit = 1000 }).NextCursor.Should().BeNull();
    }

    [Fact]
    public void The_last_page_has_no_cursor_also_when_it_is_full()
    {
        var first = _board.List(Listing.All with { Limit = 5 });
        first.Tasks.Should().HaveCount(5);
        first.NextCursor.Should().BeNull();
        _board.List(Listing.All with { Limit = 4 }).NextCursor.Should().NotBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1.2")]
    [InlineData("1.2.3.4")]
    [InlineData("1.2.99999999999")]
    public void A_cursor_that_no_list_gave_is_refused(string cursor) =>
        ((Action)(() => _board.List(Listing.All with { Cursor = cursor }))).Should().Throw<Refusal>()
            .Which.Should().Match<Refusal>(r => r.Code == RefusalCode.InvalidArgument && r.Message.Contains("cursor"));

    private List<int> Ids(TaskFilter filter) => [.. _board.List(filter).Tasks.Select(t => t.Task.Id)];

    private void Create(string subject, TaskPriority priority, string[] labels, params int[] blockedBy) =>
        _board.Create(new NewTask(subject, Priority: priority, Labels: labels, BlockedBy: blockedBy), "a");
}

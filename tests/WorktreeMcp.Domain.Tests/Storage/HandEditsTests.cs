using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class HandEditsTests : IDisposable
{
    private readonly StateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_edit_of_the_last_operations_task_is_noticed_once_and_never_reverted(bool sameServer)
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        _folder.Write(".tasks/task_1.json", "{ \"id\":1, \"subject\" : \"by hand\", \"mine\": 1.0 }");

        for (var i = 0; i < 3; i++)
        {
            var next = sameServer ? state : _folder.Open();
            next.Board.Get(1).Task.Subject.Should().Be("by hand");
            next.Store.Begin("nothing", "a").Dispose();
        }

        _folder.Read(".tasks/task_1.json").Should().Contain("by hand").And.Contain("\"mine\": 1.0");
        state.Board.Get(1).Task.Revision.Should().Be(2);
        _folder.Events().Where(e => (string)e["by"]! == "hand").Should().ContainSingle().Which["event"]!.ToString().Should().Be("task.edited");
        _folder.Operations().Should().HaveCount(2);
    }

    [Fact]
    public void An_edit_back_to_what_was_before_is_not_reverted_by_the_server_that_saw_its_change_in_place()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        var before = _folder.Read(".tasks/task_1.json");
        state.Board.Update(1, new TaskEdit { Subject = "second" }, "a");
        _folder.Write(".tasks/task_1.json", before);

        state.Board.Create(new NewTask("other"), "a");

        state.Board.Get(1).Task.Subject.Should().Be("first");
    }

    [Fact]
    public void An_edit_of_another_task_stays()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        _folder.Write(".tasks/task_1.json", "{\"id\":1,\"subject\":\"by hand\",\"mine\":[1]}");

        _folder.Open().Board.Create(new NewTask("third"), "a");
        state.Board.Update(1, new TaskEdit { Note = "x" }, "a").View.Task.Subject.Should().Be("by hand");

        _folder.Read(".tasks/task_1.json").Should().Contain("\"mine\"");
    }

    [Fact]
    public void A_list_sees_an_edit_by_hand_and_another_servers_change_at_once()
    {
        var one = _folder.Open();
        var two = _folder.Open();
        for (var i = 1; i <= 10; i++)
        {
            one.Board.Create(new NewTask($"task {i}"), "a");
            two.Board.List(Listing.All).Total.Should().Be(i);
            _folder.Write($".tasks/task_{i}.json", $"{{\"id\":{i},\"subject\":\"hand {i}a\"}}");
            two.Board.List(Listing.All).Tasks[^1].Task.Subject.Should().Be($"hand {i}a");
            _folder.Write($".tasks/task_{i}.json", $"{{\"id\":{i},\"subject\":\"hand {i}b\"}}");
            two.Board.List(Listing.All).Tasks[^1].Task.Subject.Should().Be($"hand {i}b");
        }
    }

    [Fact]
    public void A_large_boards_list_sees_other_servers_changes_at_once_also_after_a_change_of_its_own()
    {
        for (var i = 1; i <= 300; i++)
        {
            _folder.Write($".tasks/task_{i}.json", $"{{\"id\":{i},\"subject\":\"task\"}}");
        }

        var one = _folder.Open();
        var two = _folder.Open();
        for (var i = 1; i <= 5; i++)
        {
            two.Board.List(Listing.All).Total.Should().Be(300 + ((i - 1) * 3));
            one.Board.Create(new NewTask("x"), "a");
            one.Board.Create(new NewTask("y"), "a");
            one.Board.Update(i, new TaskEdit { Subject = "changed" }, "a");
            two.Board.Create(new NewTask("z"), "a");
            two.Board.List(Listing.All).Total.Should().Be(300 + (i * 3));
            two.Board.List(Listing.All with { Query = "changed" }).Total.Should().Be(i);
        }
    }
}

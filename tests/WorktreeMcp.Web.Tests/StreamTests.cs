using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Web.Tests;

public sealed class StreamTests : IDisposable
{
    private readonly TempRepository _repository = new();

    [Fact]
    public async Task Who_comes_back_with_the_last_number_misses_nothing_and_gets_nothing_twice()
    {
        var board = _repository.Open().Board;
        await using var page = await ServedPage.Start(_repository);
        board.Create(new NewTask("One"), "ada");
        using (var first = await page.Follow("0"))
        {
            (await Next(first)).Id.Should().Be("1");
        }

        board.Create(new NewTask("Two"), "ada");
        board.Create(new NewTask("Three"), "ada");
        using var again = await page.Follow("0", lastEventId: "1");

        (await Next(again)).Task.Should().Be(2);
        (await Next(again)).Task.Should().Be(3);
        board.Create(new NewTask("Four"), "ada");
        (await Next(again)).Should().Be(("happened", "4", 4));
    }

    [Fact]
    public async Task A_change_by_another_server_comes_to_every_window()
    {
        await using var page = await ServedPage.Start(_repository);
        using var one = await page.Follow("0");
        using var two = await page.Follow("0");
        await using var other = await OtherServer.Start(_repository.Root, "ada");

        await other.Call("task_create", """{"subject":"From elsewhere"}""");

        (await Next(one)).Should().Be(("happened", "1", 1));
        (await Next(two)).Should().Be(("happened", "1", 1));
    }

    [Fact]
    public async Task An_edit_by_hand_is_told_although_it_is_no_event()
    {
        _repository.Open().Board.Create(new NewTask("One"), "ada");
        await using var page = await ServedPage.Start(_repository);
        using var stream = await page.Follow("1");
        var file = Path.Join(_repository.Root, ".tasks", "task_1.json");

        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("One", "Uno", StringComparison.Ordinal));

        (await Next(stream, looks: true)).Name.Should().BeOneOf("look", "happened");
        (await page.Read("/api/0/tasks/1")).GetProperty("subject").GetString().Should().Be("Uno");
    }

    [Theory]
    [InlineData("99")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("1.2")]
    [InlineData("99999999999999999999")]
    public async Task Who_comes_with_a_number_that_is_none_here_is_told_to_look_at_everything(string since)
    {
        _repository.Open().Board.Create(new NewTask("One"), "ada");
        await using var page = await ServedPage.Start(_repository);
        using var stream = await page.Follow(since);

        (await Next(stream)).Should().Be(("reset", "1", null));
    }

    [Fact]
    public async Task Who_was_away_for_long_is_told_to_look_at_everything()
    {
        var board = _repository.Open().Board;
        for (var number = 0; number < 510; number++)
        {
            board.Create(new NewTask("Many"), "ada");
        }

        await using var page = await ServedPage.Start(_repository);
        using var stream = await page.Follow("1");

        (await Next(stream)).Should().Be(("reset", "510", null));
    }

    [Fact]
    public async Task Several_repositories_are_one_page_and_their_questions_stand_together()
    {
        using var second = new TempRepository();
        BoardStory.Tell(_repository);
        var other = second.Open().Board;
        other.Create(new NewTask("Elsewhere"), "eve");
        other.Update(1, new TaskEdit { Question = "Which one?" }, "eve");
        await using var page = await ServedPage.Start(_repository, arguments: ["--repo", second.Root]);

        var board = await page.Read("/api/1/board");

        board.GetProperty("asks").EnumerateArray().Select(ask => (ask.GetProperty("repository").GetInt32(), ask.GetProperty("task").GetInt32())).Should().BeEquivalentTo([(0, BoardStory.Asks), (1, 1), (0, BoardStory.Reviewed)]);
        using var stream = await page.Follow(board.GetProperty("seq").GetString()!);
        other.Create(new NewTask("More"), "eve");
        var (name, id, task) = await Next(stream);
        (name, task).Should().Be(("happened", 2));
        id.Should().Be($"{board.GetProperty("seq").GetString()!.Split('.')[0]}.3");
        await page.Do("/api/1/tasks/1/answer", """{"text":"The first."}""");
        other.Get(1).Task.Attention.Should().Be(TaskAttention.None);
    }

    public void Dispose() => _repository.Dispose();

    // That folders came is told as well; it says no more than to look.
    private static async Task<(string Name, string? Id, int? Task)> Next(StreamReader stream, bool looks = false)
    {
        string? id = null, name = null;
        while (await stream.ReadLineAsync().WaitAsync(BuiltServer.Limit) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && (looks || name != "look"))
            {
                return (name!, id, JsonElement.Parse(line[6..]).TryGetProperty("task", out var task) ? task.GetInt32() : null);
            }
        }

        throw new EndOfStreamException();
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class SharedBoardTests
{
    // Four characters a token, as the usual estimate goes.
    private const int MostCharacters = 1_500 * 4;

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task Agents_behind_one_connection_are_told_apart_by_their_names(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era);
        await agent.Creates("first");
        await agent.Creates("second");

        (await agent.Claims(more: As("ann"))).GetProperty("task").GetProperty("id").GetInt32().Should().Be(1);
        (await agent.Claims(more: new() { ["owner"] = "bob" })).GetProperty("task").GetProperty("owner").GetString().Should().Be("bob");

        await agent.Refuses("task_update", With(As("bob"), "task_id", 1, "subject", "mine?"), "task_claimed");
        await agent.Updates(1, With(As("bob"), "note", "mine?"));
        await agent.Refuses("task_claim", With(As("bob"), "task_id", 1), "task_claimed");
        await agent.Refuses("worktree_create", With(As("bob"), "task_id", 1), "task_claimed");
        await agent.Refuses("worktree_create", new() { ["task_id"] = 1 }, "task_claimed");
        await agent.MakesWorktree(1, As("ann"));
        await agent.Refuses("worktree_keep", With(As("bob"), "name", "task-1-first"), "task_claimed");
        await agent.Refuses("worktree_remove", With(As("bob"), "name", "task-1-first"), "task_claimed");
        await agent.Refuses("task_bind_worktree", With(As("bob"), "task_id", 2, "worktree", "task-1-first"), "task_claimed");
        await agent.Keeps("task-1-first", As("ann"));
    }

    [Fact]
    public async Task A_call_cannot_name_somebody_at_another_open_connection()
    {
        using var repository = new TempRepository();
        await using var first = await AgentClient.Start(repository, agent: null);
        await using var second = await AgentClient.Start(repository, agent: null);
        await first.Creates("first");
        var one = (await first.Calls("board_show")).GetProperty("you").GetString()!;
        var two = (await second.Calls("board_show")).GetProperty("you").GetString()!;
        one.Should().EndWith("-1");
        two.Should().Be($"{one[..^2]}-2");
        await first.Claims(1);

        var refusal = await second.Refuses("task_update", With(As(one), "task_id", 1, "note", "I am not who I say"), "invalid_argument");

        refusal.GetProperty("error").GetProperty("message").GetString().Should().Contain("another connection").And.Contain(one);
        refusal.GetProperty("error").GetProperty("hint").GetString().Should().Contain("task_claim").And.Contain("worktree-mcp release");
        await second.Updates(1, new() { ["note"] = "from myself" });
        await first.Updates(1, With(As("ann"), "note", "somebody who shares the first connection"));
        await second.Refuses("task_update", With(As("ann"), "task_id", 1, "note", "x"), "invalid_argument");
    }

    [Fact]
    public async Task Who_asks_a_person_is_told_to_wait_and_who_only_leaves_a_word_there_goes_on_with_its_own()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await using var bob = await AgentClient.Start(repository, agent: "bob");
        await ann.Creates("first");
        await ann.Claims(1);
        await bob.Creates("second");

        (await ann.Updates(1, new() { ["question"] = "Red or blue?" })).GetProperty("next").GetString().Should().Be("board_show(wait_seconds: 300)");
        (await bob.Updates(1, new() { ["note"] = "I would take blue" })).GetProperty("next").GetString().Should().Be("worktree_create(task_id: 2)");
    }

    [Fact]
    public async Task Two_servers_that_were_started_with_one_name_say_so()
    {
        using var repository = new TempRepository();
        await using var second = await AgentClient.Start(repository, agent: "same");
        await using (var first = await AgentClient.Start(repository, agent: "same"))
        {
            (await first.Calls("board_show")).TryGetProperty("settings", out _).Should().BeFalse();

            (await second.Calls("board_show")).GetProperty("settings")[0].GetString().Should().Contain("goes by the name same too");
            await second.Creates("works all the same", As("same"));
        }

        (await second.Calls("board_show")).TryGetProperty("settings", out _).Should().BeFalse("the other is gone");
    }

    [Fact]
    public async Task A_claim_under_the_name_of_a_connection_ends_with_the_server()
    {
        using var repository = new TempRepository();
        await using var second = await AgentClient.Start(repository, agent: null);
        await using (var first = await AgentClient.Start(repository, agent: null))
        {
            await first.Creates("first");
            await first.Claims(1);
            await first.MakesWorktree(1);
            repository.Write(".worktrees/task-1-first/open.txt", "x");
            await second.Refuses("task_claim", new() { ["task_id"] = 1 }, "task_claimed");
        }

        var taken = await second.Claims(1);

        taken.GetProperty("taken_from").GetString().Should().MatchRegex("^[a-z-]+-[12]$");
        taken.GetProperty("left").GetProperty("files").GetProperty("untracked")[0].GetString().Should().Be("open.txt");
        taken.GetProperty("next").GetString().Should().Be("worktree_run(name: \"task-1-first\", command: \"git add -A && git commit -m '...'\")");
    }

    [Fact]
    public async Task A_worktree_that_is_taken_over_comes_with_all_that_was_left_and_the_board_told_of_it_before()
    {
        using var repository = new TempRepository();
        await using var second = await AgentClient.Start(repository, agent: null);
        await using (var first = await AgentClient.Start(repository, agent: null))
        {
            await first.Creates("first");
            await first.MakesWorktree(1);
            repository.Write(".worktrees/task-1-first/lost.txt", "x");
            await first.Calls("worktree_remove", new() { ["name"] = "task-1-first", ["force"] = true, ["reason"] = "a mistake" });
            await first.MakesWorktree(1);
            repository.Write(".worktrees/task-1-first/open.txt", "x");
        }

        var shown = await second.Calls("board_show");
        shown.GetProperty("needs_person")[0].GetProperty("why").GetString().Should().Be("lease_ended");
        var waiting = shown.GetProperty("in_trash")[0];
        (waiting.GetProperty("task_id").GetInt32(), waiting.GetProperty("reason").GetString(), waiting.GetProperty("forced").GetBoolean(), waiting.GetProperty("uncommitted").GetInt32()).Should().Be((1, "a mistake", true, 1));
        (await second.Calls("task_get", new() { ["task_id"] = 1 })).GetProperty("task").GetProperty("lease_ended").GetBoolean().Should().BeTrue();

        var made = await second.Calls("worktree_create");

        made.GetProperty("taken_from").GetString().Should().MatchRegex("^[a-z-]+-[12]$");
        made.GetProperty("left").GetProperty("files").GetProperty("untracked")[0].GetString().Should().Be("open.txt");
        made.GetProperty("left").GetProperty("in_trash")[0].GetProperty("trash_id").GetInt32().Should().Be(waiting.GetProperty("trash_id").GetInt32());
        made.GetProperty("next").GetString().Should().Contain("git commit");
    }

    [Fact]
    public async Task A_board_of_20_tasks_and_10_worktrees_fits_into_1500_tokens()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        for (var i = 1; i <= 20; i++)
        {
            await agent.Creates($"Teach the parser to read numbers with a sign, part {i} of 20", new() { ["priority"] = i % 3 == 0 ? "high" : "normal" });
        }

        for (var i = 1; i <= 10; i++)
        {
            await agent.MakesWorktree(i, As($"claude-code-{i}"));
            repository.Write($".worktrees/{Worktree(repository, i)}/new.txt", "x");
        }

        var board = await agent.ShowsBoard();

        board.GetRawText().Length.Should().BeLessThan(MostCharacters);
        board.GetProperty("counts").GetProperty("ready").GetInt32().Should().Be(10);
        board.GetProperty("worktrees").GetArrayLength().Should().BeGreaterThan(5);
        board.GetProperty("in_progress")[0].GetProperty("minutes_left").GetInt32().Should().Be(60);
        board.GetProperty("next").GetString().Should().Be("worktree_create(task_id: 12)");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("木")]
    [InlineData("\"")]
    public async Task A_board_of_long_words_stays_as_small(string letter)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        var text = string.Concat(Enumerable.Repeat(letter, 400));
        for (var i = 1; i <= 24; i++)
        {
            await agent.Creates(text);
            await agent.Updates(i, new() { ["attention"] = "review", ["note"] = text, ["owner"] = text[..100] });
            if (i <= 12)
            {
                await agent.Claims(i, As($"{i:00}{text[..90]}"));
                await agent.MakesWorktree($"{i:00}{new string('w', 60)}");
            }
        }

        var board = await agent.ShowsBoard();

        board.GetRawText().Length.Should().BeLessThan(MostCharacters);
        board.GetProperty("omitted").GetString().Should().Contain("ready tasks").And.Contain("worktrees");
        board.GetProperty("needs_person").GetArrayLength().Should().BePositive();
    }

    [Fact]
    public async Task The_board_leads_to_the_next_step()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        (await Next()).Should().StartWith("task_create(");
        await agent.Creates("first");
        (await Next()).Should().Be("worktree_create(task_id: 1)");
        await agent.Claims();
        (await Next()).Should().Be("worktree_create(task_id: 1)");
        await agent.MakesWorktree(1);
        (await Next()).Should().Be("worktree_run(name: \"task-1-first\", command: \"...\")");
        (await agent.ShowsBoard()).GetProperty("you").GetString().Should().Be("tester");

        async Task<string> Next() => (await agent.ShowsBoard()).GetProperty("next").GetString()!;
    }

    private static string Worktree(TempRepository repository, int task) =>
        JsonElement.Parse(repository.Read($".tasks/task_{task}.json")).GetProperty("worktree").GetString()!;

    private static JsonObject As(string agent) => new() { ["agent"] = agent };

    private static JsonObject With(JsonObject arguments, params JsonNode[] more)
    {
        for (var i = 0; i < more.Length; i += 2)
        {
            arguments[(string)more[i]!] = more[i + 1];
        }

        return arguments;
    }
}

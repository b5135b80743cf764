using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>News comes with whatever answer is next, and fits its schema: the client of these tests checks each.</summary>
public sealed class NewsInAnswersTests
{
    private static readonly TimeSpan Patient = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("task_list", "{}")]
    [InlineData("task_get", """{"task_id":1}""")]
    [InlineData("task_create", """{"subject":"another"}""")]
    [InlineData("board_show", "{}")]
    [InlineData("worktree_list", "{}")]
    [InlineData("worktree_status", """{"name":"lane"}""")]
    [InlineData("worktree_diff", """{"name":"lane"}""")]
    [InlineData("worktree_run", """{"name":"lane","command":"true"}""")]
    [InlineData("worktree_events", "{}")]
    public async Task Any_answer_carries_a_note_once(string tool, string arguments)
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await using var bob = await AgentClient.Start(repository, agent: "bob");
        await ann.Creates("first");
        await ann.MakesWorktree("lane");
        await ann.Updates(1, new() { ["owner"] = "ann" });
        await bob.Updates(1, new() { ["note"] = "see \"src\"\nfirst" });

        var answer = await ann.Calls(tool, JsonNode.Parse(arguments)!.AsObject());

        News(answer).Should().Equal("note on task 1 by bob: see \"src\" first");
        News(await ann.Lists()).Should().BeEmpty();
        News(await bob.Lists()).Should().BeEmpty();
    }

    [Fact]
    public async Task Agents_that_share_a_connection_hear_of_their_own_and_a_refusal_takes_nothing_away()
    {
        using var repository = new TempRepository();
        await using var shared = await AgentClient.Start(repository, agent: "shared");
        await using var bob = await AgentClient.Start(repository, agent: "bob");
        await shared.Creates("first");
        await shared.Updates(1, new() { ["owner"] = "ann", ["agent"] = "ann" });
        await bob.Updates(1, new() { ["note"] = "for ann" });

        News(await shared.Lists()).Should().BeEmpty();
        await shared.Refuses("task_claim", new() { ["task_id"] = 9, ["agent"] = "ann" }, "not_found");

        News(await shared.Creates("second", new() { ["agent"] = "ann" })).Should().Equal("note on task 1 by bob: for ann");
    }

    [Fact]
    public async Task A_stash_that_a_command_makes_is_told_with_its_answer()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await ann.MakesWorktree("lane");

        var answer = await ann.Runs("lane", "echo x >> README.md && git stash");

        News(answer).Should().ContainSingle().Which.Should().StartWith("the stash made in lane is shared by all worktrees").And.Contain("git commit -m wip");
    }

    [Fact]
    public async Task Lines_are_short_however_long_what_they_tell_of()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await using var bob = await AgentClient.Start(repository, agent: "bob");
        await ann.Creates("first");
        await ann.Updates(1, new() { ["owner"] = "ann" });
        for (var i = 0; i < 5; i++)
        {
            await bob.Updates(1, new() { ["note"] = $"{i}{string.Concat(Enumerable.Repeat("😀", 1_900))}", ["agent"] = new string('n', 100) });
        }

        var news = News(await ann.ShowsBoard());

        news.Should().HaveCount(3).And.OnlyContain(line => line.Length <= 260);
    }

    [Fact]
    public async Task A_waiting_call_says_what_woke_it_while_others_go_on()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await using var bob = await AgentClient.Start(repository, agent: "bob");
        await bob.Creates("first");
        await bob.Creates("second", new() { ["blocked_by"] = new JsonArray(1) });
        await bob.Claims(1);
        var seen = await ann.ShowsBoard();
        seen.GetProperty("next").GetString().Should().StartWith("board_show(");
        seen.GetProperty("waits_for").EnumerateArray().Select(row => (row.GetProperty("id").GetInt32(), row.GetProperty("owner").GetString(), row.GetProperty("for").GetString()))
            .Should().Equal((1, "bob", "completion"));

        var waiting = Waits(ann, seen);
        await ann.Lists();
        waiting.IsCompleted.Should().BeFalse();
        await bob.Updates(1, new() { ["status"] = "completed" });

        var woken = await waiting.WaitAsync(Patient, TestContext.Current.CancellationToken);
        woken.GetProperty("woke").GetString().Should().Be("task 2 is ready");
        woken.TryGetProperty("timed_out", out _).Should().BeFalse();
        woken.TryGetProperty("waits_for", out _).Should().BeFalse();
        await bob.Updates(2, new() { ["status"] = "completed" });
        var done = await Waits(ann, woken).WaitAsync(Patient, TestContext.Current.CancellationToken);
        done.GetProperty("woke").GetString().Should().Be("all tasks are over");
        done.GetProperty("done").GetBoolean().Should().BeTrue();
    }

    [Fact]
    public async Task A_wait_that_was_in_vain_says_so_and_the_board_names_repository_and_base()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");

        var board = await ann.Calls("board_show", new() { ["wait_seconds"] = 1, ["since_seq"] = 0 });

        board.GetProperty("timed_out").GetBoolean().Should().BeTrue();
        (board.GetProperty("repository").GetString(), board.GetProperty("base").GetString(), board.GetProperty("last_seq").GetInt64()).Should().Be((repository.Root, "main", 0));
        (await ann.Calls("board_show", new() { ["since_seq"] = 0 })).TryGetProperty("timed_out", out _).Should().BeFalse("it was not to wait");
        await ann.Refuses("board_show", new() { ["wait_seconds"] = 10, ["since_seq"] = 7 }, "invalid_argument");
    }

    [Fact]
    public async Task A_landing_is_one_step_and_a_merge_that_is_not_finished_is_named()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await ann.MakesWorktree("one");
        await ann.MakesWorktree("two");
        foreach (var lane in new[] { "one", "two" })
        {
            repository.Write($".worktrees/{lane}/src/app.txt", lane);
            repository.Commit(lane, $".worktrees/{lane}");
        }

        await ann.Calls("worktree_merge", new() { ["name"] = "one" });
        await ann.Runs("two", "git merge main || true");

        var board = await ann.ShowsBoard();
        var steps = board.GetProperty("events").EnumerateArray().Select(row => row.GetProperty("event").GetString()).ToList();
        steps.Should().Contain("worktree.merge").And.OnlyContain(step => !step!.EndsWith(".before") && !step.EndsWith(".after"));
        board.GetProperty("worktrees").EnumerateArray().Single(row => row.GetProperty("name").GetString() == "two").GetProperty("in_progress").GetString().Should().Be("a merge");
    }

    [Fact]
    public async Task The_last_events_say_that_there_are_older_ones_and_pages_that_there_are_more()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        for (var i = 0; i < 4; i++)
        {
            await ann.Creates($"task {i}");
        }

        var last = await ann.ReadsEvents(new() { ["limit"] = 3 });
        (last.GetProperty("older").GetBoolean(), last.TryGetProperty("more", out _)).Should().Be((true, false));
        var page = await ann.ReadsEvents(new() { ["limit"] = 3, ["since_seq"] = 0 });
        (page.GetProperty("more").GetBoolean(), page.TryGetProperty("older", out _)).Should().Be((true, false));
        (await ann.ReadsEvents()).TryGetProperty("older", out _).Should().BeFalse();
    }

    [Fact]
    public async Task A_line_that_another_program_wrote_into_the_log_still_fits_the_schema()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await ann.Creates("first");
        File.AppendAllText(Path.Join(repository.Root, ".worktrees", "events.jsonl"), """{"event":7,"seq":1.5,"ts":"now","by":null,"task":3,"worktree":"lane","task_id":3}""" + "\n");

        var row = (await ann.ReadsEvents()).GetProperty("events").EnumerateArray().Last();

        row.GetRawText().Should().Be("""{"task_id":3}""");
    }

    private static Task<JsonElement> Waits(AgentClient agent, JsonElement seen) =>
        agent.Calls("board_show", new() { ["wait_seconds"] = 50, ["since_seq"] = seen.GetProperty("last_seq").GetInt64() });

    private static IReadOnlyList<string> News(JsonElement answer) =>
        answer.TryGetProperty("news", out var news) ? [.. news.EnumerateArray().Select(line => line.GetString()!)] : [];
}

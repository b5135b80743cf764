using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class ResultSizeTests
{
    private const int Most = 24_576;

    [Theory]
    [InlineData("x")]
    [InlineData("木")]
    [InlineData("😀")]
    [InlineData("\"")]
    public async Task Long_tasks_and_their_notes_are_cut_and_the_rest_is_named(string letter)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        for (var i = 1; i <= 30; i++)
        {
            await agent.Creates(Long(letter, 500), new() { ["description"] = Long(letter, 16_000), ["labels"] = Labels(letter) });
        }

        for (var i = 1; i <= 60; i++)
        {
            await agent.Updates(1, new() { ["note"] = Long(letter, 4_000) });
        }

        var list = await Text(agent, "task_list");
        list.Should().Contain("more characters; task_get has all of it").And.Contain("next_cursor");
        var task = await Text(agent, "task_get", new() { ["task_id"] = 1 });
        task.Should().Contain("55 older notes").And.Contain("more characters; .tasks/task_1.json");
    }

    [Fact]
    public async Task A_worktree_with_500_changed_files_tells_how_many_it_leaves_out()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.MakesWorktree("big");
        for (var i = 0; i < 500; i++)
        {
            repository.Write($".worktrees/big/{new string('n', 200)}-{i}.txt", "x");
        }

        (await Text(agent, "worktree_status", new() { ["name"] = "big" })).Should().MatchRegex("4[0-9]{2} untracked left out; git status --short in worktree_run lists all");
        var refused = AgentClient.TextOf(await agent.Call("worktree_remove", new() { ["name"] = "big" }));
        Encoding.UTF8.GetByteCount(refused).Should().BeLessThan(Most);
        (await Text(agent, "worktree_remove", new() { ["name"] = "big", ["force"] = true })).Should().MatchRegex("4[0-9]{2} uncommitted files left out; all of them lie in trash_path");
    }

    [Fact]
    public async Task Long_output_keeps_its_beginning_and_its_end_and_counts_the_rest()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.MakesWorktree("loud");

        var text = await Text(agent, "worktree_run", new() { ["name"] = "loud", ["command"] = "seq 1 100000; seq 1 100000 >&2" });

        text.Should().Contain("\"stdout\":\"1\\n2\\n").And.Contain("\\n100000\\n\"").And.Contain("\"truncated\":true").And.MatchRegex("… 5[0-9]{2},[0-9]{3} bytes omitted …");
        text.Should().Contain("\"omitted\":").And.Contain("\"stdout_bytes\":588895");
        (await Text(agent, "worktree_run", new() { ["name"] = "loud", ["command"] = "seq 1 4500" })).Should().Contain("\"truncated\":true");
        (await Text(agent, "worktree_run", new() { ["name"] = "loud", ["command"] = "seq 1 2000" })).Should().NotContain("\"truncated\"").And.NotContain("omitted");
    }

    [Fact]
    public async Task Many_worktrees_and_many_events_come_in_pages()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        for (var i = 10; i < 40; i++)
        {
            await agent.MakesWorktree(new string('w', 60) + i);
        }

        for (var i = 0; i < 70; i++)
        {
            await agent.Runs(new string('w', 60) + "10", ": " + Long("\"'", 198));
        }

        (await Text(agent, "worktree_list")).Should().Contain("\"total\":30").And.Contain("next_cursor");
        (await Text(agent, "worktree_events")).Should().Contain("\"older\":true");
    }

    [Fact]
    public async Task Pages_together_hold_each_task_once()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        for (var i = 1; i <= 25; i++)
        {
            await agent.Creates($"task {i}");
        }

        var first = await agent.Lists();
        var second = await agent.Lists(new() { ["cursor"] = first.GetProperty("next_cursor").GetString() });

        first.GetProperty("tasks").EnumerateArray().Concat(second.GetProperty("tasks").EnumerateArray())
            .Select(row => row.GetProperty("id").GetInt32()).Should().Equal(Enumerable.Range(1, 25));
        second.TryGetProperty("next_cursor", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Differences_conflicts_and_refused_landings_of_hundreds_of_long_names_are_cut()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        string[] names = [.. Enumerable.Range(10, 6).Select(i => new string('w', 60) + i)];
        foreach (var name in names)
        {
            await agent.MakesWorktree(name);
            for (var i = 0; i < 150; i++)
            {
                repository.Write($".worktrees/{name}/{Long("木", 80)}-{i}.txt", $"{name}\n");
            }
        }

        (await Text(agent, "worktree_conflicts")).Should().Contain("\"worktrees\":6").And.Contain("\"conflicting\":15").And.Contain("\"file_count\":150");
        (await Text(agent, "worktree_diff", new() { ["name"] = names[0] })).Should().MatchRegex("[0-9]+ files left out");
        (await Text(agent, "worktree_diff", new() { ["name"] = names[0], ["format"] = "patch" })).Should().Contain("next_cursor").And.MatchRegex("[0-9]+ files left out");
        await Refused(agent, names[0], "worktree_dirty");
        repository.Commit("first", $".worktrees/{names[0]}");
        repository.Commit("second", $".worktrees/{names[1]}");
        (await Text(agent, "worktree_merge", new() { ["name"] = names[0], ["verify_command"] = $": {Long("😀", 30_000)}" })).Should().Contain("more characters");
        await Refused(agent, names[1], "merge_conflict");
        (await Text(agent, "worktree_conflicts")).Should().Contain("with_base");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("😀")]
    [InlineData("\"")]
    public async Task The_words_of_a_failed_verify_command_are_cut(string letter)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.MakesWorktree("a");
        repository.Write(".worktrees/a/one.txt", "1");
        repository.Write(".worktrees/a/words.txt", Long(letter, 100_000) + "the end");
        repository.Commit("one", ".worktrees/a");

        (await Refused(agent, "a", "verify_failed", "cat words.txt; exit 1")).Should().Contain("the end");
    }

    [Fact]
    public async Task The_board_fits_with_the_longest_names_and_subjects()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        for (var i = 10; i < 32; i++)
        {
            await agent.Creates(Long("😀", 500), new() { ["priority"] = "high" });
            if (i < 22)
            {
                await agent.MakesWorktree(i - 9, new() { ["name"] = new string('w', 60) + i });
                await agent.Updates(i - 9, new() { ["attention"] = "needs_input", ["note"] = Long("木", 4_000) });
            }
        }

        (await Text(agent, "board_show")).Should().MatchRegex("[0-9]+ tasks in progress").And.Contain("\"in_progress\":12");
    }

    private static async Task<string> Refused(AgentClient agent, string name, string code, string? verify = null)
    {
        var answer = await agent.Call("worktree_merge", new() { ["name"] = name, ["verify_command"] = verify ?? "true" });
        var text = AgentClient.TextOf(answer);
        answer.IsError.Should().BeTrue();
        text.Should().Contain($"\"code\":\"{code}\"");
        Encoding.UTF8.GetByteCount(text).Should().BeLessThan(Most, code);
        return text;
    }

    private static async Task<string> Text(AgentClient agent, string tool, JsonObject? arguments = null)
    {
        var text = (await agent.Calls(tool, arguments)).GetRawText();
        Encoding.UTF8.GetByteCount(text).Should().BeLessThan(Most, tool);
        return text;
    }

    private static string Long(string letter, int length) => string.Concat(Enumerable.Repeat(letter, length / letter.Length));

    private static JsonArray Labels(string letter) => [.. Enumerable.Range(10, 20).Select(number => JsonValue.Create(Long(letter, 98) + number))];
}

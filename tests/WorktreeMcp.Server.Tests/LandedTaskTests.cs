using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>What one agent reads to land one task, in the middle of a team: each character of an answer is paid for by whoever reads it.</summary>
public sealed class LandedTaskTests
{
    private const int MostCharacters = 6_000;
    private const int MostCalls = 6;

    // As long as those that a planner writes.
    private static readonly string Goal = string.Concat(Enumerable.Repeat("Say which files change, what must not change, and how to tell that it is done. ", 5)).Trim();

    [Fact]
    public async Task A_task_is_found_done_and_landed_in_six_calls_and_6000_characters()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann");
        await using var bob = await AgentClient.Start(repository, agent: "bob");
        await using var cleo = await AgentClient.Start(repository, agent: "cleo");
        await ann.Calls("task_plan", new() { ["tasks"] = Goals() });
        await bob.Calls("worktree_create");
        await bob.Runs("task-1-csv-output", "echo work > one.txt && git add -A && git commit -qm one");
        await cleo.Calls("worktree_create");

        List<(string Tool, int Characters)> answers = [];
        var board = await Asks("board_show");
        var made = await Asks("worktree_create");
        var name = (string)made["worktree"]!["name"]!;
        await Asks("worktree_run", new() { ["name"] = name, ["command"] = "echo work > three.txt && cat three.txt" });
        await Asks("worktree_run", new() { ["name"] = name, ["command"] = "git add -A && git commit -m 'Read the dates'" });
        var landed = await Asks("worktree_merge", new() { ["name"] = name, ["verify_command"] = "grep -q work three.txt && echo 22 tests pass", ["complete_task"] = true, ["remove"] = true });
        await Asks("board_show", new() { ["wait_seconds"] = 30 });

        made["task"]!["description"]!.GetValue<string>().Should().Be(Goal, "whoever takes the best task must not have to ask what it is");
        landed["task"]!["status"]!.GetValue<string>().Should().Be("completed");
        repository.Git("show", "main:three.txt").Should().Be("work");
        var told = string.Join('\n', answers.Select(answer => $"{answer.Tool} {answer.Characters}"));
        TestContext.Current.SendDiagnosticMessage($"one landed task: {answers.Count} calls, {answers.Sum(answer => answer.Characters)} characters\n{told}");
        answers.Count.Should().BeLessThanOrEqualTo(MostCalls);
        answers.Sum(answer => answer.Characters).Should().BeLessThan(MostCharacters, told);

        async Task<JsonObject> Asks(string tool, JsonObject? arguments = null)
        {
            var text = AgentClient.TextOf(await ann.Call(tool, arguments));
            answers.Add((tool, text.Length));
            return JsonNode.Parse(text)!.AsObject();
        }
    }

    private static JsonArray Goals() =>
    [
        .. new[] { "CSV output", "JSON output", "Read the dates of each file", "Export to a folder", "Sort by size", "Usage text" }
            .Select((subject, place) => new JsonObject { ["key"] = $"g{place}", ["subject"] = subject, ["description"] = Goal, ["needs"] = place == 5 ? new JsonArray("g0", "g1") : [] }),
    ];
}

using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class ContractToolsTests
{
    [Fact]
    public async Task A_task_is_not_completed_while_the_command_fails_and_the_refusal_has_the_end_of_its_output()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.Creates("sort", new() { ["verify"] = "echo 'two tests failed'; exit 3" });
        await agent.MakesWorktree(1);
        await agent.Runs("task-1-sort", "echo x > sort.txt && git add -A && git commit -qm sort");

        // It stands in the task how the command ended, so this is not a refusal after which nothing has changed.
        var failed = await agent.Call("worktree_merge", new() { ["name"] = "task-1-sort", ["complete_task"] = true });
        AgentClient.TextOf(failed).Should().Contain("verify_failed").And.Contain("two tests failed");
        var refused = await agent.Refuses("task_update", new() { ["task_id"] = 1, ["status"] = "completed" }, "contract_open");
        refused.GetProperty("error").GetProperty("message").GetString().Should().Contain("exit code 3").And.Contain("two tests failed");
        refused.GetProperty("error").GetProperty("hint").GetString().Should().StartWith("worktree_merge(name: \"task-1-sort\") with complete_task true").And.Contain("worktree_keep");

        (await agent.Inspects("task-1-sort")).GetProperty("next").GetString().Should().Be("worktree_run(name: \"task-1-sort\", command: \"...\")", "landing it again would fail again");
        await agent.Updates(1, new() { ["verify"] = "test -e sort.txt" });
        var landed = await agent.Calls("worktree_merge", new() { ["name"] = "task-1-sort", ["complete_task"] = true });
        landed.GetProperty("task").GetProperty("status").GetString().Should().Be("completed");
        var task = (await agent.Gets(1)).GetProperty("task");
        task.GetProperty("verified").GetProperty("exit_code").GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task Criteria_are_shown_with_their_numbers_and_the_open_ones_are_what_comes_next()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.Calls("task_plan", new() { ["tasks"] = new JsonArray(new JsonObject { ["key"] = "a", ["subject"] = "sort", ["acceptance"] = new JsonArray("by date", "by amount"), ["scope"] = new JsonArray("src/**") }) });
        await agent.MakesWorktree(1);
        await agent.Runs("task-1-sort", "echo x > sort.txt && git add -A && git commit -qm sort");

        var refused = await agent.Refuses("worktree_merge", new() { ["name"] = "task-1-sort", ["complete_task"] = true }, "contract_open");
        refused.GetProperty("error").GetProperty("hint").GetString().Should().Contain("task_update with met and its number").And.Contain("worktree-mcp task waive 1");
        refused.GetProperty("next").GetString().Should().Be("task_update(task_id: 1, met: [1, 2])");
        await agent.Updates(1, new() { ["met"] = new JsonArray(2) });
        var criteria = (await agent.Gets(1)).GetProperty("task").GetProperty("acceptance").EnumerateArray().ToList();
        criteria.Select(one => (one.GetProperty("number").GetInt32(), one.TryGetProperty("met_by", out _))).Should().Equal((1, false), (2, true));

        var met = await agent.Updates(1, new() { ["met"] = new JsonArray(1) });
        met.GetProperty("next").GetString().Should().StartWith("worktree_merge(");
        var landed = await agent.Calls("worktree_merge", new() { ["name"] = "task-1-sort", ["complete_task"] = true });
        landed.GetProperty("notes")[0].GetString().Should().Be("outside the scope of task 1 (src/**): sort.txt");
    }

    [Fact]
    public async Task Work_outside_of_the_scope_is_told_once()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.Creates("sort", new() { ["scope"] = new JsonArray("src/**") });
        await agent.MakesWorktree(1);

        // The look after a command is left out where it would take long, so the next one may be the first to see.
        JsonElement[] answers = [await agent.Runs("task-1-sort", "mkdir -p src && echo x > src/a.txt && echo x > sort.txt"), await agent.Inspects("task-1-sort"), await agent.Inspects("task-1-sort"), await agent.Inspects("task-1-sort")];

        var news = answers.SelectMany(answer => answer.TryGetProperty("news", out var lines) ? lines.EnumerateArray().Select(line => line.GetString()) : []);
        news.Should().ContainSingle().Which.Should().Contain("sort.txt, outside the scope of task 1").And.NotContain("src/a.txt");
    }

    [Theory]
    [InlineData("acceptance", """["x", ""]""")]
    [InlineData("acceptance", "\"all of it\"")]
    [InlineData("scope", """["../elsewhere/**"]""")]
    [InlineData("scope", """["/etc/*"]""")]
    [InlineData("verify", "\"  \"")]
    [InlineData("verify", "\"make \\u202e test\"")]
    [InlineData("verify", "7")]
    [InlineData("met", "[3]")]
    [InlineData("met", "[0]")]
    [InlineData("met", "1")]
    public async Task Terms_that_cannot_be_are_refused_by_name(string argument, string value)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.Creates("sort", new() { ["acceptance"] = new JsonArray("a", "b") });

        var refused = await agent.Refuses("task_update", new() { ["task_id"] = 1, [argument] = JsonNode.Parse(value) }, "invalid_argument");

        refused.GetProperty("error").GetProperty("message").GetString().Should().Contain(argument);
        (await agent.Gets(1)).GetProperty("task").GetProperty("revision").GetInt32().Should().Be(1);
    }
}

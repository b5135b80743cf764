using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class LifeCycleTests
{
    public static TheoryData<string> Eras => ServerUnderTest.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task Each_tool_does_its_one_thing(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era);

        (await agent.Creates("Fix the login", new() { ["labels"] = new JsonArray("auth"), ["priority"] = "high" })).GetProperty("task").GetProperty("id").GetInt32().Should().Be(1);
        (await agent.Lists(new() { ["ready"] = true })).GetProperty("total").GetInt32().Should().Be(1);
        (await agent.Updates(1, new() { ["note"] = "seen" })).GetProperty("changed").EnumerateArray().Select(c => c.GetString()).Should().Equal("notes");
        var made = (await agent.MakesWorktree("spare")).GetProperty("worktree");
        made.GetProperty("path").GetString().Should().Be(Path.Join(repository.Root, ".worktrees", "spare"));
        (await agent.Binds(1, "spare")).GetProperty("task").GetProperty("status").GetString().Should().Be("in_progress");
        (await agent.Runs("spare", "pwd; exit 7")).GetProperty("exit_code").GetInt32().Should().Be(7);
        (await agent.ListsWorktrees()).GetProperty("worktrees")[0].GetProperty("dirty").GetBoolean().Should().BeFalse();
        (await agent.Inspects("spare")).TryGetProperty("commits", out _).Should().BeFalse("what is empty is left out");
        (await agent.Gets(1)).GetProperty("worktree").GetProperty("name").GetString().Should().Be("spare");
        (await agent.Keeps("spare", new() { ["reason"] = "lunch" })).GetProperty("worktree").GetProperty("status").GetString().Should().Be("kept");
        (await agent.Removes("spare", new() { ["complete_task"] = true })).GetProperty("task").GetProperty("status").GetString().Should().Be("completed");
        (await agent.Removes("spare")).GetProperty("already").GetBoolean().Should().BeTrue();
        (await agent.ReadsEvents(new() { ["limit"] = 200 })).GetProperty("events").EnumerateArray().Select(e => e.GetProperty("event").GetString()).Should().Equal(
            "task.created", "task.updated", "worktree.create.before", "worktree.create.after", "worktree.bound", "task.claimed", "worktree.run.before", "worktree.run.after",
            "worktree.keep", "worktree.remove.before", "worktree.remove.after", "task.completed");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task Two_tasks_run_side_by_side_from_the_board_to_the_end(string era)
    {
        using var repository = new TempRepository();
        await using var first = await AgentClient.Start(repository, era, "claude-1");
        await using var second = await AgentClient.Start(repository, era, "claude-2", Path.Join(repository.Root, "src"));

        await first.Creates("Auth refactor");
        await second.Creates("Login page");
        await Task.WhenAll(Works(first, 1, "auth-refactor"), Works(second, 2, "login-page"));

        repository.Read("src/app.txt").Should().Be("one\ntwo\nthree\n", "the main checkout is nobody's");
        repository.Git("status", "--porcelain").Should().BeEmpty();
        Keys(repository.Read(".tasks/task_1.json")).Should().Contain(
            ["id", "subject", "description", "status", "owner", "worktree", "worktree_state", "blocked_by", "priority", "labels", "attention", "notes", "revision", "created_at", "updated_at"]);
        var index = JsonElement.Parse(repository.Read(".worktrees/index.json"));
        index.GetProperty("revision").GetInt64().Should().BePositive();
        var entries = index.GetProperty("worktrees").EnumerateArray().ToDictionary(entry => entry.GetProperty("name").GetString()!);
        Keys(entries["auth-refactor"].GetRawText()).Should().Contain(["id", "name", "path", "branch", "base_ref", "base_commit", "admin_id", "task_id", "status", "created_at"]);
        entries["auth-refactor"].GetProperty("path").GetString().Should().Be(".worktrees/auth-refactor");

        await first.Keeps("auth-refactor", new() { ["complete_task"] = true });
        var gone = await second.Removes("login-page", new() { ["complete_task"] = true });
        gone.GetProperty("branch_kept").GetString().Should().StartWith("wt/login-page stays");
        repository.Has(".worktrees/login-page").Should().BeFalse();
        repository.Has(".worktrees/auth-refactor/claude-1.txt").Should().BeTrue();
        (await first.Lists(new() { ["status"] = "completed" })).GetProperty("total").GetInt32().Should().Be(2);
        RequireWholeLog(repository.EventLines());
    }

    private static async Task Works(AgentClient agent, int task, string name)
    {
        await agent.MakesWorktree(task, new() { ["name"] = name });
        var owner = (await agent.Gets(task)).GetProperty("task").GetProperty("owner").GetString();
        var run = await agent.Runs(name, $"echo done >> src/app.txt; echo x > {owner}.txt; git add -A && git commit -qm work");
        run.GetProperty("exit_code").GetInt32().Should().Be(0, run.ToString());
        var seen = await agent.Inspects(name);
        seen.GetProperty("worktree").GetProperty("ahead").GetInt32().Should().Be(1);
        seen.GetProperty("next").GetString().Should().Be($"worktree_merge(name: \"{name}\", complete_task: true, remove: true)");
    }

    private static void RequireWholeLog(IReadOnlyList<string> lines)
    {
        var open = new HashSet<string>();
        long seq = 0;
        foreach (var line in lines.Select(line => JsonElement.Parse(line)))
        {
            line.GetProperty("task").ValueKind.Should().Be(JsonValueKind.Object);
            line.GetProperty("worktree").ValueKind.Should().Be(JsonValueKind.Object);
            line.GetProperty("ts").ValueKind.Should().Be(JsonValueKind.Number);
            line.GetProperty("by").GetString().Should().NotBeNullOrWhiteSpace();
            line.GetProperty("seq").GetInt64().Should().Be(++seq);
            var name = line.GetProperty("event").GetString()!;
            var step = name[..name.LastIndexOf('.')];
            var worktree = line.GetProperty("worktree").TryGetProperty("name", out var given) ? given.GetString() : "";
            if (name.EndsWith(".before", StringComparison.Ordinal))
            {
                open.Add($"{step} {worktree}").Should().BeTrue($"{name} of {worktree} came twice");
            }
            else if (name.EndsWith(".after", StringComparison.Ordinal) || name.EndsWith(".failed", StringComparison.Ordinal))
            {
                open.Remove($"{step} {worktree}").Should().BeTrue($"{name} of {worktree} had no before");
            }
        }

        open.Should().BeEmpty();
    }

    private static IEnumerable<string> Keys(string json) => JsonElement.Parse(json).EnumerateObject().Select(member => member.Name);
}

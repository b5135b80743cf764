using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>The built program: what a person approves runs, and nothing else.</summary>
public sealed class TrustTests : IDisposable
{
    private readonly TempRepository _repository = new();

    private Dictionary<string, string> State => new() { ["XDG_STATE_HOME"] = Path.Join(_repository.Base, "state") };

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task What_was_approved_on_the_command_line_runs_in_the_next_worktree()
    {
        _repository.Write(".worktree-mcp.json", """{ "setup": ["echo ready > ready.ignored"] }""");
        await using var server = await Started();

        await server.Call(1, "worktree_create", """{"name":"before"}""");
        var before = (await server.Answer(1)).GetProperty("result").GetProperty("structuredContent");
        before.GetProperty("not_run").GetString().Should().Contain("worktree-mcp trust --repo");
        before.TryGetProperty("setup_run_id", out _).Should().BeFalse();

        var asked = await Trust();
        asked.Code.Should().Be(1, "nobody is there to answer");
        asked.Output.Should().Contain("$ echo ready > ready.ignored").And.Contain("were not approved");
        (await Trust("--yes")).Code.Should().Be(0);

        await server.Call(2, "worktree_create", """{"name":"after"}""");
        var run = (await server.Answer(2)).GetProperty("result").GetProperty("structuredContent").GetProperty("setup_run_id").GetString();
        await server.Call(3, "worktree_output", $$"""{"run_id":"{{run}}","wait_seconds":30}""");
        await server.Answer(3);
        await EndOf(server, "after", "done");
        File.ReadAllText(Path.Join(_repository.Root, ".worktrees", "after", "ready.ignored")).Should().Be("ready\n");

        (await Trust("--revoke")).Output.Should().Contain("taken back");
        (await Trust()).Code.Should().Be(1);
    }

    [Fact]
    public async Task A_setup_that_fails_shows_in_the_status_and_on_the_board()
    {
        _repository.Write(".worktree-mcp.json", """{ "setup": ["exit 4"] }""");
        await Trust("--yes");
        await using var server = await Started();
        await server.Call(1, "task_create", """{"subject":"One"}""");
        await server.Answer(1);

        await server.Call(2, "worktree_create", """{"name":"lane","task_id":1}""");
        await server.Answer(2);

        await EndOf(server, "lane", "failed: exit code 4");
        await server.Call(9, "task_get", """{"task_id":1}""");
        (await server.Answer(9)).GetProperty("result").GetProperty("structuredContent").GetProperty("task").GetProperty("attention").GetString().Should().Be("failed");

        await server.Call(10, "worktree_create", """{"name":"taskless"}""");
        await server.Answer(10);
        await EndOf(server, "taskless", "failed: exit code 4");
        await server.Call(11, "board_show");
        var concerns = (await server.Answer(11)).GetProperty("result").GetProperty("structuredContent").GetProperty("needs_person").EnumerateArray()
            .Where(concern => concern.GetProperty("why").GetString() == "setup_failed").ToList();
        concerns.Select(concern => concern.GetProperty("worktree").GetString()).Should().Equal("lane", "taskless");
        concerns[0].GetProperty("task_id").GetInt32().Should().Be(1);
        concerns[1].GetProperty("text").GetString().Should().Contain("exit code 4");
    }

    [Fact]
    public async Task A_server_without_commands_lists_all_tools_and_runs_nothing()
    {
        _repository.Write(".worktree-mcp.json", """{ "setup": ["touch ran"] }""");
        await Trust("--yes");
        await using var usual = await Started();
        await using var server = await Started("--no-run");
        await usual.Request(1, "tools/list");
        await server.Request(1, "tools/list");
        (await server.Answer(1)).GetRawText().Should().Be((await usual.Answer(1)).GetRawText());

        await server.Call(2, "worktree_create", """{"name":"lane"}""");
        (await server.Answer(2)).GetProperty("result").GetProperty("structuredContent").GetProperty("not_run").GetString().Should().Contain("switched off");
        foreach (var arguments in new[] { """{"name":"lane","command":"touch ran"}""", """{"name":"lane","command":"touch ran","background":true}""" })
        {
            await server.Call(3, "worktree_run", arguments);
            var refused = (await server.Answer(3)).GetProperty("result");
            refused.GetProperty("isError").GetBoolean().Should().BeTrue();
            refused.GetRawText().Should().Contain("run_disabled").And.Contain("--no-run");
        }

        File.Exists(Path.Join(_repository.Root, ".worktrees", "lane", "ran")).Should().BeFalse();
    }

    private async Task<BuiltServer> Started(params string[] arguments)
    {
        var server = BuiltServer.Start(workingDirectory: _repository.Root, environment: State, arguments: arguments);
        await server.Initialize();
        await server.Answer(0);
        return server;
    }

    private static async Task EndOf(BuiltServer server, string name, string expected)
    {
        using var limit = new CancellationTokenSource(BuiltServer.Limit);
        for (var id = 100; ; id++)
        {
            limit.Token.ThrowIfCancellationRequested();
            await server.Call(id, "worktree_status", $$"""{"name":"{{name}}"}""");
            var seen = (await server.Answer(id)).GetProperty("result").GetProperty("structuredContent");
            if (seen.TryGetProperty("setup", out var setup) && !setup.GetString()!.StartsWith("running", StringComparison.Ordinal))
            {
                setup.GetString().Should().StartWith(expected);
                return;
            }
        }
    }

    private Task<Ended> Trust(params string[] arguments) => ChildProgram.Run(
        "dotnet", [BuiltServer.PathOf("worktree-mcp.dll"), "trust", "--repo", _repository.Root, .. arguments], _repository.Root,
        State.ToDictionary(entry => entry.Key, entry => (string?)entry.Value));
}

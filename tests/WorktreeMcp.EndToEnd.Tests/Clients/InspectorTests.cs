using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests.Clients;

/// <summary>The public MCP Inspector's command line, one process for each call, as a person would use it.</summary>
public sealed class InspectorTests(NodeClients clients)
{
    private const int ToolError = 5;

    public static TheoryData<string> Eras { get; } = ["legacy", "modern"];

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task The_inspector_finds_no_fault_in_the_tool_list(string era)
    {
        using var repository = new TempRepository();

        var ended = await clients.Inspector(
            repository.Root, "dotnet", BuiltServer.PathOf("worktree-mcp.dll"), "--method", "tools/list", "--strict", "--protocol-era", era);

        ended.Code.Should().Be(0, $"{ended}");
        ended.Error.Should().NotContain("Error:");
        var tools = JsonElement.Parse(ended.Output).GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString());
        tools.Should().Contain(EveryToolOnce.Names);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task Every_tool_is_called_by_the_inspector(string era)
    {
        using var repository = new TempRepository();

        var runs = new RunIds();
        foreach (var step in EveryToolOnce.Steps)
        {
            var content = await Done(repository, step.Tool, runs.Into(step), era);
            runs.See(content);

            content.GetProperty("next").GetString().Should().NotBeNullOrEmpty();
        }

        repository.Read(".tasks/task_1.json").Should().Contain("\"completed\"");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task A_refusal_is_an_error_to_the_inspector(string era)
    {
        using var repository = new TempRepository();

        var ended = await Call(repository, "task_get", """{"task_id":9}""", era);

        ended.Code.Should().Be(ToolError, $"{ended}");
        var result = JsonElement.Parse(ended.Output).GetProperty("result");
        result.GetProperty("isError").GetBoolean().Should().BeTrue();
        result.GetProperty("content")[0].GetProperty("text").GetString().Should().Contain("task_id 9 names no task");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task What_the_inspector_makes_stands_legibly_on_disk(string era)
    {
        using var repository = new TempRepository();

        await Done(repository, "task_create", """{"subject":"Implement auth refactor"}""", era);
        var task = JsonElement.Parse(repository.Read(".tasks/task_1.json"));
        task.GetProperty("id").GetInt32().Should().Be(1);
        task.GetProperty("subject").GetString().Should().Be("Implement auth refactor");
        task.GetProperty("status").GetString().Should().Be("pending");
        task.GetProperty("worktree").ValueKind.Should().BeOneOf(JsonValueKind.Null, JsonValueKind.String);
        repository.Has(".worktrees/auth-refactor").Should().BeFalse();

        await Done(repository, "worktree_create", """{"name":"auth-refactor","task_id":1}""", era);
        task = JsonElement.Parse(repository.Read(".tasks/task_1.json"));
        task.GetProperty("status").GetString().Should().Be("in_progress");
        task.GetProperty("worktree").GetString().Should().Be("auth-refactor");
        task.GetProperty("worktree_state").GetString().Should().Be("active");
        var entry = Entry(repository);
        entry.GetProperty("name").GetString().Should().Be("auth-refactor");
        entry.GetProperty("path").GetString().Should().Be(".worktrees/auth-refactor");
        entry.GetProperty("branch").GetString().Should().Be("wt/auth-refactor");
        entry.GetProperty("task_id").GetInt32().Should().Be(1);
        entry.GetProperty("status").GetString().Should().Be("active");
        entry.GetProperty("base_commit").GetString().Should().Be(repository.Git("rev-parse", "main"));
        repository.Read(".worktrees/auth-refactor/README.md").Should().Be("hello\n");
        repository.GitIn(".worktrees/auth-refactor", "branch", "--show-current").Should().Be("wt/auth-refactor");

        await Done(repository, "worktree_remove", """{"name":"auth-refactor","complete_task":true}""", era);
        JsonElement.Parse(repository.Read(".tasks/task_1.json")).GetProperty("status").GetString().Should().Be("completed");
        Entry(repository).GetProperty("status").GetString().Should().Be("removed");
        repository.Has(".worktrees/auth-refactor").Should().BeFalse();
        repository.Git("status", "--porcelain").Should().BeEmpty();
        repository.EventLines().Select(line => JsonElement.Parse(line).GetProperty("event").GetString()).Should().ContainInOrder(
            "task.created", "worktree.create.before", "worktree.create.after", "worktree.remove.before", "worktree.remove.after");
    }

    private static JsonElement Entry(TempRepository repository)
    {
        var index = JsonElement.Parse(repository.Read(".worktrees/index.json"));
        return index.GetProperty("worktrees").EnumerateArray().Should().ContainSingle().Subject;
    }

    private async Task<JsonElement> Done(TempRepository repository, string tool, string arguments, string era)
    {
        var ended = await Call(repository, tool, arguments, era);
        ended.Code.Should().Be(0, $"{tool} {arguments} ended with {ended}");
        return JsonElement.Parse(ended.Output).GetProperty("result").GetProperty("structuredContent");
    }

    private async Task<Ended> Call(TempRepository repository, string tool, string arguments, string era) => await clients.Inspector(
        repository.Root, "dotnet", BuiltServer.PathOf("worktree-mcp.dll"), "--method", "tools/call",
        "--tool-name", tool, "--tool-args-json", arguments, "--format", "json", "--protocol-era", era);
}

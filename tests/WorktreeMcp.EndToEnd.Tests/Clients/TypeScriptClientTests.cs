using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests.Clients;

/// <summary>The public TypeScript clients, which check every answer against the tool's output schema.</summary>
public sealed class TypeScriptClientTests(NodeClients clients)
{
    [Theory]
    [InlineData("legacy-sdk")]
    [InlineData("legacy")]
    [InlineData("modern")]
    public async Task A_life_cycle_is_driven_by_a_typescript_client(string kind)
    {
        using var repository = new TempRepository();

        var ended = await clients.Script(
            "lifecycle.mjs", repository.Base, kind, repository.Root, "dotnet", BuiltServer.PathOf("worktree-mcp.dll"));

        ended.Code.Should().Be(0, $"{ended}");
        ended.Error.Should().BeEmpty();
        var seen = JsonElement.Parse(ended.Output);
        Words(seen.GetProperty("tools")).Should().Contain(EveryToolOnce.Names);
        Words(seen.GetProperty("events")).Should().ContainInOrder(
            "task.created", "worktree.create.before", "worktree.create.after", "worktree.run.after", "worktree.keep",
            "worktree.remove.before", "worktree.remove.after");
        Words(seen.GetProperty("events")).Should().ContainSingle(name => name == "task.completed");
        var refusals = seen.GetProperty("refusals");
        refusals.GetProperty("dirty").GetString().Should().Contain("README.md");
        refusals.GetProperty("missing").GetString().Should().Contain("task_id");
        refusals.GetProperty("unknown").GetString().Should().Contain("taskid");
        repository.Git("log", "-1", "--format=%s", "wt/english").Should().Be("english");
        repository.Git("log", "-1", "--format=%s", "wt/french").Should().Be("french");
        repository.Git("status", "--porcelain").Should().BeEmpty();
        repository.Read("README.md").Should().Be("hello\n");
    }

    private static IEnumerable<string> Words(JsonElement list) => list.EnumerateArray().Select(one => one.GetString()!);
}

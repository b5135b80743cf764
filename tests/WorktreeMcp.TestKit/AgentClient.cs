using System.Text.Json;
using System.Text.Json.Nodes;
using FluentAssertions;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp;

namespace WorktreeMcp.TestKit;

/// <summary>
/// An agent with the product's server on a repository. Every answer is checked as each client may check it: the same JSON
/// in text and structure, valid against the tool's schema, and naming a next call that is possible.
/// </summary>
public sealed class AgentClient : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly HashSet<string> Codes = [.. Enum.GetValues<RefusalCode>().Select(Reply.Code)];

    private readonly ServerConnection _connection;
    private readonly TempRepository _repository;

    private AgentClient(ServerConnection connection, TempRepository repository, IReadOnlyDictionary<string, Tool> tools)
    {
        (_connection, _repository, Tools) = (connection, repository, tools);
    }

    /// <summary>The tools of the server, by name.</summary>
    public IReadOnlyDictionary<string, Tool> Tools { get; }

    /// <summary>The client's end of the connection.</summary>
    public McpClient Client => _connection.Client;

    /// <summary>Starts a server on a repository and connects to it.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="era">The protocol version.</param>
    /// <param name="agent">The caller's name; null for one made from the client's.</param>
    /// <param name="directory">Where in the repository the server starts; its root by default.</param>
    /// <param name="tools">The tools that are chosen; null for no choice.</param>
    /// <returns>The agent.</returns>
    public static async Task<AgentClient> Start(TempRepository repository, string era = "2025-11-25", string? agent = "tester", string? directory = null, string? tools = null)
    {
        using var limit = new CancellationTokenSource(Limit);
        var connection = await ServerConnection.Start(directory ?? repository.Root, ToolList.Register, era, agent, limit.Token, tools);
        var listed = await connection.Client.ListToolsAsync(cancellationToken: limit.Token);
        return new AgentClient(connection, repository, listed.ToDictionary(tool => tool.Name, tool => tool.ProtocolTool));
    }

    /// <summary>Calls task_create.</summary>
    /// <param name="subject">The goal.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Creates(string subject, JsonObject? more = null) => Calls("task_create", With(more, ("subject", subject)));

    /// <summary>Calls task_list.</summary>
    /// <param name="more">Its arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Lists(JsonObject? more = null) => Calls("task_list", more);

    /// <summary>Calls task_get.</summary>
    /// <param name="id">The task.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Gets(int id) => Calls("task_get", With(null, ("task_id", id)));

    /// <summary>Calls task_update.</summary>
    /// <param name="id">The task.</param>
    /// <param name="changes">What to change.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Updates(int id, JsonObject changes) => Calls("task_update", With(changes, ("task_id", id)));

    /// <summary>Calls task_claim.</summary>
    /// <param name="id">The task; null for the best ready one.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Claims(int? id = null, JsonObject? more = null) =>
        Calls("task_claim", id is { } task ? With(more, ("task_id", task)) : more);

    /// <summary>Calls board_show.</summary>
    /// <returns>The answer.</returns>
    public Task<JsonElement> ShowsBoard() => Calls("board_show");

    /// <summary>Calls task_bind_worktree.</summary>
    /// <param name="id">The task.</param>
    /// <param name="worktree">The worktree.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Binds(int id, string worktree, JsonObject? more = null) =>
        Calls("task_bind_worktree", With(more, ("task_id", id), ("worktree", worktree)));

    /// <summary>Calls worktree_create for a task.</summary>
    /// <param name="id">The task.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> MakesWorktree(int id, JsonObject? more = null) => Calls("worktree_create", With(more, ("task_id", id)));

    /// <summary>Calls worktree_create without a task.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> MakesWorktree(string name, JsonObject? more = null) => Calls("worktree_create", With(more, ("name", name)));

    /// <summary>Calls worktree_list.</summary>
    /// <param name="more">Its arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> ListsWorktrees(JsonObject? more = null) => Calls("worktree_list", more);

    /// <summary>Calls worktree_status.</summary>
    /// <param name="name">The worktree.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Inspects(string name) => Calls("worktree_status", With(null, ("name", name)));

    /// <summary>Calls worktree_run.</summary>
    /// <param name="name">The worktree.</param>
    /// <param name="command">The command.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Runs(string name, string command, JsonObject? more = null) =>
        Calls("worktree_run", With(more, ("name", name), ("command", command)));

    /// <summary>Calls worktree_keep.</summary>
    /// <param name="name">The worktree.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Keeps(string name, JsonObject? more = null) => Calls("worktree_keep", With(more, ("name", name)));

    /// <summary>Calls worktree_remove.</summary>
    /// <param name="name">The worktree.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> Removes(string name, JsonObject? more = null) => Calls("worktree_remove", With(more, ("name", name)));

    /// <summary>Calls worktree_events.</summary>
    /// <param name="more">Its arguments.</param>
    /// <returns>The answer.</returns>
    public Task<JsonElement> ReadsEvents(JsonObject? more = null) => Calls("worktree_events", more);

    /// <summary>Calls a tool that must succeed.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>The answer.</returns>
    public async Task<JsonElement> Calls(string tool, JsonObject? arguments = null)
    {
        var result = await Call(tool, arguments);
        var text = TextOf(result);
        result.IsError.Should().NotBe(true, text);
        var answer = JsonElement.Parse(text);
        JsonElement.DeepEquals(answer, result.StructuredContent!.Value).Should().BeTrue("text and structure are the same");
        JsonSchema.Faults(Tools[tool].OutputSchema!.Value, answer).Should().BeEmpty("the answer of {0} fits its schema", tool);
        answer.TryGetProperty("done", out _).Should().Be(!answer.TryGetProperty("next", out var next), "an answer names what comes next, or says that all is done: {0}", text);
        if (next.ValueKind == JsonValueKind.String)
        {
            var call = NamedCall.Parse(next.GetString()!);
            call.Arguments.Should().NotBeNull("{0} is a whole call", call.Tool);
            RequirePossible(call);
        }

        return answer;
    }

    /// <summary>Calls a tool that must refuse and leave everything as it was.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="code">The code it must have; null for any that is known.</param>
    /// <returns>The answer: error and, where there is one, next.</returns>
    public async Task<JsonElement> Refuses(string tool, JsonObject? arguments = null, string? code = null)
    {
        var before = _repository.Snapshot();
        var events = _repository.EventLines();

        var result = await Call(tool, arguments);

        var text = TextOf(result);
        result.IsError.Should().BeTrue("{0} {1} must be refused, not answered with {2}", tool, arguments?.ToJsonString(), text);
        result.StructuredContent.Should().BeNull("a strict client would check it against the output schema");
        var answer = JsonElement.Parse(text);
        answer.EnumerateObject().Select(member => member.Name).Should().BeSubsetOf(["error", "next"]);
        var error = answer.GetProperty("error");
        error.EnumerateObject().Select(member => member.Name).Should().Equal("code", "message", "hint");
        error.EnumerateObject().Should().OnlyContain(member => !string.IsNullOrWhiteSpace(member.Value.GetString()));
        Codes.Should().Contain(error.GetProperty("code").GetString());
        if (code is not null)
        {
            error.GetProperty("code").GetString().Should().Be(code, text);
        }

        if (answer.TryGetProperty("next", out var next))
        {
            RequirePossible(NamedCall.Parse(next.GetString()!));
        }

        _repository.Snapshot().Should().Be(before, text);
        _repository.AddedNothingOrOneFailedPair(events).Should().BeTrue(text);
        return answer;
    }

    /// <summary>Calls a tool and checks nothing.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>The result as it came.</returns>
    public async Task<CallToolResult> Call(string tool, JsonObject? arguments = null)
    {
        using var limit = new CancellationTokenSource(Limit);
        var given = JsonElement.Parse((arguments ?? []).ToJsonString()).EnumerateObject().ToDictionary(member => member.Name, member => (object?)member.Value);
        return await Client.CallToolAsync(tool, given, cancellationToken: limit.Token);
    }

    /// <summary>The one text block of a result.</summary>
    /// <param name="result">The result.</param>
    /// <returns>Its text.</returns>
    public static string TextOf(CallToolResult result) =>
        result.Content.Should().ContainSingle().Which.Should().BeOfType<TextContentBlock>().Which.Text;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private void RequirePossible(NamedCall call)
    {
        Tools.Should().ContainKey(call.Tool);
        if (call.Arguments is not null)
        {
            JsonSchema.Faults(Tools[call.Tool].InputSchema, JsonElement.Parse(call.Arguments.ToJsonString())).Should().BeEmpty("the next call {0} is possible", call);
        }
    }

    private static JsonObject With(JsonObject? more, params (string Name, JsonNode? Value)[] arguments)
    {
        var all = (JsonObject?)more?.DeepClone() ?? [];
        foreach (var (name, value) in arguments)
        {
            all[name] = value;
        }

        return all;
    }
}

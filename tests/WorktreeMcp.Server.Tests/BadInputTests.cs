using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class BadInputTests
{
    private static readonly string[] BadNames =
    [
        "../../x", "/abs/worktree", "a/../b", "-b", "--force", "a/b", "a.lock", "a..b", ".hidden", "end.", "con", "NUL.txt", "", new('x', 64),
        "a\nb", "a\tb", "a\0b", "x;touch pwn", "$(touch pwn)", "index.json", "naïve", "a b",
    ];

    public static TheoryData<string, string, string> TakesNames { get; } = new()
    {
        { "worktree_create", "name", "{}" },
        { "worktree_status", "name", "{}" },
        { "worktree_run", "name", """{"command":"touch pwn"}""" },
        { "worktree_keep", "name", "{}" },
        { "worktree_remove", "name", """{"force":true}""" },
        { "worktree_events", "name", "{}" },
        { "task_bind_worktree", "worktree", """{"task_id":1}""" },
    };

    public static TheoryData<string, string> TakesTasks { get; } = new()
    {
        { "task_get", "{}" }, { "task_update", """{"note":"x"}""" }, { "task_bind_worktree", """{"worktree":"mine"}""" },
        { "worktree_create", """{"name":"other"}""" }, { "worktree_events", "{}" },
    };

    [Theory]
    [MemberData(nameof(TakesNames))]
    public async Task A_name_that_is_a_path_an_option_or_reserved_is_refused_by_every_tool(string tool, string argument, string others)
    {
        using var repository = new TempRepository();
        await using var agent = await WithOneTask(repository);
        foreach (var name in BadNames)
        {
            var error = (await agent.Refuses(tool, With(others, argument, name), "invalid_argument")).GetProperty("error");
            error.GetProperty("message").GetString().Should().Contain(argument);
        }

        Directory.GetFiles(repository.Base, "pwn", SearchOption.AllDirectories).Should().BeEmpty();
        Directory.GetFileSystemEntries(repository.Base).Should().Equal(repository.Root);
    }

    [Theory]
    [InlineData("worktree_create", "name", "{}")]
    [InlineData("worktree_status", "name", "{}")]
    [InlineData("worktree_run", "name", """{"command":"true"}""")]
    [InlineData("worktree_keep", "name", "{}")]
    [InlineData("worktree_remove", "name", "{}")]
    [InlineData("task_bind_worktree", "worktree", """{"task_id":1}""")]
    public async Task A_name_that_differs_only_in_case_is_refused_and_the_other_named(string tool, string argument, string others)
    {
        using var repository = new TempRepository();
        await using var agent = await WithOneTask(repository);

        var answer = await agent.Refuses(tool, With(others, argument, "MINE"));

        answer.GetProperty("error").GetProperty("message").GetString().Should().Contain("mine");
    }

    [Theory]
    [MemberData(nameof(TakesTasks))]
    public async Task A_task_id_that_can_be_none_is_refused_by_every_tool(string tool, string others)
    {
        using var repository = new TempRepository();
        await using var agent = await WithOneTask(repository);
        foreach (var id in new[] { "0", "-1", "1.5", "\"1\"", "1152921504606846976", "true", "[1]" })
        {
            var answer = await agent.Refuses(tool, With(others, "task_id", JsonNode.Parse(id)), "invalid_argument");
            answer.GetProperty("error").GetProperty("message").GetString().Should().Contain("'task_id'");
        }
    }

    [Theory]
    [InlineData("task_create", "{}", "'subject' is missing")]
    [InlineData("task_get", "{}", "'task_id' is missing")]
    [InlineData("task_update", """{"note":"x"}""", "'task_id' is missing")]
    [InlineData("task_bind_worktree", """{"task_id":1}""", "'worktree' is missing")]
    [InlineData("worktree_run", """{"name":"mine"}""", "'command' is missing")]
    [InlineData("worktree_remove", "{}", "'name' is missing")]
    [InlineData("task_get", """{"taskid":1}""", "did you mean 'task_id'")]
    [InlineData("worktree_create", """{"name":"x","baseRef":"main"}""", "did you mean 'base_ref'")]
    [InlineData("task_create", """{"subject":"x","colour":"red"}""", "'colour' is unknown")]
    [InlineData("task_create", """{"subject":"x","priority":"urgent"}""", "'priority' must be one of low, normal, high")]
    [InlineData("task_update", """{"task_id":1,"status":"done"}""", "'status' must be one of")]
    [InlineData("task_update", """{"task_id":1,"attention":1}""", "'attention' must be one of")]
    [InlineData("worktree_list", """{"status":"Active"}""", "'status' must be one of")]
    [InlineData("task_create", """{"subject":"x","blocked_by":["1"]}""", "'blocked_by'[0] must be an integer")]
    [InlineData("task_create", """{"subject":"x","labels":[1]}""", "'labels'[0] must be a string")]
    [InlineData("task_create", """{"subject":"x","labels":"a"}""", "'labels' must be an array")]
    [InlineData("task_create", """{"subject":"x","labels":[""]}""", "labels")]
    [InlineData("task_create", """{"subject":""}""", "subject")]
    [InlineData("task_create", """{"subject":" \t\n"}""", "subject")]
    [InlineData("task_create", """{"subject":"x","agent":" "}""", "agent")]
    [InlineData("task_create", """{"subject":"x","agent":"a\nb"}""", "agent")]
    [InlineData("task_update", """{"task_id":1}""", "only task_id was given")]
    [InlineData("task_update", """{"task_id":1,"note":" "}""", "note")]
    [InlineData("worktree_run", """{"name":"mine","command":"echo a\u0000b"}""", "'command' must not hold a NUL")]
    [InlineData("worktree_run", """{"name":"mine","command":"  "}""", "command")]
    [InlineData("worktree_run", """{"name":"mine","command":"true","timeout_seconds":0}""", "'timeout_seconds' is out of range")]
    [InlineData("task_list", """{"cursor":"next"}""", "cursor")]
    [InlineData("worktree_list", """{"cursor":"-1"}""", "cursor")]
    [InlineData("task_list", """{"limit":0}""", "'limit' is out of range: it must be from 1 to 100")]
    [InlineData("task_list", """{"limit":101}""", "'limit' is out of range: it must be from 1 to 100")]
    [InlineData("worktree_list", """{"limit":101}""", "'limit' is out of range: it must be from 1 to 100")]
    [InlineData("worktree_events", """{"limit":201}""", "'limit' is out of range: it must be from 1 to 200")]
    [InlineData("worktree_events", """{"since_seq":-1}""", "'since_seq' is out of range")]
    [InlineData("worktree_create", """{"branch":"main"}""", "Neither name nor task_id")]
    [InlineData("task_plan", "{}", "'tasks' is missing")]
    [InlineData("task_plan", """{"tasks":[]}""", "'tasks' must have at least 1 items, but has 0")]
    [InlineData("task_plan", """{"tasks":[{"subject":"x"}]}""", "'tasks'[0].key is missing")]
    [InlineData("task_plan", """{"tasks":[{"key":"a","subject":"x","need":["b"]}]}""", "'tasks'[0].need is unknown; did you mean 'needs'?")]
    [InlineData("task_plan", """{"tasks":[{"key":"a","subject":"x","needs":[7]}]}""", "'tasks'[0].needs[0] must be a string")]
    [InlineData("task_plan", """{"tasks":[{"key":"a","subject":"x","priority":"urgent"}]}""", "'tasks'[0].priority must be one of low, normal, high")]
    [InlineData("task_plan", """{"tasks":[{"key":"a","subject":""}]}""", "'tasks'[0].subject must have at least 1 characters")]
    [InlineData("task_plan", """{"tasks":["a"]}""", "'tasks'[0] must be an object")]
    [InlineData("task_plan", """{"tasks":[{"key":"a","subject":"x","needs":["b"]},{"key":"b","subject":"y","needs":["a"]}]}""", "a -> b -> a")]
    [InlineData("worktree_create", """{"name":"x","base_ref":"--output=pwn"}""", "base_ref")]
    public async Task A_faulty_argument_is_named(string tool, string arguments, string message)
    {
        using var repository = new TempRepository();
        await using var agent = await WithOneTask(repository);

        var answer = await agent.Refuses(tool, (JsonObject)JsonNode.Parse(arguments)!, "invalid_argument");

        answer.GetProperty("error").GetProperty("message").GetString().Should().Contain(message);
    }

    [Theory]
    [InlineData("task_create", "subject", 500, "{}")]
    [InlineData("task_create", "description", 16_000, """{"subject":"x"}""")]
    [InlineData("task_create", "agent", 100, """{"subject":"x"}""")]
    [InlineData("task_update", "note", 4_000, """{"task_id":1}""")]
    [InlineData("task_update", "owner", 100, """{"task_id":1}""")]
    public async Task A_text_may_be_as_long_as_its_limit_and_no_longer(string tool, string argument, int limit, string others)
    {
        using var repository = new TempRepository();
        await using var agent = await WithOneTask(repository);

        await agent.Refuses(tool, With(others, argument, new string('x', limit + 1)), "invalid_argument");
        await agent.Calls(tool, With(others, argument, new string('x', limit)));
    }

    [Fact]
    public async Task Twenty_labels_are_allowed_and_no_more()
    {
        using var repository = new TempRepository();
        await using var agent = await WithOneTask(repository);

        var answer = await agent.Refuses("task_create", With("""{"subject":"x"}""", "labels", Labels(21)), "invalid_argument");

        answer.GetProperty("error").GetProperty("message").GetString().Should().Contain("labels has 21");
        await agent.Creates("x", new() { ["labels"] = Labels(20) });
        (await agent.Gets(2)).GetProperty("task").GetProperty("labels").GetArrayLength().Should().Be(20);
    }

    [Fact]
    public async Task A_revision_that_is_no_longer_true_is_refused_with_the_one_that_is()
    {
        using var repository = new TempRepository();
        await using var agent = await WithOneTask(repository);

        var answer = await agent.Refuses("task_update", With("""{"task_id":1,"note":"x"}""", "expected_revision", 99), "task_changed");

        answer.GetProperty("error").GetProperty("message").GetString().Should().Contain("has revision 1, not 99");
    }

    private static async Task<AgentClient> WithOneTask(TempRepository repository)
    {
        var agent = await AgentClient.Start(repository);
        await agent.Creates("first");
        await agent.MakesWorktree("mine");
        return agent;
    }

    private static JsonArray Labels(int count) => [.. Enumerable.Range(1, count).Select(number => JsonValue.Create($"label-{number}"))];

    private static JsonObject With(string others, string argument, JsonNode? value)
    {
        var all = (JsonObject)JsonNode.Parse(others)!;
        all[argument] = value?.DeepClone();
        return all;
    }
}

using System.Text.Json;
using WorktreeMcp.EchoServer;
using WorktreeMcp.Server.Mcp.Arguments;

namespace WorktreeMcp.Server.Tests;

public sealed class ToolSchemaTests
{
    public static TheoryData<string> Eras => ServerUnderTest.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task Tools_are_listed_in_the_given_order(string era)
    {
        await using var server = await ServerUnderTest.Start(era);

        var tools = await server.Client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);

        tools.Select(tool => tool.Name).Should().Equal(EchoTools.Names);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task A_tool_states_title_description_and_four_hints(string era)
    {
        var tool = await EchoTool(era);

        tool.GetProperty("title").GetString().Should().Be("Echo a task");
        tool.GetProperty("description").GetString().Should().Be("Say back what was given. It changes nothing.");
        var hints = tool.GetProperty("annotations");
        hints.GetProperty("readOnlyHint").GetBoolean().Should().BeTrue();
        hints.GetProperty("destructiveHint").GetBoolean().Should().BeFalse();
        hints.GetProperty("idempotentHint").GetBoolean().Should().BeTrue();
        hints.GetProperty("openWorldHint").GetBoolean().Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task The_input_schema_is_closed_and_has_plain_types(string era)
    {
        var tool = await EchoTool(era);

        tool.GetProperty("inputSchema").GetRawText().Should().Be(
            """
            {"type":"object","properties":{
            "task_id":{"description":"Task id from task_list.","type":"integer"},
            "subject":{"description":"What the task is about.","type":"string","minLength":1,"maxLength":20},
            "mood":{"description":"How it is to be done.","type":"string","enum":["calm","in_a_hurry"]},
            "blocked_by":{"description":"Ids of tasks to wait for.","type":"array","items":{"type":"integer"}},
            "ready":{"description":"Only ready ones.","type":"boolean"},
            "limit":{"description":"How many, at most 200.","type":"integer","default":20,"minimum":1,"maximum":200},
            "offset":{"description":"Where to begin.","type":"integer","default":0},
            "agent":{"description":"Who you are, if not the connection.","type":"string","pattern":"^[a-z][a-z0-9-]*$"}},
            "required":["task_id"],"additionalProperties":false}
            """.ReplaceLineEndings(""));
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task What_may_be_null_in_a_result_may_be_missing_and_has_a_plain_type(string era)
    {
        var tool = await EchoTool(era);

        tool.GetProperty("outputSchema").GetRawText().Should().Be(
            """
            {"type":"object","properties":{
            "task_id":{"type":"integer"},"offset":{"type":"integer"},"caller":{"type":"string"},
            "rows":{"type":"array","items":{"type":"object","properties":{"number":{"type":"integer"},"note":{"type":"string"}},"required":["number"]}},
            "mood":{"type":"string","enum":["calm","in_a_hurry"]},"subject":{"type":"string"},"ready":{"type":"boolean"},
            "limit":{"type":"integer"},"next":{"type":"string"},"news":{"type":"array","items":{"type":"string"}}},
            "required":["task_id","offset","caller","rows"]}
            """.ReplaceLineEndings(""));
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task A_result_is_the_same_in_text_and_structure_and_fits_its_schema(string era)
    {
        await using var server = await ServerUnderTest.Start(era);
        var schema = (await EchoTool(era)).GetProperty("outputSchema");

        var result = await server.Call(
            "echo_task", ("task_id", 7), ("mood", "in_a_hurry"), ("blocked_by", JsonElement.Parse("[1,2]")), ("offset", 1L << 60), ("subject", "it's ü"));

        result.IsError.Should().NotBe(true);
        var structure = result.StructuredContent!.Value;
        JsonElement.DeepEquals(JsonElement.Parse(ServerUnderTest.Text(result)), structure).Should().BeTrue();
        ServerUnderTest.Text(result).Should().Contain("it's ü");
        structure.GetProperty("mood").GetString().Should().Be("in_a_hurry");
        structure.GetProperty("offset").GetInt64().Should().Be(1L << 60);
        structure.TryGetProperty("ready", out _).Should().BeFalse();
        var members = structure.EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
        ArgumentCheck.Faults(new ToolInput(schema, new HashSet<string> { "offset" }), members).Should().BeEmpty();
    }

    private static async Task<JsonElement> EchoTool(string era)
    {
        await using var server = await ServerUnderTest.Start(era);
        var tools = await server.Client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        var tool = tools.Single(tool => tool.Name == "echo_task").ProtocolTool;
        return JsonSerializer.SerializeToElement(tool, ModelContextProtocol.McpJsonUtilities.DefaultOptions);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp;

namespace WorktreeMcp.Server.Tests;

public sealed partial class RefusalTests
{
    public static TheoryData<string> Eras => ServerUnderTest.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task A_refusal_is_one_text_block_of_code_message_hint_and_next(string era)
    {
        await using var server = await ServerUnderTest.Start(era);

        var result = await server.Call("fail", ("how", "refusal"));

        result.IsError.Should().BeTrue();
        result.StructuredContent.Should().BeNull();
        ServerUnderTest.Text(result).Should().Be(
            """{"error":{"code":"task_blocked","message":"Task 2 waits for task 1.","hint":"Complete task 1 first."},"next":"task_get(task_id: 1)"}""");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task A_fault_has_a_number_that_leads_to_its_stack_trace_in_the_log(string era)
    {
        await using var server = await ServerUnderTest.Start(era);

        var error = await server.Refused("fail", """{"how":"fault"}""");

        error.GetProperty("code").GetString().Should().Be("internal");
        var message = error.GetProperty("message").GetString()!;
        message.Should().NotContain("secret").And.Contain("InvalidOperationException");
        var number = FaultNumber().Match(message).Groups[1].Value;
        server.Log.Should().Contain($"fail failed, fault {number}").And.Contain("the secret cause").And.Contain("at WorktreeMcp.EchoServer.EchoTools.Fail");
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_fault()
    {
        await using var server = await ServerUnderTest.Start("2025-11-25");

        var error = await server.Refused("fail", """{"how":"cancelled"}""");

        error.GetProperty("code").GetString().Should().Be("internal");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task An_unknown_tool_is_a_protocol_error(string era)
    {
        await using var server = await ServerUnderTest.Start(era);

        var call = async () => await server.Call("nope");

        (await call.Should().ThrowAsync<McpProtocolException>()).Which.ErrorCode.Should().Be(McpErrorCode.InvalidParams);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task An_unknown_method_is_a_protocol_error(string era)
    {
        await using var server = await ServerUnderTest.Start(era);

        var call = async () => await server.Client.SendRequestAsync(
            new JsonRpcRequest { Method = "nope/nope", Params = new JsonObject() }, TestContext.Current.CancellationToken);

        (await call.Should().ThrowAsync<McpProtocolException>()).Which.ErrorCode.Should().Be(McpErrorCode.MethodNotFound);
    }

    [Fact]
    public async Task Each_call_leaves_one_line_with_tool_outcome_and_time()
    {
        await using var server = await ServerUnderTest.Start("2025-11-25");

        await server.Call("echo_task", ("task_id", 1));
        await server.Call("fail", ("how", "refusal"));

        CallLine().Matches(server.Log).Select(line => line.Groups[1].Value).Should().Equal("echo_task ok", "fail task_blocked");
    }

    [Fact]
    public void Every_code_is_in_snake_case_and_next_is_left_out_when_there_is_none()
    {
        foreach (var code in Enum.GetValues<RefusalCode>())
        {
            var text = ServerUnderTest.Text(Reply.Error(new Refusal(code, "It's so.", "Do <this>.")));

            JsonElement.Parse(text).GetProperty("error").GetProperty("code").GetString().Should().MatchRegex("^[a-z]+(_[a-z]+)*$");
            text.Should().Contain("It's so.").And.Contain("Do <this>.").And.NotContain("next");
        }

        Reply.Code(RefusalCode.NotARepository).Should().Be("not_a_repository");
    }

    [GeneratedRegex("fault ([0-9a-f]{8})")]
    private static partial Regex FaultNumber();

    [GeneratedRegex(@"info WorktreeMcp\.Server\.Mcp\.ToolCallFilter: (\w+ \w+) \d+ ms")]
    private static partial Regex CallLine();
}

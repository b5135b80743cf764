using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>The built program, given parameters that cannot be those of a call, or ends of streams that are not there.</summary>
public sealed class FaultyRequestsTests
{
    private const string Echo = "echo-mcp.dll";

    [Theory]
    [InlineData("""{"name":"echo_task","arguments":{"task_id":1,"subject":"x \ud83d"}}""", "'subject'")]
    [InlineData("""{"name":"echo_task","arguments":{"task_id":1,"blocked_by":[1,"\udc00"]}}""", "'blocked_by[1]'")]
    [InlineData("""{"name":"echo_task","arguments":{"task_id":1,"a\ud83d":1}}""", "'params.arguments'")]
    [InlineData("""{"name":"echo_task\ud83d","arguments":{}}""", "'params.name'")]
    [InlineData("""{"name":"echo_task","arguments":[]}""", "'arguments' must be an object, but is an array")]
    [InlineData("""{"name":"echo_task","arguments":"x"}""", "'arguments' must be an object, but is a string")]
    [InlineData("""{"name":"echo_task","arguments":7}""", "'arguments' must be an object, but is a number")]
    [InlineData("\"x\"", "'params' must be an object, but is a string")]
    [InlineData("[1]", "'params' must be an object, but is an array")]
    [InlineData("{}", "'name' is missing")]
    [InlineData("null", "'name' is missing")]
    [InlineData("""{"name":null}""", "'name' is missing")]
    [InlineData("""{"name":7}""", "'name' must be the name of a tool, but is a number")]
    [InlineData("""{"name":"echo_task","arguments":{"task_id":1},"_meta":7}""", "_meta")]
    public async Task Parameters_that_cannot_be_those_of_a_call_are_named(string parameters, string named)
    {
        await using var server = await StdioTests.Started(Echo);

        await server.Request(1, "tools/call", parameters);

        var error = (await server.Answer(1)).GetProperty("error");
        error.GetProperty("code").GetInt32().Should().Be(-32602);
        error.GetProperty("message").GetString().Should().Contain(named);
        await server.WaitForLog("was refused");
        await server.Call(2, "echo_task", """{"task_id":5,"subject":"\ud83d\ude00"}""");
        (await server.Answer(2)).GetProperty("result").GetProperty("structuredContent").GetProperty("subject").GetString().Should().Be("\ud83d\ude00");
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_in_an_argument_are_named_too()
    {
        await using var server = await StdioTests.Started(Echo);

        await server.SendBytes((byte[])[.. """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo_task","arguments":{"task_id":1,"subject":"a"""u8, 0xff, .. "\"}}}\n"u8]);

        (await server.Answer(1)).GetProperty("error").GetProperty("message").GetString().Should().Contain("'subject'");
    }

    [Theory]
    [InlineData("prompts/get", "{}", "'name' is missing")]
    [InlineData("resources/read", """{"uri":[]}""", "'uri' must be the address of a resource, but is an array")]
    [InlineData("completion/complete", """{"ref":7,"argument":{"name":"a","value":"b"}}""", "ref")]
    [InlineData("ping", "\"x\"", "'params' must be an object")]
    public async Task So_are_those_of_other_methods(string method, string parameters, string named)
    {
        await using var server = await StdioTests.Started("worktree-mcp.dll");

        await server.Request(1, method, parameters);

        var error = (await server.Answer(1)).GetProperty("error");
        error.GetProperty("code").GetInt32().Should().Be(-32602);
        error.GetProperty("message").GetString().Should().Contain(named);
    }

    [Theory]
    [InlineData("<&-", 0)]
    [InlineData("<&- >&-", 0)]
    [InlineData("<&- 2>&-", 0)]
    [InlineData("</dev/null", 0)]
    public async Task A_server_that_was_given_no_input_ends(string redirected, int code)
    {
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", $"exec dotnet \"$1\" {redirected}", "sh", BuiltServer.PathOf("worktree-mcp.dll")]);
        using var server = System.Diagnostics.Process.Start(start)!;
        try
        {
            await server.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(BuiltServer.Limit, TestContext.Current.CancellationToken);
        }
        finally
        {
            server.Kill();
        }

        server.ExitCode.Should().Be(code);
    }

    [Fact]
    public async Task A_server_without_an_output_ends_with_its_first_answer_and_writes_it_nowhere()
    {
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", "exec dotnet \"$1\" >&-", "sh", BuiltServer.PathOf("worktree-mcp.dll")]) { RedirectStandardInput = true };
        using var server = System.Diagnostics.Process.Start(start)!;
        try
        {
            await server.StandardInput.WriteLineAsync("""{"jsonrpc":"2.0","id":1,"method":"ping"}""");
            await server.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(BuiltServer.Limit, TestContext.Current.CancellationToken);
        }
        finally
        {
            server.Kill();
        }

        server.ExitCode.Should().Be(0);
    }
}

using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>The built program as a child process. The limits are those of a loaded machine; the promise is 2 s.</summary>
public sealed class StdioTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(3.5);

    private const string Echo = "echo-mcp.dll";

    [Fact]
    public async Task Requests_that_were_piped_in_are_all_answered_before_the_end()
    {
        await using var server = BuiltServer.Start();
        await server.Initialize();
        await server.Request(1, "tools/list");
        await server.SendRaw("""{"jsonrpc":"2.0","id":2,"method":"ping"}""");
        server.CloseInput();

        var lines = (await server.ReadToEnd()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        lines.Select(line => JsonElement.Parse(line).GetProperty("id").GetInt32()).Should().BeEquivalentTo([0, 1, 2]);
        var (code, took) = await server.Exit();
        code.Should().Be(0);
        took.Should().BeLessThan(Soon);
        server.Log.Should().BeEmpty();
    }

    [Fact]
    public async Task The_end_of_an_idle_client_ends_the_server_at_once()
    {
        await using var server = await Started(Echo);
        server.CloseInput();

        var (code, took) = await server.Exit();

        code.Should().Be(0);
        // Nothing is unanswered, so the second for late answers is not used up.
        took.Should().BeLessThan(TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_signal_ends_the_server(bool terminate)
    {
        await using var server = await Started(Echo);
        if (terminate)
        {
            server.Terminate();
        }
        else
        {
            server.Interrupt();
        }

        var (code, took) = await server.Exit();

        code.Should().Be(0);
        took.Should().BeLessThan(Soon);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_running_tool_is_cancelled_when_the_server_stops(bool signal)
    {
        await using var server = await Started(Echo);
        await server.Call(1, "wait");
        await server.WaitForLog("waiting");
        Stop(server, signal);

        var (code, took) = await server.Exit();

        code.Should().Be(0);
        took.Should().BeLessThan(Soon);
        await server.WaitForLog("cancelled");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stuck_tool_does_not_keep_the_server_alive(bool signal)
    {
        await using var server = await Started(Echo);
        await server.Call(1, "stuck");
        await server.WaitForLog("stuck");
        Stop(server, signal);

        var (code, took) = await server.Exit();

        code.Should().Be(0);
        took.Should().BeLessThan(Soon);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_does_not_read_does_not_keep_the_server_alive(bool signal)
    {
        await using var server = await Started(Echo);
        await server.Call(1, "print", """{"size":1000000}""");
        await server.ReadSomething();
        Stop(server, signal);

        var (code, took) = await server.Exit();

        code.Should().Be(0);
        took.Should().BeLessThan(Soon);
    }

    [Fact]
    public async Task A_client_that_asked_for_more_than_it_reads_does_not_keep_the_server_alive()
    {
        await using var server = await Started("worktree-mcp.dll");
        for (var id = 1; id <= 900; id++)
        {
            await server.Request(id, "tools/list");
        }

        await server.ReadSomething();
        server.CloseInput();

        var (code, took) = await server.Exit();

        code.Should().Be(0);
        took.Should().BeLessThan(Soon);
    }

    [Fact]
    public async Task An_open_subscription_does_not_keep_the_server_alive()
    {
        const string Meta =
            """
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}
            """;
        await using var server = BuiltServer.Start(Echo);
        await server.Request(1, "subscriptions/listen", $$$"""{{{{Meta}}},"notifications":{"toolsListChanged":true}}""");
        (await server.ReadLine()).Should().Contain("notifications/subscriptions/acknowledged");
        server.CloseInput();

        var (code, took) = await server.Exit();

        code.Should().Be(0);
        took.Should().BeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Stdout_holds_whole_messages_and_nothing_else()
    {
        await using var server = await Started(Echo);
        for (var id = 1; id <= 20; id++)
        {
            await server.Call(id, "print", """{"size":70000}""");
        }

        // Every second one is cancelled while its answer may be under way.
        for (var id = 2; id <= 20; id += 2)
        {
            await server.Send($$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{{id}}}}}""");
        }

        server.CloseInput();

        var lines = (await server.ReadToEnd()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var answered = lines.Select(line => JsonElement.Parse(line).GetProperty("id").GetInt32()).ToList();
        answered.Should().Contain(Enumerable.Range(0, 10).Select(number => (2 * number) + 1)).And.OnlyHaveUniqueItems();
        server.Log.Should().Contain("a stray line");
    }

    [Fact]
    public async Task Malformed_lines_do_not_end_the_server()
    {
        await using var server = await Started(Echo);
        foreach (var line in new[] { "{bad json", "", "[]", "null", "\"text\"", "[{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}]", "\u0001\u0002" })
        {
            await server.Send(line);
        }

        await server.Call(1, "echo_task", """{"task_id":5}""");

        var answer = await server.Answer(1);
        answer.GetProperty("result").GetProperty("structuredContent").GetProperty("task_id").GetInt32().Should().Be(5);
    }

    [Fact]
    public async Task What_was_meant_as_a_request_is_answered_though_it_is_none()
    {
        await using var server = await Started(Echo);

        await server.Send("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":""");
        Code(await server.Answer(1)).Should().Be(-32700);
        await server.Send("""{"id":2,"method":"ping"}""");
        Code(await server.Answer(2)).Should().Be(-32600);
        await server.Send("""[{"jsonrpc":"2.0","id":3,"method":"ping"},{"jsonrpc":"2.0","id":4,"method":[]}]""");
        var answers = new[] { JsonElement.Parse((await server.ReadLine())!), JsonElement.Parse((await server.ReadLine())!) }.ToDictionary(answer => answer.GetProperty("id").GetInt32());
        answers[3].TryGetProperty("result", out _).Should().BeTrue();
        Code(answers[4]).Should().Be(-32600);
    }

    [Fact]
    public async Task A_second_request_with_the_id_of_one_under_way_is_refused_and_the_first_can_still_be_cancelled()
    {
        await using var server = await Started(Echo);
        await server.Call(1, "wait");
        await server.WaitForLog("waiting");

        await server.Call(1, "echo_task", """{"task_id":5}""");

        var error = (await server.Answer(1)).GetProperty("error");
        error.GetProperty("code").GetInt32().Should().Be(-32600);
        error.GetProperty("message").GetString().Should().Contain("id 1 ");
        server.Log.Should().NotContain("cancelled");
        await server.Send("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""");
        await server.WaitForLog("cancelled");

        // The name is free again, and one that only looks like it never was taken.
        await server.Call(1, "echo_task", """{"task_id":6}""");
        (await server.Answer(1)).GetProperty("result").GetProperty("structuredContent").GetProperty("task_id").GetInt32().Should().Be(6);
    }

    [Theory]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]""", 1)]
    [InlineData("""{"id":1,"method":"ping"}""", 1)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":""", 1)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo_task","arguments":{"subject":"\ud83d"}}}""", 1)]
    [InlineData("""{"jsonrpc":"2.0","id":"1","method":"ping"}""", 0)]
    public async Task Nor_does_anything_else_take_the_id_of_one_under_way(string line, int refused)
    {
        await using var server = await Started(Echo);
        await server.Call(1, "wait");
        await server.WaitForLog("waiting");

        await server.Send(line);
        await server.Call(3, "echo_task", """{"task_id":5}""");
        await server.Answer(3);
        await server.Send("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""");

        await server.WaitForLog("cancelled");
        server.Received.Select(text => JsonElement.Parse(text)).Count(answer => Is(answer.GetProperty("id"), 1) && answer.TryGetProperty("error", out _)).Should().Be(refused);

        static bool Is(JsonElement id, int number) => id.ValueKind == JsonValueKind.Number && id.GetInt32() == number;
    }

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
        await using var server = await Started(Echo);

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
        await using var server = await Started(Echo);

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
        await using var server = await Started("worktree-mcp.dll");

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
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no descriptors to close.");
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
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no descriptors to close.");
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

    [Fact]
    public async Task A_call_before_the_handshake_is_answered_and_the_handshake_goes_on()
    {
        await using var server = BuiltServer.Start(Echo);
        await server.Send("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        await server.Call(1, "echo_task", """{"task_id":5}""");
        (await server.Answer(1)).GetProperty("jsonrpc").GetString().Should().Be("2.0");

        await server.Initialize();
        await server.Answer(0);
        await server.Call(2, "echo_task", """{"task_id":6}""");

        (await server.Answer(2)).TryGetProperty("result", out _).Should().BeTrue();
    }

    [Fact]
    public async Task A_line_over_the_limit_is_answered_and_one_below_it_is_served()
    {
        await using var server = await Started(Echo);

        await server.Call(1, "print", $$"""{"size":3,"more":"{{new string('y', 1024 * 1024)}}"}""");
        var error = (await server.Answer(1)).GetProperty("error");
        error.GetProperty("code").GetInt32().Should().Be(-32600);
        error.GetProperty("message").GetString().Should().Contain("1048576 bytes");

        await server.Call(2, "fail", $$"""{"how":"{{new string('y', 1024 * 1000)}}"}""");
        (await server.Answer(2)).GetProperty("result").GetProperty("isError").GetBoolean().Should().BeTrue();
    }

    [Fact]
    public async Task Unknown_methods_and_tools_have_their_protocol_codes()
    {
        await using var server = await Started("worktree-mcp.dll");

        await server.Request(1, "nope");
        (await server.Answer(1)).GetProperty("error").GetProperty("code").GetInt32().Should().Be(-32601);
        await server.Call(2, "nope");
        (await server.Answer(2)).GetProperty("error").GetProperty("code").GetInt32().Should().Be(-32602);
    }

    [Theory]
    [InlineData("2099-01-01", "2025-11-25")]
    [InlineData("2026-07-28", "2025-11-25")]
    [InlineData("2025-06-18", "2025-06-18")]
    [InlineData("2024-11-05", "2024-11-05")]
    public async Task An_unknown_version_is_answered_with_ours(string asked, string answered)
    {
        await using var server = BuiltServer.Start();
        await server.Initialize(asked);

        var result = (await server.Answer(0)).GetProperty("result");

        result.GetProperty("protocolVersion").GetString().Should().Be(answered);
        result.GetProperty("serverInfo").GetProperty("name").GetString().Should().Be("worktree-mcp");
        result.GetProperty("serverInfo").GetProperty("version").GetString().Should().Be("0.1.0");
        result.GetProperty("instructions").GetString().Should().NotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task A_broken_appsettings_file_in_the_users_directory_does_not_matter()
    {
        var directory = Directory.CreateTempSubdirectory("worktree-mcp-test-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "appsettings.json"), "{ broken", TestContext.Current.CancellationToken);
            await using var server = BuiltServer.Start(workingDirectory: directory.FullName);
            await server.Initialize();
            await server.Answer(0);
            server.CloseInput();

            (await server.Exit()).Code.Should().Be(0);
            server.Log.Should().BeEmpty();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_bad_log_level_is_named_once_on_stderr()
    {
        await using var server = BuiltServer.Start(environment: new Dictionary<string, string> { ["WORKTREEMCP_LOG_LEVEL"] = "loud" });
        server.CloseInput();

        (await server.Exit()).Code.Should().Be(0);
        server.Log.Split('\n').Should().ContainSingle().Which.Should().Contain("'loud'");
    }

    private static int Code(JsonElement answer) => answer.GetProperty("error").GetProperty("code").GetInt32();

    private static async Task<BuiltServer> Started(string assembly)
    {
        var server = BuiltServer.Start(assembly);
        await server.Initialize();
        await server.Answer(0);
        return server;
    }

    private static void Stop(BuiltServer server, bool signal)
    {
        if (signal)
        {
            server.Terminate();
        }
        else
        {
            server.CloseInput();
        }
    }
}

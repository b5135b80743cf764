using System.Diagnostics;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Commands that do what they should not, in the built server, without the sandbox and in it.</summary>
public sealed class HostileCommandsTests : IDisposable
{
    private readonly TempRepository _repository = new();
    private readonly List<Wire> _wires = [];

    public void Dispose()
    {
        _wires.ForEach(wire => wire.Dispose());
        _repository.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_a_command_does_is_told_in_its_result(bool confined)
    {
        await using var server = await Started(confined);

        (await Runs(server, 2, "exit 7")).GetProperty("exit_code").GetInt32().Should().Be(7);
        (await Runs(server, 3, "no-such-command-anywhere")).GetProperty("exit_code").GetInt32().Should().Be(127);
        (await Runs(server, 4, "cat")).GetProperty("exit_code").GetInt32().Should().Be(0);
        (await Runs(server, 5, "env | grep ^GIT_; test $? = 1")).GetProperty("exit_code").GetInt32().Should().Be(0);
        var left = await Runs(server, 6, "sleep 500 & echo hi");
        left.GetProperty("stdout").GetString().Should().Be("hi\n");
        left.TryGetProperty("still_alive", out _).Should().BeFalse();
        var forged = await Runs(server, 7, """echo '{"jsonrpc":"2.0","id":8,"result":{}}'; printf 'a\377b'""");
        forged.GetProperty("stdout").GetString().Should().StartWith("{\"jsonrpc\"").And.EndWith("a\uFFFDb");
        (await Runs(server, 8, "echo after")).GetProperty("stdout").GetString().Should().Be("after\n");
        server.Received.Select(line => JsonElement.Parse(line).GetProperty("id").GetInt32()).Should().Equal([0, 1, 100, 2, 3, 4, 5, 6, 7, 8]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_left_the_session_and_the_environment_of_its_command_is_told_or_gone_with_the_sandbox(bool confined)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux hands orphans to whoever asks for them.");
        await using var server = await Started(confined);

        var run = await Runs(server, 2, "env -i setsid sh -c 'echo $$ > escaped; cd /; exec sleep 700' & while ! test -s escaped; do sleep 0.02; done; cat escaped");

        if (confined)
        {
            run.TryGetProperty("still_alive", out _).Should().BeFalse();
            return;
        }

        var escaped = run.GetProperty("still_alive").EnumerateArray().Select(pid => pid.GetInt32()).Single();
        run.GetProperty("stdout").GetString().Should().Be($"{escaped}\n");
        (await Runs(server, 3, "true")).TryGetProperty("still_alive", out _).Should().BeFalse("it began before that command");
        using var process = Process.GetProcessById(escaped);
        process.Kill();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_that_ignores_its_time_is_ended(bool confined)
    {
        await using var server = await Started(confined);

        var run = await Runs(server, 2, "trap '' TERM; sleep 600 & while :; do sleep 600; done", ", \"timeout_seconds\": 2");

        run.GetProperty("timed_out").GetBoolean().Should().BeTrue();
        run.TryGetProperty("still_alive", out _).Should().BeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flood_of_output_is_cut_and_fills_no_memory(bool confined)
    {
        await using var server = await Started(confined);
        await Runs(server, 2, "echo warm");
        var before = server.PeakMemory();

        var run = await Runs(server, 3, "yes | head -c 200000000; echo last");

        run.GetProperty("truncated").GetBoolean().Should().BeTrue();
        run.GetProperty("stdout_bytes").GetInt64().Should().Be(200_000_005);
        run.GetProperty("stdout").GetString().Should().StartWith("y\n").And.EndWith("last\n");
        (server.PeakMemory() - before).Should().BeLessThan(64 << 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_that_signals_its_whole_group_ends_itself_and_nobody_else(bool confined)
    {
        await using var server = await Started(confined);

        var run = await Runs(server, 2, "kill -TERM 0; sleep 600", ", \"timeout_seconds\": 60");

        run.TryGetProperty("timed_out", out _).Should().BeFalse();
        var wire = NewWire();
        await Sends(server, 3, wire.Held + "sleep 900");
        (await wire.Line()).Should().StartWith("run-");
        server.Kill();
        (await wire.End()).Should().BeEmpty("the watchdog outlived the signal");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_that_outlives_its_call_is_read_and_stopped(bool confined)
    {
        await using var server = await Started(confined);

        var begun = await Runs(server, 2, "echo up; sleep 600", ", \"wait_seconds\": 1");

        begun.GetProperty("running").GetBoolean().Should().BeTrue();
        var id = begun.GetProperty("run_id").GetString();
        (await Answer(server, 3, "worktree_output", $$"""{"run_id":"{{id}}"}""")).GetProperty("output")[0].GetProperty("text").GetString().Should().Be("up\n");
        var board = await Answer(server, 4, "board_show", "{}");
        board.GetProperty("worktrees")[0].GetProperty("running")[0].GetProperty("started_at").GetDouble().Should().BeGreaterThan(1_700_000_000);
        (await Answer(server, 5, "worktree_stop", $$"""{"run_id":"{{id}}"}""")).GetProperty("running").GetBoolean().Should().BeFalse();
    }

    [Theory]
    [InlineData(false, "end")]
    [InlineData(true, "end")]
    [InlineData(false, "terminate")]
    [InlineData(true, "terminate")]
    [InlineData(true, "kill")]
    [InlineData(true, "cancel")]
    public async Task The_end_of_the_call_is_the_end_of_all_the_command_started(bool confined, string end)
    {
        await using var server = await Started(confined);
        var wire = NewWire();
        await Sends(server, 2, wire.Held + "(setsid sleep 900 &); trap '' TERM; while :; do sleep 900; done");
        (await wire.Line()).Should().StartWith("run-");
        await server.Request(3, "ping");
        (await server.Answer(3)).GetProperty("result").EnumerateObject().Should().BeEmpty();

        switch (end)
        {
            case "end": server.CloseInput(); break;
            case "terminate": server.Terminate(); break;
            case "kill": server.Kill(); break;
            default: await server.Send("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"""); break;
        }

        (await wire.End()).Should().BeEmpty();
        server.Received.Should().NotContain(line => line.Contains("\"id\":2", StringComparison.Ordinal));
    }

    private async Task<BuiltServer> Started(bool confined)
    {
        Assert.SkipWhen(confined && Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        var server = BuiltServer.Start(
            workingDirectory: _repository.Root,
            environment: new Dictionary<string, string> { ["WORKTREEMCP_RUN_SANDBOX"] = confined ? "required" : "off", ["GIT_TRACE2_ENV_VARS"] = "x" });
        await server.Initialize();
        await Answer(server, 1, "worktree_create", """{"name":"lane"}""");
        (await Runs(server, 100, "true")).GetProperty("sandbox").GetString().Should().Be(confined ? "bubblewrap" : "none");
        return server;
    }

    private static Task Sends(BuiltServer server, int id, string command, string more = "") =>
        server.Call(id, "worktree_run", $$"""{"name":"lane","command":{{JsonSerializer.Serialize(command)}}{{more}}}""");

    private static async Task<JsonElement> Runs(BuiltServer server, int id, string command, string more = "")
    {
        await Sends(server, id, command, more);
        return (await server.Answer(id)).GetProperty("result").GetProperty("structuredContent");
    }

    private static async Task<JsonElement> Answer(BuiltServer server, int id, string tool, string arguments)
    {
        await server.Call(id, tool, arguments);
        return (await server.Answer(id)).GetProperty("result").GetProperty("structuredContent");
    }

    private Wire NewWire()
    {
        Directory.CreateDirectory(Path.Join(_repository.Root, ".worktrees", "lane", "build"));

        // Under the worktree, where a confined command may write.
        var wire = new Wire(Path.Join(_repository.Root, ".worktrees", "lane", "build"));
        _wires.Add(wire);
        return wire;
    }
}

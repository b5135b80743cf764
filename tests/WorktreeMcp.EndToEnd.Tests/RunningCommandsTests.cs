using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Commands of the built server, and what becomes of them when the server or the client goes.</summary>
public sealed class RunningCommandsTests : IDisposable
{
    private readonly TempRepository _repository = new();
    private readonly List<Wire> _wires = [];

    public static TheoryData<string> Stubborn =>
    [
        "sleep 900",
        "trap '' TERM; (setsid sh -c 'trap \"\" TERM; sleep 900' &) ; while :; do sleep 900; done",
        "sh -c 'sleep 900 & sleep 900 & wait'",
    ];

    public void Dispose()
    {
        _wires.ForEach(wire => wire.Dispose());
        _repository.Dispose();
    }

    [Theory]
    [MemberData(nameof(Stubborn))]
    public async Task A_killed_server_takes_the_command_it_waits_for_with_it(string command)
    {
        await using var server = await Started();
        var wire = await Begins(server, 2, command);

        server.Kill();

        (await wire.End()).Should().BeEmpty();
        await using var next = await ConnectedClient.Start(_repository.Root);
        (await next.Done("worktree_status", """{"name":"lane"}""")).TryGetProperty("running", out _).Should().BeFalse();
        RunEvents().Should().Equal("worktree.run.before", "worktree.run.failed");
        await next.Done("worktree_remove", """{"name":"lane"}""");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_of_a_server_is_the_end_of_its_command(bool signal)
    {
        await using var server = await Started();
        var wire = await Begins(server, 2, "trap '' TERM; sleep 900; sleep 900");
        if (signal)
        {
            server.Terminate();
        }
        else
        {
            server.CloseInput();
        }

        await server.Exit();

        (await wire.End()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_cancelled_call_ends_its_command_and_the_worktree_stays_usable()
    {
        await using var server = await Started();
        var wire = await Begins(server, 2, "(setsid sleep 900 &); sleep 900");

        await server.Send("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}""");

        (await wire.End()).Should().BeEmpty();
        await server.Call(3, "worktree_run", """{"name":"lane","command":"echo on"}""");
        (await Answer(server, 3)).GetProperty("stdout").GetString().Should().Be("on\n");
        server.Received.Should().NotContain(line => line.Contains("\"id\":2", StringComparison.Ordinal), "nobody waits for that answer");
    }

    [Fact]
    public async Task A_killed_server_leaves_its_background_command_to_the_next_one()
    {
        await using var server = await Started();
        var wire = NewWire();
        await server.Call(2, "worktree_run", JsonSerializer.Serialize(new { name = "lane", command = wire.Held + "echo up; sleep 900", background = true }));
        var id = (await Answer(server, 2)).GetProperty("run_id").GetString()!;
        (await wire.Line()).Should().Be(id);
        server.Kill();
        await server.Exit();

        await using var next = await ConnectedClient.Start(_repository.Root);
        (await next.Done("worktree_status", """{"name":"lane"}""")).GetProperty("running")[0].GetProperty("run_id").GetString().Should().Be(id);
        var read = await next.Done("worktree_output", $$"""{"run_id":"{{id}}"}""");
        read.GetProperty("running").GetBoolean().Should().BeTrue();
        read.GetProperty("output")[0].GetProperty("text").GetString().Should().Be("up\n");
        (await next.Refused("worktree_remove", """{"name":"lane","force":true}""", "worktree_busy")).GetProperty("message").GetString().Should().Contain(id);
        var stopped = await next.Done("worktree_stop", $$"""{"run_id":"{{id}}"}""");

        stopped.GetProperty("running").GetBoolean().Should().BeFalse();
        (await wire.End()).Should().BeEmpty();
        RunEvents().Should().Equal("worktree.run.before", "worktree.run.failed");
        await next.Done("worktree_remove", """{"name":"lane"}""");
    }

    [Fact]
    public async Task While_a_command_runs_its_progress_is_told_and_others_are_answered()
    {
        await using var server = await Started();
        var gate = NewWire();
        await server.Request(2, "tools/call", $$$"""{"name":"worktree_run","arguments":{"name":"lane","command":"echo step 1; sleep 1.3; echo done > {{{gate.Path}}}"},"_meta":{"progressToken":"p"}}""");
        await server.Request(3, "ping");
        await server.Answer(3);
        server.Received.Should().NotContain(line => line.Contains("\"id\":2", StringComparison.Ordinal));
        (await gate.Line()).Should().Be("done");

        await server.Answer(2);

        var notices = server.Received.Select(line => JsonElement.Parse(line)).Where(message => message.TryGetProperty("method", out _)).ToList();
        notices.Should().NotBeEmpty();
        notices.Should().OnlyContain(notice => notice.GetProperty("method").GetString() == "notifications/progress");
        notices.Should().OnlyContain(notice => notice.GetProperty("params").GetProperty("message").GetString()!.EndsWith(" s: step 1"));
        var told = notices.Select(notice => notice.GetProperty("params").GetProperty("progress").GetDouble()).ToList();
        told.Zip(told.Skip(1), (one, two) => two - one).Should().OnlyContain(pause => pause >= 0.4, "at most two a second");
    }

    [Theory]
    [InlineData("(sleep 900; echo late) & echo now")]
    [InlineData("setsid sh -c 'setsid sleep 900 &' ; echo now")]
    [InlineData("cat; echo now")]
    [InlineData("(echo now; exec 1>&- 2>&-; sleep 900) & sleep 0.1")]
    public async Task What_a_command_leaves_behind_neither_delays_the_answer_nor_stays(string command)
    {
        await using var server = await Started();
        var wire = await Begins(server, 2, command);

        (await Answer(server, 2)).GetProperty("stdout").GetString().Should().Be("now\n");

        (await wire.End()).Should().BeEmpty();
    }

    private async Task<BuiltServer> Started()
    {
        var server = BuiltServer.Start(workingDirectory: _repository.Root);
        await server.Initialize();
        await server.Call(1, "worktree_create", """{"name":"lane"}""");
        await server.Answer(1);
        return server;
    }

    /// <summary>Sends the call and waits until the command runs; every process of it holds the wire.</summary>
    private async Task<Wire> Begins(BuiltServer server, int id, string command)
    {
        var wire = NewWire();
        await server.Call(id, "worktree_run", JsonSerializer.Serialize(new { name = "lane", command = wire.Held + command }));
        (await wire.Line()).Should().StartWith("run-");
        return wire;
    }

    private Wire NewWire()
    {
        var wire = new Wire(_repository.Base);
        _wires.Add(wire);
        return wire;
    }

    private static async Task<JsonElement> Answer(BuiltServer server, int id) => (await server.Answer(id)).GetProperty("result").GetProperty("structuredContent");

    private List<string> RunEvents() =>
        [.. _repository.EventLines().Select(line => JsonElement.Parse(line).GetProperty("event").GetString()!).Where(name => name.StartsWith("worktree.run.", StringComparison.Ordinal))];
}

using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Commands that outlive the call that began them, and then its server.</summary>
public sealed class OutlivingRunsTests : IDisposable
{
    private readonly TempRepository _repository = new();
    private readonly List<Wire> _wires = [];

    public void Dispose()
    {
        _wires.ForEach(wire => wire.Dispose());
        _repository.Dispose();
    }

    [Theory]
    [InlineData(false, "kill", "exit 5", 5, null)]
    [InlineData(true, "kill", "exit 5", 5, null)]
    [InlineData(false, "end", "exit 137", 137, null)]
    [InlineData(false, "kill", "kill -9 $$", null, "SIGKILL")]
    [InlineData(false, "kill", "kill -9 0", null, "SIGKILL")]
    public async Task A_command_that_outlives_its_call_outlives_the_server_with_all_its_output_and_its_end(bool confined, string end, string last, int? code, string? signal)
    {
        await using var server = await Started(confined);
        var (wire, gate) = (NewWire(), NewGate());
        var begun = await Outlives(server, wire, $"seq 1 3000; echo err >&2; read line < {gate}; seq 3001 6000; {last}");
        begun.GetProperty("note").GetString().Should().Be("It goes on, also when this server ends.");
        var id = begun.GetProperty("run_id").GetString()!;
        await (end == "kill" ? Killed(server) : Ended(server));

        await using var next = await ConnectedClient.Start(_repository.Root);
        (await next.Done("worktree_status", """{"name":"lane"}""")).GetProperty("running")[0].GetProperty("run_id").GetString().Should().Be(id);
        await File.WriteAllTextAsync(gate, "go\n", TestContext.Current.CancellationToken);
        var (output, over) = await ReadToEnd(next, id);

        output.Should().Be(string.Concat(Enumerable.Range(1, 3000).Select(n => $"{n}\n")) + "err\n" + string.Concat(Enumerable.Range(3001, 3000).Select(n => $"{n}\n")));
        (over.TryGetProperty("exit_code", out var exit) ? exit.GetInt32() : (int?)null).Should().Be(code);
        (over.TryGetProperty("signal", out var by) ? by.GetString() : null).Should().Be(signal);
        (await wire.End()).Should().BeEmpty();
        RunEvents().Should().Equal("worktree.run.before", "worktree.run.after");
        await next.Done("worktree_remove", """{"name":"lane"}""");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_outlived_its_server_is_stopped_from_another_with_all_it_started(bool confined)
    {
        await using var server = await Started(confined);
        var wire = NewWire();
        var id = (await Outlives(server, wire, "(setsid sh -c 'trap \"\" TERM; sleep 900' &); trap '' TERM; while :; do sleep 900; done")).GetProperty("run_id").GetString();
        await Killed(server);
        await using var next = await ConnectedClient.Start(_repository.Root);
        (await next.Refused("worktree_remove", """{"name":"lane","force":true}""", "worktree_busy")).GetProperty("message").GetString().Should().Contain(id);

        var stopped = await next.Done("worktree_stop", $$"""{"run_id":"{{id}}"}""");

        stopped.GetProperty("running").GetBoolean().Should().BeFalse();
        stopped.TryGetProperty("still_alive", out _).Should().BeFalse();
        (await wire.End()).Should().BeEmpty();
        RunEvents().Should().Equal("worktree.run.before", "worktree.run.failed");
        await next.Done("worktree_remove", """{"name":"lane"}""");
    }

    [Fact]
    public async Task Its_time_goes_on_from_its_begin()
    {
        await using var server = await Started(confined: false);
        var wire = NewWire();
        var id = (await Outlives(server, wire, "sleep 900", timeout: 3)).GetProperty("run_id").GetString()!;
        await Killed(server);
        await using var next = await ConnectedClient.Start(_repository.Root);

        var (_, over) = await ReadToEnd(next, id);

        over.GetProperty("timed_out").GetBoolean().Should().BeTrue();
        over.GetProperty("duration_seconds").GetDouble().Should().BeGreaterThanOrEqualTo(3);
        (await wire.End()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_it_starts_is_not_told_as_left_by_another_command()
    {
        await using var server = await Started(confined: false);
        var (wire, gate) = (NewWire(), NewGate());
        var id = (await Outlives(server, wire, $"read line < {gate}; (setsid sleep 900 & echo $! > orphan); mv orphan orphaned; sleep 900")).GetProperty("run_id").GetString();

        await server.Call(3, "worktree_run", JsonSerializer.Serialize(new { name = "lane", command = $"echo go > {gate}; while ! test -s orphaned; do sleep 0.02; done; cat orphaned" }));
        var other = (await server.Answer(3)).GetProperty("result").GetProperty("structuredContent");

        other.GetProperty("stdout").GetString().Should().MatchRegex("^[0-9]+\n$");
        other.TryGetProperty("still_alive", out _).Should().BeFalse();
        await server.Call(4, "worktree_stop", $$"""{"run_id":"{{id}}"}""");
        await server.Answer(4);
        (await wire.End()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("exit 200", 200, null)]
    [InlineData("kill -9 $$", null, "SIGKILL")]
    [InlineData("kill -TERM 0; sleep 900", null, "SIGTERM")]
    [InlineData("trap 'exit 3' TERM; kill -TERM 0", 3, null)]
    [InlineData("echo $(ls /proc/self/fd | wc -l) $(grep SigIgn /proc/self/status) >&2; exit 4", 4, null)]
    public async Task One_that_could_outlive_its_call_ends_as_any_other(string command, int? code, string? signal)
    {
        await using var server = await Started(confined: false);

        await server.Call(2, "worktree_run", JsonSerializer.Serialize(new { name = "lane", command }));

        var run = (await server.Answer(2)).GetProperty("result").GetProperty("structuredContent");
        (run.TryGetProperty("exit_code", out var exit) ? exit.GetInt32() : (int?)null).Should().Be(code);
        (run.TryGetProperty("signal", out var by) ? by.GetString() : null).Should().Be(signal);
        if (code == 4)
        {
            run.GetProperty("stderr").GetString().Should().Be("4 SigIgn: 0000000000000000\n", "it inherits the three streams and nothing else; ls opens one more");
        }
    }

    private static async Task<JsonElement> Outlives(BuiltServer server, Wire wire, string command, int timeout = 600)
    {
        await server.Call(2, "worktree_run", JsonSerializer.Serialize(new { name = "lane", command = wire.Held + command, wait_seconds = 1, timeout_seconds = timeout }));
        (await wire.Line()).Should().StartWith("run-");
        var begun = (await server.Answer(2)).GetProperty("result").GetProperty("structuredContent");
        begun.GetProperty("running").GetBoolean().Should().BeTrue();
        return begun;
    }

    private static async Task<(string Output, JsonElement Over)> ReadToEnd(ConnectedClient client, string id)
    {
        var (text, offset) = (string.Empty, 0L);
        while (true)
        {
            var read = await client.Done("worktree_output", $$"""{"run_id":"{{id}}","offset":{{offset}}}""");
            text += string.Concat(read.GetProperty("output").EnumerateArray().Select(part => part.GetProperty("text").GetString()));
            offset = read.GetProperty("next_offset").GetInt64();
            if (!read.GetProperty("running").GetBoolean() && offset == read.GetProperty("total_bytes").GetInt64())
            {
                return (text, read);
            }
        }
    }

    private static async Task Killed(BuiltServer server)
    {
        server.Kill();
        await server.Exit();
    }

    private static async Task Ended(BuiltServer server)
    {
        server.CloseInput();
        await server.Exit();
    }

    private async Task<BuiltServer> Started(bool confined)
    {
        Assert.SkipWhen(confined && Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        var server = BuiltServer.Start(
            workingDirectory: _repository.Root, environment: new Dictionary<string, string> { ["WORKTREEMCP_RUN_SANDBOX"] = confined ? "required" : "off" });
        await server.Initialize();
        await server.Call(1, "worktree_create", """{"name":"lane"}""");
        await server.Answer(1);
        return server;
    }

    private string Build => Directory.CreateDirectory(Path.Join(_repository.Root, ".worktrees", "lane", "build")).FullName;

    private Wire NewWire()
    {
        var wire = new Wire(Build);
        _wires.Add(wire);
        return wire;
    }

    private string NewGate()
    {
        var gate = Path.Join(Build, "gate");
        using var made = System.Diagnostics.Process.Start("mkfifo", gate);
        made.WaitForExit();
        return gate;
    }

    private List<string> RunEvents() =>
        [.. _repository.EventLines().Select(line => JsonElement.Parse(line).GetProperty("event").GetString()!).Where(name => name.StartsWith("worktree.run.", StringComparison.Ordinal))];
}

using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>One server waits, another one does what is waited for.</summary>
public sealed class WaitingServersTests : IDisposable
{
    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task A_server_that_waits_is_woken_by_another_one_that_completes_the_blocker_and_works_on_meanwhile()
    {
        await using var waiting = await Started();
        await using var other = await Started();
        await Done(other, 1, "task_create", """{"subject":"first"}""");
        await Done(other, 2, "task_create", """{"subject":"second","blocked_by":[1]}""");
        await Done(other, 3, "task_claim", """{"task_id":1}""");
        var seen = (await Done(waiting, 1, "board_show")).GetProperty("last_seq").GetInt64();

        await waiting.Request(2, "tools/call", $$$"""{"name":"board_show","arguments":{"wait_seconds":300,"since_seq":{{{seen}}}},"_meta":{"progressToken":"w"}}""");
        await Done(waiting, 3, "task_list");
        await Progress(waiting);
        await Done(other, 4, "task_update", """{"task_id":1,"status":"completed"}""");

        var woken = Content(await waiting.Answer(2));
        woken.GetProperty("woke").GetString().Should().Be("task 2 is ready");
        woken.GetProperty("ready")[0].GetProperty("id").GetInt32().Should().Be(2);
    }

    [Fact]
    public async Task The_death_of_a_server_wakes_who_could_take_its_task()
    {
        await using var waiting = await Started();
        await using (var dying = await Started())
        {
            await Done(dying, 1, "task_create", """{"subject":"first"}""");
            await Done(dying, 2, "task_claim");
            var seen = (await Done(waiting, 1, "board_show")).GetProperty("last_seq").GetInt64();
            await waiting.Call(2, "board_show", $$"""{"wait_seconds":300,"since_seq":{{seen}}}""");
            await Done(waiting, 3, "task_list");

            dying.Kill();
        }

        Content(await waiting.Answer(2)).GetProperty("woke").GetString().Should().MatchRegex("^the claim of .+ on task 1 has ended$");
    }

    [Fact]
    public async Task A_server_that_waits_ends_as_fast_as_any_when_its_client_goes()
    {
        await using var waiting = await Started();
        await waiting.Call(1, "board_show", """{"wait_seconds":300,"since_seq":0}""");
        await Done(waiting, 2, "task_list");

        waiting.CloseInput();

        (await waiting.Exit()).Code.Should().Be(0);
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_leaves_the_server_as_it_was()
    {
        await using var waiting = await Started();
        await waiting.Call(1, "board_show", """{"wait_seconds":300,"since_seq":0}""");
        await Done(waiting, 2, "task_list");

        await waiting.Send("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""");

        await Done(waiting, 3, "task_create", """{"subject":"first"}""");
        waiting.Received.Select(line => JsonElement.Parse(line).GetProperty("id").GetInt32()).Should().Equal(0, 2, 3);
    }

    private async Task<BuiltServer> Started()
    {
        var server = BuiltServer.Start(workingDirectory: _repository.Root);
        await server.Initialize();
        await server.Answer(0);
        return server;
    }

    private static async Task<JsonElement> Done(BuiltServer server, int id, string tool, string arguments = "{}")
    {
        await server.Call(id, tool, arguments);
        return Content(await server.Answer(id));
    }

    private static async Task Progress(BuiltServer server)
    {
        while (JsonElement.Parse((await server.ReadLine())!) is var message)
        {
            if (message.TryGetProperty("method", out var method) && method.GetString() == "notifications/progress")
            {
                message.GetProperty("params").GetProperty("message").GetString().Should().EndWith(": nothing new yet");
                return;
            }
        }
    }

    private static JsonElement Content(JsonElement answer) => answer.GetProperty("result").GetProperty("structuredContent");
}

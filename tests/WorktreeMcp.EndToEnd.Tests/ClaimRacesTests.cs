using System.Globalization;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>
/// Agents that reach for the same tasks through servers of their own. WORKTREEMCP_DRAIN_TASKS and WORKTREEMCP_DRAIN_WORKERS
/// make the second race as large as you like.
/// </summary>
public sealed class ClaimRacesTests
{
    private const int Servers = 4;

    private static readonly int Tasks = Number("WORKTREEMCP_DRAIN_TASKS", 40);
    private static readonly int Workers = Number("WORKTREEMCP_DRAIN_WORKERS", 8);

    [Fact]
    public async Task Of_twenty_who_claim_one_task_one_gets_it()
    {
        using var repository = new TempRepository();
        var clients = await Clients(repository);
        await clients[0].Done("task_create", """{"subject":"The one"}""");

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(agent => clients[agent % Servers].Call("task_claim", $$"""{"task_id":1,"agent":"agent-{{agent}}"}""")));

        var won = results.Should().ContainSingle(result => result.IsError != true).Which.StructuredContent!.Value.GetProperty("task");
        foreach (var refused in results.Where(result => result.IsError == true))
        {
            JsonElement.Parse(ConnectedClient.Text(refused)).GetProperty("error").GetProperty("code").GetString().Should().Be("task_claimed");
        }

        var stored = JsonElement.Parse(repository.Read(".tasks/task_1.json"));
        stored.GetProperty("owner").GetString().Should().Be(won.GetProperty("owner").GetString());
        stored.GetProperty("epoch").GetInt32().Should().Be(1);
        Events(repository, "task.claimed").Should().HaveCount(1);
        await End(clients);
    }

    [Fact]
    public async Task Workers_that_drain_a_board_do_each_task_once()
    {
        using var repository = new TempRepository();
        var clients = await Clients(repository);
        for (var task = 1; task <= Tasks; task++)
        {
            // Every third waits for the one before it, so that ready tasks come up while the board is drained.
            await clients[0].Done("task_create", task % 3 == 0 ? $$"""{"subject":"Task {{task}}","blocked_by":[{{task - 1}}]}""" : $$"""{"subject":"Task {{task}}"}""");
        }

        var done = (await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Drain(clients[worker % Servers], $"worker-{worker}")))).SelectMany(tasks => tasks).ToList();

        done.Select(one => one.Task).Should().BeEquivalentTo(Enumerable.Range(1, Tasks));
        foreach (var (task, worker) in done)
        {
            var stored = JsonElement.Parse(repository.Read($".tasks/task_{task}.json"));
            (stored.GetProperty("status").GetString(), stored.GetProperty("owner").GetString(), stored.GetProperty("epoch").GetInt32()).Should().Be(("completed", worker, 1));
            stored.GetProperty("notes").EnumerateArray().Select(note => note.GetProperty("by").GetString()).Should().Equal(worker);
        }

        Events(repository, "task.claimed").Should().HaveCount(Tasks);
        Events(repository, "task.completed").Should().HaveCount(Tasks);
        await End(clients);
    }

    private static async Task<List<(int Task, string Worker)>> Drain(ConnectedClient client, string worker)
    {
        var done = new List<(int, string)>();
        while (true)
        {
            var claim = await client.Call("task_claim", $$"""{"agent":"{{worker}}"}""");
            if (claim.IsError != true)
            {
                var id = claim.StructuredContent!.Value.GetProperty("task").GetProperty("id").GetInt32();
                await client.Done("task_update", $$"""{"task_id":{{id}},"note":"done","status":"completed","agent":"{{worker}}"}""");
                done.Add((id, worker));
            }
            else if ((await client.Done("board_show")).GetProperty("counts") is var counts
                && counts.GetProperty("ready").GetInt32() + counts.GetProperty("blocked").GetInt32() + counts.GetProperty("in_progress").GetInt32() == 0)
            {
                return done;
            }
        }
    }

    private static IEnumerable<string> Events(TempRepository repository, string name) =>
        repository.EventLines().Where(line => JsonElement.Parse(line).GetProperty("event").GetString() == name);

    private static async Task<ConnectedClient[]> Clients(TempRepository repository) =>
        await Task.WhenAll(Enumerable.Range(0, Servers).Select(_ => ConnectedClient.Start(repository.Root)));

    private static async Task End(ConnectedClient[] clients)
    {
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}

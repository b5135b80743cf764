using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Two servers change different members of one task, and somebody reads its file meanwhile.</summary>
public sealed class TwoWritersTests : IDisposable
{
    /// <summary>How many changes each of them makes: <c>WORKTREEMCP_CHANGES=1000</c>.</summary>
    private static readonly int Changes = int.Parse(Environment.GetEnvironmentVariable("WORKTREEMCP_CHANGES") ?? "150", CultureInfo.InvariantCulture);

    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Owner_and_status_set_by_two_servers_at_once_both_stand_and_no_reader_sees_half_a_file()
    {
        await using var first = await ConnectedClient.Start(_repository.Root);
        await using var second = await ConnectedClient.Start(_repository.Root);
        await first.Done("task_create", """{"subject":"shared"}""");
        using var over = new CancellationTokenSource();
        var reading = Task.Run(() => Read(over.Token), TestContext.Current.CancellationToken);

        await Task.WhenAll(
            Changed(first, number => new() { ["owner"] = $"owner-{number}" }),
            Changed(second, number => new() { ["status"] = "in_progress", ["priority"] = Rank(number) }));
        await over.CancelAsync();

        (await reading).Should().BeGreaterThan(0);
        var last = Stored();
        last.GetProperty("owner").GetString().Should().Be($"owner-{Changes}");
        last.GetProperty("status").GetString().Should().Be("in_progress");
        last.GetProperty("priority").GetString().Should().Be(Rank(Changes));
        last.GetProperty("revision").GetInt32().Should().Be(1 + (2 * Changes));
    }

    // The state goes one way only: back to pending would free the task of its owner.
    private static string Rank(int number) => number % 2 == 1 ? "high" : "low";

    // What an answer says stands until the same writer changes it: nobody else sets those members.
    private async Task Changed(ConnectedClient client, Func<int, JsonObject> change)
    {
        for (var number = 1; number <= Changes; number++)
        {
            var wanted = change(number);
            var answer = await client.Done("task_update", Arguments(wanted));
            var (told, stored) = (answer.GetProperty("task"), Stored());
            foreach (var (member, value) in wanted)
            {
                told.GetProperty(member).GetString().Should().Be((string?)value);
                stored.GetProperty(member).GetString().Should().Be((string?)value, $"change {number} was acknowledged");
            }
        }
    }

    private static string Arguments(JsonObject change)
    {
        var all = change.DeepClone().AsObject();
        all["task_id"] = 1;
        return all.ToJsonString();
    }

    private int Read(CancellationToken over)
    {
        var (reads, revision) = (0, 0);
        while (!over.IsCancellationRequested)
        {
            var seen = Stored().GetProperty("revision").GetInt32();
            seen.Should().BeGreaterThanOrEqualTo(revision);
            (reads, revision) = (reads + 1, seen);
        }

        return reads;
    }

    private JsonElement Stored() => JsonElement.Parse(_repository.Read(".tasks/task_1.json"));
}

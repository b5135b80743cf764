using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Lists and the board beside a git that takes its time.</summary>
public sealed class ListWaitTests : IDisposable
{
    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task A_client_is_told_what_is_not_known_yet_and_what_is_no_longer_new()
    {
        var held = Path.Join(_repository.Base, "held");
        await using var client = await ConnectedClient.Start(_repository.Root, environment: new Dictionary<string, string?>
        {
            ["PATH"] = $"{SlowGit(held)}:{Environment.GetEnvironmentVariable("PATH")}",
            [Patience.ListVariable] = "20",
        });
        await client.Done("worktree_create", """{"name":"lane"}""");
        await File.WriteAllTextAsync(held, "");

        var listed = Row(await client.Done("worktree_list"));
        var shown = Row(await client.Done("board_show"));

        (listed.GetProperty("status_pending").GetBoolean(), shown.GetProperty("status_pending").GetBoolean()).Should().Be((true, true));
        listed.TryGetProperty("dirty", out _).Should().BeFalse();
        File.Delete(held);
        var dirty = await Until(client, row => row.TryGetProperty("dirty", out _));
        dirty.GetProperty("dirty").GetBoolean().Should().BeFalse();

        await File.WriteAllTextAsync(held, "");
        _repository.Write(".worktrees/lane/new.txt", "new");
        var aged = Row(await client.Done("worktree_list"));
        (aged.GetProperty("dirty").GetBoolean(), aged.GetProperty("status_age_seconds").GetInt32() > 0).Should().Be((false, true));

        File.Delete(held);
        (await Until(client, row => row.GetProperty("dirty").GetBoolean())).GetProperty("untracked").GetInt32().Should().Be(1);
    }

    private static JsonElement Row(JsonElement answer) => answer.GetProperty("worktrees").EnumerateArray().Should().ContainSingle().Subject;

    private static async Task<JsonElement> Until(ConnectedClient client, Func<JsonElement, bool> isThere)
    {
        using var limit = new CancellationTokenSource(BuiltServer.Limit);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            var row = Row(await client.Done("worktree_list"));
            if (isThere(row))
            {
                return row;
            }
        }
    }

    private string SlowGit(string held)
    {
        var folder = Directory.CreateDirectory(Path.Join(_repository.Base, "bin")).FullName;
        var git = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(place => Path.Join(place, "git")).First(File.Exists);
        var script = Path.Join(folder, "git");
        Programs.Write(script, $"#!/bin/sh\ncase \" $* \" in *' status '*) while [ -e '{held}' ]; do sleep 0.02; done;; esac\nexec '{git}' \"$@\"\n");

        return folder;
    }
}

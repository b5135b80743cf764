using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>A server that is killed while it makes a worktree leaves nothing that stands in the way of the next one.</summary>
public sealed class KilledServersTests
{
    /// <summary>How often, with the seed of the moments: <c>WORKTREEMCP_KILLS=500</c> or <c>500:42</c>.</summary>
    private static readonly string[] Asked = (Environment.GetEnvironmentVariable("WORKTREEMCP_KILLS") ?? "10").Split(':');

    [Fact]
    public async Task A_worktree_can_be_made_after_a_server_was_killed_making_it()
    {
        var kills = int.Parse(Asked[0], CultureInfo.InvariantCulture);
        var seed = Asked.Length > 1 ? int.Parse(Asked[1], CultureInfo.InvariantCulture) : Environment.TickCount;
        var random = new Random(seed);
        using var repository = new TempRepository();
        for (var file = 0; file < 200; file++)
        {
            repository.Write($"many/{file}.txt", $"{file}\n");
        }

        repository.Commit("many");
        var whole = await TimeOfOneCreate(repository);

        for (var kill = 1; kill <= kills; kill++)
        {
            var name = $"lane-{kill}";
            var moment = whole * random.NextDouble() * 1.2;
            var told = $"kill {kill} of {kills}, {moment.TotalMilliseconds:F1} ms after the call, WORKTREEMCP_KILLS={kills}:{seed}";
            await KillDuringCreate(repository, kill, name, moment);

            await using var next = await ConnectedClient.Start(repository.Root);
            await next.Done("worktree_list");
            var made = await next.Done("worktree_create", $$"""{"name":"{{name}}","task_id":{{kill}}}""");

            made.GetProperty("worktree").GetProperty("status").GetString().Should().Be("active", told);
            made.GetProperty("task").GetProperty("status").GetString().Should().Be("in_progress", told);
            repository.GitIn($".worktrees/{name}", "status", "--porcelain").Should().BeEmpty(told);
            repository.Read($".worktrees/{name}/many/199.txt").Should().Be("199\n", told);
            Agrees(repository, told);
        }

        repository.Git("fsck", "--strict", "--no-dangling").Should().BeEmpty();
    }

    private static async Task KillDuringCreate(TempRepository repository, int task, string name, TimeSpan moment)
    {
        await using var server = BuiltServer.Start(workingDirectory: repository.Root);
        await server.Initialize();
        await server.Call(1, "task_create", $$"""{"subject":"Task {{task}}"}""");
        (await server.Answer(1)).GetProperty("result").GetProperty("structuredContent").GetProperty("task").GetProperty("id").GetInt32().Should().Be(task);
        await server.Call(2, "worktree_create", $$"""{"name":"{{name}}","task_id":{{task}}}""");
        // The moment of the kill is what is tried out; nothing is waited for.
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < moment)
        {
            Thread.SpinWait(50);
        }

        server.Kill();
        await server.Exit();
    }

    private static async Task<TimeSpan> TimeOfOneCreate(TempRepository repository)
    {
        await using var client = await ConnectedClient.Start(repository.Root);
        await client.Done("task_list");
        var watch = Stopwatch.StartNew();
        await client.Done("worktree_create", """{"name":"measure"}""");
        var took = watch.Elapsed;
        await client.Done("worktree_remove", """{"name":"measure"}""");
        return took;
    }

    // Registry, branches, directories and git's own records name the same worktrees; each begun step is ended.
    private static void Agrees(TempRepository repository, string told)
    {
        var active = JsonElement.Parse(repository.Read(".worktrees/index.json")).GetProperty("worktrees").EnumerateArray()
            .Where(one => one.GetProperty("status").GetString() != "removed")
            .Select(one => one.GetProperty("name").GetString()!)
            .ToList();
        repository.Git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/wt/").Split('\n').Should().BeEquivalentTo(active, told);
        Directory.GetDirectories(Path.Join(repository.Root, ".worktrees")).Select(Path.GetFileName)
            .Where(name => name![0] != '.').Should().BeEquivalentTo(active, told);
        repository.Git("worktree", "list", "--porcelain").Split('\n')
            .Where(line => line.StartsWith("branch refs/heads/wt/", StringComparison.Ordinal))
            .Select(line => line["branch refs/heads/wt/".Length..]).Should().BeEquivalentTo(active, told);

        var steps = repository.EventLines().Select(line => JsonElement.Parse(line).GetProperty("event").GetString()!)
            .Where(name => name.StartsWith("worktree.create.", StringComparison.Ordinal)).ToList();
        for (var index = 0; index < steps.Count; index++)
        {
            steps[index].EndsWith(".before", StringComparison.Ordinal).Should().Be(index % 2 == 0, $"{told}: {string.Join(' ', steps)}");
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>A server that is killed while it removes a worktree has removed it or not; no file of it is lost, and none lies about.</summary>
public sealed class KilledRemovalsTests
{
    /// <summary>How often, with the seed of the moments: <c>WORKTREEMCP_KILLS=100</c> or <c>100:42</c>.</summary>
    private static readonly string[] Asked = (Environment.GetEnvironmentVariable("WORKTREEMCP_KILLS") ?? "6").Split(':');

    [Fact]
    public async Task A_removal_whose_server_was_killed_is_whole_or_has_not_begun()
    {
        var kills = int.Parse(Asked[0], CultureInfo.InvariantCulture);
        var seed = Asked.Length > 1 ? int.Parse(Asked[1], CultureInfo.InvariantCulture) : Environment.TickCount;
        var random = new Random(seed);
        using var repository = new TempRepository();
        var whole = TimeSpan.FromMilliseconds(30);

        for (var kill = 1; kill <= kills; kill++)
        {
            var moment = whole * random.NextDouble() * 1.5;
            var told = $"kill {kill} of {kills}, {moment.TotalMilliseconds:F1} ms after the call, WORKTREEMCP_KILLS={kills}:{seed}";
            whole = await KillDuringRemoval(repository, kill, moment) ?? whole;

            await using var next = await ConnectedClient.Start(repository.Root);
            var live = (await next.Done("worktree_list")).GetProperty("worktrees").EnumerateArray().ToList();
            if (live.Count > 0)
            {
                live[0].GetProperty("status").GetString().Should().Be("active", told);
                live[0].TryGetProperty("drift", out _).Should().BeFalse($"{told}: {live[0]}");
            }
            else
            {
                Directory.GetDirectories(repository.Layout.Worktrees).Select(Path.GetFileName).Where(name => name![0] != '.').Should().BeEmpty(told);
                repository.Git("worktree", "list", "--porcelain").Should().NotContain("branch refs/heads/wt/", told);
                await next.Done("worktree_restore", """{"name":"lane"}""");
            }

            repository.Read(".worktrees/lane/work.txt").Should().Be("work\n", told);
            repository.Read(".worktrees/lane/build/kept").Should().Be("ignored\n", told);
            repository.GitIn(".worktrees/lane", "diff", "--cached", "--name-only").Should().Be("staged.txt", told);
            repository.GitIn(".worktrees/lane", "branch", "--show-current").Should().Be("wt/lane", told);
            await next.Done("worktree_remove", """{"name":"lane","force":true}""");
            repository.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty(told);
        }

        var steps = repository.EventLines().Select(line => JsonElement.Parse(line).GetProperty("event").GetString()!)
            .Where(name => name.StartsWith("worktree.remove.", StringComparison.Ordinal)).ToList();
        steps.Where((_, index) => index % 2 == 0).Should().OnlyContain(name => name == "worktree.remove.before");
        steps.Where((_, index) => index % 2 == 1).Should().NotContain("worktree.remove.before");
        repository.Git("fsck", "--strict", "--no-dangling").Should().BeEmpty();
    }

    /// <summary>How long the removal took when it was answered before the kill.</summary>
    private static async Task<TimeSpan?> KillDuringRemoval(TempRepository repository, int kill, TimeSpan moment)
    {
        await using var server = BuiltServer.Start(workingDirectory: repository.Root);
        await server.Initialize();
        await server.Call(1, "worktree_create", """{"name":"lane"}""");
        await server.Answer(1);
        repository.Write(".worktrees/lane/work.txt", "work\n");
        repository.Write(".worktrees/lane/build/kept", "ignored\n");
        repository.Write(".worktrees/lane/staged.txt", $"{kill}\n");
        repository.GitIn(".worktrees/lane", "add", "staged.txt");

        await server.Call(2, "worktree_remove", """{"name":"lane","force":true}""");
        var watch = Stopwatch.StartNew();
        if (kill == 1)
        {
            await server.Answer(2);
        }

        // The moment of the kill is what is tried out; nothing is waited for.
        var took = watch.Elapsed;
        while (kill > 1 && watch.Elapsed < moment)
        {
            Thread.SpinWait(50);
        }

        server.Kill();
        await server.Exit();
        return kill == 1 ? took : null;
    }
}

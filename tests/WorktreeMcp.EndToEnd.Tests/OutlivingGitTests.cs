using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>A server is killed, its git is not: nobody writes beside that git, and what it made is taken back after it.</summary>
public sealed class OutlivingGitTests : IDisposable
{
    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData("update-ref")]
    [InlineData("worktree add")]
    public async Task A_git_that_outlives_its_killed_server_keeps_the_lock_to_its_end(string step)
    {
        using var git = new HeldGit(_repository, step);
        await using (var doomed = BuiltServer.Start(workingDirectory: _repository.Root, environment: git.Variables))
        {
            await doomed.Initialize();
            await doomed.Call(1, "worktree_create", """{"name":"lane"}""");
            await git.Reached();
            doomed.Kill();
            await doomed.Exit();
        }

        BoardLock.IsHeld(_repository).Should().BeTrue("the git of the dead server is still to write");
        await using var next = BuiltServer.Start(workingDirectory: _repository.Root);
        await next.Initialize();
        await next.Call(1, "task_create", """{"subject":"waits"}""");
        for (var ping = 2; !BoardLock.IsAwaitedBy(next.ProcessId) && !IsAnswered(next); ping++)
        {
            await next.Request(ping, "ping");
            await next.Answer(ping);
        }

        IsAnswered(next).Should().BeFalse();
        BoardLock.IsHeld(_repository).Should().BeTrue();
        git.Release();

        Content(await next.Answer(1)).GetProperty("task").GetProperty("subject").GetString().Should().Be("waits");
        await next.Call(1_000, "worktree_list");
        Content(await next.Answer(1_000)).GetProperty("total").GetInt32().Should().Be(0);
        _repository.Git("branch", "--list", "wt/*").Should().BeEmpty();
        _repository.Git("worktree", "list").Split('\n').Where(line => !line.Contains("/trash/", StringComparison.Ordinal)).Should().ContainSingle();
        _repository.Has(".worktrees/lane").Should().BeFalse();
        await next.Call(1_001, "worktree_create", """{"name":"lane"}""");
        Content(await next.Answer(1_001)).GetProperty("worktree").GetProperty("status").GetString().Should().Be("active");
        _repository.GitIn(".worktrees/lane", "status", "--porcelain").Should().BeEmpty();
    }

    private static bool IsAnswered(BuiltServer server) =>
        server.Received.Select(line => JsonElement.Parse(line)).Any(message => message.TryGetProperty("id", out var id) && id.GetInt32() == 1);

    private static JsonElement Content(JsonElement answer) => answer.GetProperty("result").GetProperty("structuredContent");
}

using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Landings by several servers at once, and by a server that is killed.</summary>
public sealed class LandingRacesTests
{
    [Fact]
    public async Task Two_servers_that_land_the_same_file_do_so_one_after_the_other()
    {
        using var repository = new TempRepository();
        await using var one = await ConnectedClient.Start(repository.Root);
        await using var two = await ConnectedClient.Start(repository.Root);
        foreach (var name in new[] { "a", "b" })
        {
            await one.Done("worktree_create", $$"""{"name":"{{name}}"}""");
            repository.Write($".worktrees/{name}/src/app.txt", $"{name}\n");
            repository.Commit(name, $".worktrees/{name}");
        }

        var answers = await Task.WhenAll(
            one.Call("worktree_merge", """{"name":"a","verify_command":"test -s src/app.txt","wait_seconds":300}"""),
            two.Call("worktree_merge", """{"name":"b","verify_command":"test -s src/app.txt","wait_seconds":300}"""));

        answers.Count(answer => answer.IsError != true).Should().Be(1);
        Text(answers.Single(answer => answer.IsError == true)).Should().Contain("merge_conflict").And.Contain("src/app.txt");
        repository.Git("status", "--porcelain").Should().BeEmpty();
        repository.Read("src/app.txt").Should().Be(answers[0].IsError == true ? "b\n" : "a\n");
    }

    [Fact]
    public async Task Eight_branches_landed_by_four_servers_all_arrive()
    {
        using var repository = new TempRepository();
        var servers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ConnectedClient.Start(repository.Root)));
        for (var i = 0; i < 8; i++)
        {
            await servers[0].Done("worktree_create", $$"""{"name":"lane-{{i}}"}""");
            repository.Write($".worktrees/lane-{i}/file-{i}.txt", $"{i}\n");
            repository.Commit($"lane {i}", $".worktrees/lane-{i}");
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => servers[i % 4].Done("worktree_merge", $$"""{"name":"lane-{{i}}","strategy":"rebase","remove":true,"wait_seconds":300}""")));

        repository.Git("rev-list", "--count", "main").Should().Be("9");
        repository.Git("status", "--porcelain").Should().BeEmpty();
        Enumerable.Range(0, 8).Should().OnlyContain(i => repository.Read($"file-{i}.txt") == $"{i}\n");
        repository.Git("branch", "--list", "wt/*").Should().BeEmpty();
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_server_killed_while_it_verifies_has_changed_nothing_and_blocks_nobody()
    {
        using var repository = new TempRepository();
        var begun = Path.Join(repository.Base, "begun");
        await using (var server = BuiltServer.Start(workingDirectory: repository.Root))
        {
            await server.Initialize();
            await server.Call(1, "worktree_create", """{"name":"a"}""");
            await server.Answer(1);
            repository.Write(".worktrees/a/one.txt", "1\n");
            repository.Commit("one", ".worktrees/a");
            File.Delete(begun);
            (await ProcessFifo(begun)).Should().BeTrue();
            await server.Call(2, "worktree_merge", $$"""{"name":"a","verify_command":"echo begun > {{begun}}; exec sleep 600"}""");
            (await File.ReadAllTextAsync(begun).WaitAsync(BuiltServer.Limit)).Should().Be("begun\n");
            server.Kill();
            await server.Exit();
        }

        await using var next = await ConnectedClient.Start(repository.Root);
        repository.Git("rev-list", "--count", "main").Should().Be("1");

        await next.Done("worktree_merge", """{"name":"a","verify_command":"test -f one.txt","wait_seconds":60}""");

        repository.Read("one.txt").Should().Be("1\n");
        Directory.GetDirectories(Path.Join(repository.Root, ".worktrees"), ".verify*").Should().BeEmpty();

        // A checkout that is made ready just now is nobody's leftover.
        repository.Git("worktree", "list").Split('\n').Where(line => !line.Contains("/.spares/", StringComparison.Ordinal)).Should().HaveCount(2);
    }

    // Reading it waits until the command has begun.
    private static async Task<bool> ProcessFifo(string path)
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", path);
        await made.WaitForExitAsync();
        return made.ExitCode == 0;
    }

    private static string Text(ModelContextProtocol.Protocol.CallToolResult answer) => JsonSerializer.Serialize(answer.Content, ModelContextProtocol.McpJsonUtilities.DefaultOptions);
}

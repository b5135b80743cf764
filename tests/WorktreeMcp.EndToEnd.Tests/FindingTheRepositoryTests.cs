using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Wherever and however it is started, the server serves the one repository that was meant.</summary>
public sealed class FindingTheRepositoryTests
{
    /// <summary>How a client names the repository.</summary>
    public enum Way
    {
        Directory,
        Option,
        Variable,
        ClaudeProject,
        UnexpandedOption,
        UnexpandedVariables,
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_checkout_each_tool_says_so(bool bare)
    {
        using var repository = new TempRepository();
        var directory = Directory.CreateDirectory(Path.Join(repository.Base, "elsewhere")).FullName;
        if (bare)
        {
            repository.Git("init", "-q", "--bare", directory);
        }

        var before = Directory.GetFileSystemEntries(directory);
        await using var client = await ConnectedClient.Start(directory);
        (await client.Client.ListToolsAsync()).Select(tool => tool.Name).Should().Contain(EveryToolOnce.Names);

        foreach (var step in EveryToolOnce.Steps.DistinctBy(step => step.Tool))
        {
            var error = await client.Refused(step.Tool, step.Arguments, "not_a_repository");
            error.GetProperty("message").GetString().Should().Contain(directory);
        }

        Directory.GetFileSystemEntries(directory).Should().BeEquivalentTo(before);
    }

    [Theory]
    [InlineData(Way.Directory)]
    [InlineData(Way.Option)]
    [InlineData(Way.Variable)]
    [InlineData(Way.ClaudeProject)]
    [InlineData(Way.UnexpandedOption)]
    [InlineData(Way.UnexpandedVariables)]
    public async Task A_subdirectory_and_a_worktree_lead_to_the_same_board_as_the_root(Way way)
    {
        using var repository = new TempRepository();
        await using (var client = await ConnectedClient.Start(repository.Root))
        {
            await client.Done("task_create", """{"subject":"One"}""");
            await client.Done("worktree_create", """{"name":"lane","task_id":1}""");
        }

        foreach (var (directory, number) in new[] { ("src", 2), (".worktrees/lane", 3), (".worktrees/lane/src", 4) })
        {
            await using var client = await Started(repository, way, Path.Join(repository.Root, directory));

            var made = await client.Done("task_create", """{"subject":"Another"}""");

            made.GetProperty("task").GetProperty("id").GetInt32().Should().Be(number);
            repository.Has($".tasks/task_{number}.json").Should().BeTrue();
            repository.Has($"{directory}/.tasks").Should().BeFalse();
        }

        repository.Git("status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public async Task A_client_inside_a_worktree_makes_its_sibling_and_not_its_child()
    {
        using var repository = new TempRepository();
        await using (var client = await ConnectedClient.Start(repository.Root))
        {
            await client.Done("worktree_create", """{"name":"lane"}""");
        }

        await using var inside = await ConnectedClient.Start(Path.Join(repository.Root, ".worktrees", "lane"));
        var made = await inside.Done("worktree_create", """{"name":"sibling"}""");

        made.GetProperty("worktree").GetProperty("path").GetString().Should().Be(Path.Join(repository.Root, ".worktrees", "sibling"));
        repository.GitIn(".worktrees/lane", "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public async Task Git_variables_of_the_client_are_ignored()
    {
        using var repository = new TempRepository();
        using var other = new TempRepository();
        var untouched = other.Snapshot();
        var variables = new Dictionary<string, string?>
        {
            ["GIT_DIR"] = Path.Join(other.Root, ".git"),
            ["GIT_WORK_TREE"] = other.Root,
            ["GIT_INDEX_FILE"] = Path.Join(other.Root, ".git", "index"),
            ["GIT_CONFIG_COUNT"] = "1",
            ["GIT_CONFIG_KEY_0"] = "core.bare",
            ["GIT_CONFIG_VALUE_0"] = "true",
        };

        await using var client = await ConnectedClient.Start(repository.Root, environment: variables);
        await client.Done("worktree_create", """{"name":"lane"}""");
        var run = await client.Done("worktree_run", """{"name":"lane","command":"env; echo more > more.txt; git add -A; git commit -q -m more"}""");

        run.GetProperty("exit_code").GetInt32().Should().Be(0, run.ToString());
        run.GetProperty("stdout").GetString()!.Split('\n').Should().NotContain(line => line.StartsWith("GIT_", StringComparison.Ordinal));
        repository.Git("log", "-1", "--format=%s", "wt/lane").Should().Be("more");
        repository.Git("rev-parse", "--is-bare-repository").Should().Be("false");
        other.Snapshot().Should().Be(untouched);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failed_start_leaves_stdout_to_the_protocol(bool hasRepository)
    {
        using var repository = new TempRepository();
        var empty = Directory.CreateDirectory(Path.Join(repository.Base, "empty")).FullName;
        await using var server = BuiltServer.Start(
            workingDirectory: hasRepository ? repository.Root : empty,
            environment: hasRepository ? new Dictionary<string, string> { ["PATH"] = empty } : null);

        await server.Initialize();
        await server.Call(1, "task_list");
        var result = (await server.Answer(1)).GetProperty("result");
        server.CloseInput();
        (await server.ReadLine()).Should().BeNull();

        result.GetProperty("isError").GetBoolean().Should().BeTrue();
        var error = JsonElement.Parse(result.GetProperty("content")[0].GetProperty("text").GetString()!).GetProperty("error");
        error.GetProperty("code").GetString().Should().Be(hasRepository ? "git_failed" : "not_a_repository", error.ToString());
        error.GetProperty("message").GetString().Should().Contain(hasRepository ? "git" : empty);
        (await server.Exit()).Code.Should().Be(0);
        server.Received.Should().OnlyContain(line => JsonElement.Parse(line).GetProperty("jsonrpc").GetString() == "2.0");
    }

    [Fact]
    public async Task A_broken_appsettings_file_in_the_repository_does_not_matter()
    {
        using var repository = new TempRepository();
        repository.Write("appsettings.json", "{ broken");
        await using var client = await ConnectedClient.Start(repository.Root);

        await client.Done("task_create", """{"subject":"One"}""");

        repository.Has(".tasks/task_1.json").Should().BeTrue();
    }

    private static Task<ConnectedClient> Started(TempRepository repository, Way way, string directory) => way switch
    {
        Way.Directory => ConnectedClient.Start(directory),
        Way.Option => ConnectedClient.Start(repository.Base, null, null, "--repo", directory),
        Way.Variable => ConnectedClient.Start(repository.Base, environment: new Dictionary<string, string?> { ["WORKTREEMCP_REPO"] = directory }),
        Way.ClaudeProject => ConnectedClient.Start(repository.Base, environment: new Dictionary<string, string?> { ["CLAUDE_PROJECT_DIR"] = directory }),
        Way.UnexpandedOption => ConnectedClient.Start(directory, null, null, "--repo", "${workspaceFolder}"),
        _ => ConnectedClient.Start(directory, environment: new Dictionary<string, string?> { ["WORKTREEMCP_REPO"] = "${REPO}", ["CLAUDE_PROJECT_DIR"] = "${CLAUDE_PROJECT_DIR}" }),
    };
}

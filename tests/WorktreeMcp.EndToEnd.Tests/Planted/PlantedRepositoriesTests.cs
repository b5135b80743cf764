using ModelContextProtocol.Protocol;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests.Planted;

/// <summary>
/// Repositories in which somebody laid traps, played with the built program as agents and persons do: every reading tool, work from its
/// beginning to its landing, and the doctor. Whatever the answers are, nothing outside changes, no planted program runs, every call is
/// answered in time and in form, and the board takes a task or says which file stops it.
/// </summary>
public sealed class PlantedRepositoriesTests
{
    public static TheoryData<string> Files => new(PlantedFiles.All.Keys);

    [Theory]
    [MemberData(nameof(Files))]
    public Task Files_that_a_clone_brings_do_no_harm(string plant) => Play(PlantedFiles.All[plant], onABoard: false);

    internal static async Task Play(Action<PlantedRepository> plant, bool onABoard)
    {
        using var planted = new PlantedRepository();
        if (onABoard)
        {
            MakeBoard(planted);
        }

        plant(planted);
        planted.Harm().Should().BeEmpty("to lay it does none by itself");
        await using (var client = await Start(planted))
        {
            await LookAt(client);
            await Examine(planted);
            await Work(client, planted);
            await Examine(planted, "--fix");
            await LookAt(client);
        }

        planted.Harm().Should().BeEmpty();
    }

    private static void MakeBoard(PlantedRepository planted)
    {
        using var repository = planted.Repo.Open();
        repository.Board.Create(new NewTask("First"), "tester");
        repository.Worktrees.Create(new NewWorktree("lane", TaskId: 1), "tester");
        File.WriteAllText(Path.Join(planted.Repo.Root, ".worktrees/lane/new.txt"), "work\n");
    }

    private static Task<ConnectedClient> Start(PlantedRepository planted) => ConnectedClient.Start(planted.Repo.Root, environment: planted.Environment);

    private static async Task LookAt(ConnectedClient client)
    {
        await Answered(client, "board_show");
        await Answered(client, "task_list");
        await Answered(client, "task_get", """{"task_id":1}""");
        await Answered(client, "worktree_list");
        await Answered(client, "worktree_events");
        foreach (var name in new[] { "planted", "lane" })
        {
            await Answered(client, "worktree_status", $$"""{"name":"{{name}}"}""");
            await Answered(client, "worktree_diff", $$"""{"name":"{{name}}"}""");
        }

        await Answered(client, "worktree_conflicts");
    }

    // An agent's whole way, and everything that decides something about what was planted.
    private static async Task Work(ConnectedClient client, PlantedRepository planted)
    {
        var made = await Answered(client, "task_create", """{"subject":"Meanwhile"}""");
        if (made.IsError == true)
        {
            ConnectedClient.Text(made).Should().ContainAny(".tasks", ".worktrees", ".git/worktree-mcp", "repository");
        }

        await Answered(client, "task_claim");
        await Answered(client, "worktree_create", """{"name":"fresh"}""");
        var fresh = Path.Join(planted.Repo.Root, ".worktrees", "fresh");
        if (File.Exists(Path.Join(fresh, ".git")) && new DirectoryInfo(Path.Join(planted.Repo.Root, ".worktrees")).LinkTarget is null)
        {
            await File.WriteAllTextAsync(Path.Join(fresh, "src", "app.txt"), "one\ntwo\nthree\nfour\n");
            TempRepository.TryGit(fresh, [.. Quiet, "commit", "-qam", "work", "--no-verify"]);
        }

        await Answered(client, "worktree_diff", """{"name":"fresh"}""");
        await Answered(client, "worktree_conflicts");
        await Answered(client, "worktree_merge", """{"name":"fresh"}""");
        await Answered(client, "worktree_merge", """{"name":"lane"}""");
        foreach (var name in new[] { "fresh", "planted", "lane" })
        {
            await Answered(client, "worktree_keep", $$"""{"name":"{{name}}"}""");
            await Answered(client, "worktree_remove", $$"""{"name":"{{name}}"}""");
            await Answered(client, "worktree_remove", $$"""{"name":"{{name}}","force":true}""");
            await Answered(client, "worktree_restore", $$"""{"name":"{{name}}"}""");
        }
    }

    // A person's own commit would run what is planted, too; that is not what is looked at here.
    private static IEnumerable<string> Quiet => new[]
    {
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "commit.gpgSign=false", "filter.plant.clean=", "filter.plant.smudge=", "filter.plant.process=",
        "user.name=agent", "user.email=agent@example.org",
    }.SelectMany(setting => new[] { "-c", setting });

    private static async Task<CallToolResult> Answered(ConnectedClient client, string tool, string arguments = "{}")
    {
        var result = await client.Call(tool, arguments);
        if (result.IsError == true)
        {
            ConnectedClient.Text(result).Should().Contain("\"hint\"", $"{tool} {arguments} was refused").And.NotContain("a fault of the server").And.NotContain("An error occurred");
        }

        return result;
    }

    private static async Task Examine(PlantedRepository planted, params string[] arguments)
    {
        var ended = await ChildProgram.Run("dotnet", [BuiltServer.PathOf("worktree-mcp.dll"), "doctor", "--repo", planted.Repo.Root, .. arguments], planted.Repo.Root, planted.Environment);
        ended.Code.Should().BeInRange(0, 1, ended.ToString());
    }
}

/// <summary>The same with programs that git would run.</summary>
public sealed class PlantedProgramsTests
{
    public static TheoryData<string> Programs => new(PlantedPrograms.All.Keys);

    [Theory]
    [MemberData(nameof(Programs))]
    public Task Programs_that_the_repository_names_do_not_run(string plant) => PlantedRepositoriesTests.Play(PlantedPrograms.All[plant], onABoard: false);
}

/// <summary>The same beside a board that has a worktree "lane" already.</summary>
public sealed class PlantedBoardsTests
{
    public static TheoryData<string> Edits => new(PlantedBoards.All.Keys);

    [Theory]
    [MemberData(nameof(Edits))]
    public Task What_somebody_lays_into_a_living_board_does_no_harm(string plant) => PlantedRepositoriesTests.Play(PlantedBoards.All[plant], onABoard: true);
}

using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

public sealed class ReleasingTests
{
    [Fact]
    public async Task A_person_frees_a_task_and_another_agent_goes_on_in_its_worktree()
    {
        using var repository = new TempRepository();
        await using var first = await ConnectedClient.Start(repository.Root, arguments: ["--agent", "hangs"]);
        await using var second = await ConnectedClient.Start(repository.Root, arguments: ["--agent", "works"]);
        await first.Done("task_create", """{"subject":"Lane"}""");
        await first.Done("worktree_create", """{"task_id":1}""");
        await second.Refused("task_claim", """{"task_id":1}""", "task_claimed");

        await using var release = BuiltServer.Start(arguments: ["release", "1", "--repo", repository.Root]);
        var said = await release.ReadToEnd();

        said.Should().Contain("Task 1 \"Lane\" is back on the board.").And.Contain("worktree \"task-1-lane\" stays as it is");
        (await release.Exit()).Code.Should().Be(0);
        var taken = await second.Done("task_claim");
        taken.GetProperty("left").GetProperty("worktree").GetProperty("name").GetString().Should().Be("task-1-lane");
        await first.Refused("worktree_keep", """{"name":"task-1-lane"}""", "task_claimed");
    }

    [Fact]
    public async Task A_killed_server_lets_go_of_what_it_claimed_under_its_own_name()
    {
        using var repository = new TempRepository();
        await using var other = await ConnectedClient.Start(repository.Root);
        await using var dies = BuiltServer.Start(arguments: ["--repo", repository.Root]);
        await dies.Initialize();
        await dies.Call(1, "task_create", """{"subject":"One"}""");
        await dies.Answer(1);
        await dies.Call(2, "task_claim", """{"task_id":1}""");
        await dies.Answer(2);
        await other.Refused("task_claim", """{"task_id":1}""", "task_claimed");

        dies.Kill();
        await dies.Exit();

        (await other.Done("task_claim", """{"task_id":1}""")).GetProperty("taken_from").GetString().Should().NotBeNullOrEmpty();
    }
}

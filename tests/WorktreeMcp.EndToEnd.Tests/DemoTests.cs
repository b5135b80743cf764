using FluentAssertions;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.EndToEnd.Tests;

public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_plays_to_its_end_and_leaves_nothing_behind()
    {
        await using var demo = BuiltServer.Start(arguments: "demo");

        var story = await demo.ReadToEnd();

        (await demo.Exit()).Code.Should().Be(0, demo.Log);
        story.Should().Contain("refused: worktree_dirty").And.Contain("task.completed").And.NotContain("FAILED");
        var scratch = story.Split('\n')[0].Split(" at ")[^1];
        Directory.Exists(Path.GetDirectoryName(scratch)).Should().BeFalse();
    }

    [Fact]
    public async Task The_demo_plays_on_a_clone_and_leaves_the_repository_alone()
    {
        using var repo = new TempRepository();
        var before = repo.Snapshot();
        await using var demo = BuiltServer.Start(arguments: ["demo", "--repo", repo.Root]);

        var story = await demo.ReadToEnd();

        (await demo.Exit()).Code.Should().Be(0, demo.Log);
        story.Should().Contain($"cloned from {repo.Root}").And.NotContain("FAILED");
        repo.Snapshot().Should().Be(before);
    }

    [Fact]
    public async Task A_team_of_three_lands_five_tasks_and_leaves_an_empty_board()
    {
        await using var demo = BuiltServer.Start(arguments: ["demo", "--team"]);

        var story = await demo.ReadToEnd();

        (await demo.Exit()).Code.Should().Be(0, $"{demo.Log}\n{story}");
        story.Should().NotContain("FAILED").And.Contain("refused: merge_conflict").And.Contain("pairs that would conflict: 1");
        Times(story, "landed in main").Should().Be(5);
        Times(story, "[ok] the main checkout is clean and on its branch").Should().Be(6);
        story.Should().Contain("[ok] history is one line of five commits").And.Contain("[ok] all five tasks are completed, nothing is left on the board");
    }

    [Fact]
    public async Task A_team_plays_on_a_clone_whose_source_has_no_branch_checked_out()
    {
        using var repo = new TempRepository();
        repo.Git("checkout", "-q", "--detach");
        repo.Commit("a commit of no branch");
        var before = repo.Snapshot();
        await using var demo = BuiltServer.Start(arguments: ["demo", "--team", "--repo", repo.Root]);

        var story = await demo.ReadToEnd();

        (await demo.Exit()).Code.Should().Be(0, $"{demo.Log}\n{story}");
        Times(story, "landed in demo").Should().Be(5);
        repo.Snapshot().Should().Be(before);
    }

    [Fact]
    public async Task The_demo_says_what_stopped_it()
    {
        using var repo = new TempRepository();
        await using var demo = BuiltServer.Start(arguments: ["demo", "--repo", Path.Join(repo.Base, "nowhere")]);

        await demo.ReadToEnd();

        (await demo.Exit()).Code.Should().Be(1);
        demo.Log.Should().Contain("the demo stopped").And.Contain("nowhere");
    }

    private static int Times(string story, string words) => story.Split(words).Length - 1;
}

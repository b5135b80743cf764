using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>What is the matter with the repository as a whole is told by the calls that are made first.</summary>
public sealed class RepositoryDriftTests : IDisposable
{
    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Board_and_list_name_a_poisoned_record_a_torn_log_and_a_branch_of_nobody()
    {
        await using var client = await ConnectedClient.Start(_repository.Root);
        await client.Done("worktree_create", """{"name":"lane"}""");
        foreach (var tool in new[] { "board_show", "worktree_list" })
        {
            (await client.Done(tool)).TryGetProperty("drift", out _).Should().BeFalse();
        }

        _repository.Write(".git/worktrees/theirs/commondir", string.Empty);
        await File.AppendAllTextAsync(_repository.Layout.Events, "{\"event\":", TestContext.Current.CancellationToken);
        _repository.Git("branch", "wt/orphan");

        foreach (var tool in new[] { "board_show", "worktree_list" })
        {
            var drift = (await client.Done(tool)).GetProperty("drift").EnumerateArray().Select(line => line.GetString()!).ToList();
            drift.Should().HaveCount(4);
            drift[0].Should().Contain(".git/worktrees/theirs is broken");
            drift[1].Should().Be("events.jsonl ends in a torn line");
            drift[2].Should().EndWith("wt/orphan");
            drift[3].Should().Contain("worktree-mcp doctor");
        }
    }

    [Fact]
    public async Task Many_findings_leave_the_board_small()
    {
        await using var client = await ConnectedClient.Start(_repository.Root);
        for (var task = 0; task < 20; task++)
        {
            await client.Done("task_create", $$"""{"subject":"{{new string('s', 200)}}"}""");
            _repository.Write($".git/worktrees/{new string('t', 60)}{task}/commondir", string.Empty);
            _repository.Git("branch", $"wt/{new string('b', 60)}{task}");
        }

        var board = await client.Done("board_show");

        board.GetProperty("drift").GetArrayLength().Should().Be(4);
        JsonSerializer.Serialize(board).Length.Should().BeLessThanOrEqualTo(6_000);
    }
}

using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Server.CommandLine.Verbs;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class TrashCommandTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public async Task Gc_lists_sizes_first_and_deletes_only_what_a_person_agreed_to()
    {
        Remove("old", TimeSpan.FromDays(8));
        Remove("young", TimeSpan.FromDays(2));

        var (_, dry) = await Gc("", dryRun: true);
        var (_, refused) = await Gc("n\n");
        Trashed().Should().Be(2);
        var (exit, agreed) = await Gc("y\n");

        dry.Should().Contain("2 removed worktrees").And.MatchRegex(@"\* +1 .* old").And.MatchRegex(@"  +2 .* young").And.Contain("To be deleted for good: 1,").And.NotContain("[y/N]");
        refused.Should().Contain("[y/N]").And.Contain("Nothing was deleted.");
        (exit, Trashed()).Should().Be((0, 1));
        agreed.Should().Contain("Deleted 1,");

        (await Gc("", days: 3, yes: true)).Text.Should().Contain("Nothing is to be deleted");
        (await Gc("", all: true)).Text.Should().Contain("Nothing was deleted.");
        (await Gc("", days: 2, yes: true)).Text.Should().Contain("Deleted 1,");
        Trashed().Should().Be(0);
    }

    [Fact]
    public async Task Gc_outside_a_repository_says_so()
    {
        using var output = new StringWriter();
        (await GcVerb.Run(new GcOptions(_repo.Base, false, null, false, false, output), TextReader.Null)).Should().Be(1);
        output.ToString().Should().Contain("not");
    }

    [Fact]
    public async Task A_running_server_empties_what_is_over_its_time_and_lists_what_waits()
    {
        Remove("old", TimeSpan.FromDays(8));
        Remove("young", TimeSpan.FromDays(1));
        using var watch = new FileSystemWatcher(_repo.Layout.Trash) { NotifyFilter = NotifyFilters.DirectoryName };
        var gone = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        watch.Deleted += (_, deleted) => gone.TrySetResult(deleted.Name);
        watch.EnableRaisingEvents = true;
        await using var agent = await AgentClient.Start(_repo);

        var rows = (await agent.Calls("worktree_list", new() { ["status"] = "removed" })).GetProperty("worktrees").EnumerateArray().ToList();
        (await gone.Task.WaitAsync(TimeSpan.FromSeconds(120))).Should().Be("1");

        rows.Select(row => row.GetProperty("trash_id").GetInt32()).Should().Equal(1, 2);
        (rows[1].GetProperty("emptied_after").GetDouble() - rows[1].GetProperty("removed_at").GetDouble()).Should().Be(7 * 86400);
        Directory.Exists(Path.Join(_repo.Layout.Trash, "2")).Should().BeTrue();
    }

    private void Remove(string name, TimeSpan ago)
    {
        var repository = _repo.Open(time: new FakeTimeProvider(TimeProvider.System.GetUtcNow() - ago));
        repository.Worktrees.Create(new NewWorktree(name), "tester");
        repository.Worktrees.Remove(name, force: false, completeTask: false, reason: null, "tester");
    }

    private int Trashed() => _repo.Open().Worktrees.List(WorktreeState.Removed, 9, null).Total;

    private async Task<(int Exit, string Text)> Gc(string input, bool all = false, int? days = null, bool dryRun = false, bool yes = false)
    {
        using var output = new StringWriter();
        using var reader = new StringReader(input);
        return (await GcVerb.Run(new GcOptions(_repo.Root, all, days, dryRun, yes, output), reader), output.ToString());
    }
}

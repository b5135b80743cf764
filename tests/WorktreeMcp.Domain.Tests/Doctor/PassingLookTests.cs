using FluentAssertions;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Doctor;

/// <summary>What is the matter with the repository as a whole is seen in passing too, without a process.</summary>
public sealed class PassingLookTests : IDisposable
{
    private const string ReadOn = "A person should run worktree-mcp doctor here: it says what to do.";

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_sound_repository_shows_nothing_whatever_its_worktrees_went_through()
    {
        var repository = _repo.Open();
        repository.Make("a", repository.Task());
        repository.Make("b");
        repository.Work("b", "one.txt", "1");
        repository.Drop("b");
        repository.Make("c");
        _repo.Git("pack-refs", "--all");

        repository.Drift().Should().BeEmpty();
        repository.Overview.Look(new GlanceLimits()).Drift.Should().BeEmpty();
    }

    [Fact]
    public void A_broken_record_a_torn_log_and_branches_of_nobody_are_named_in_a_few_lines()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var record = Path.Join(_repo.Layout.CommonDirectory, "worktrees", "theirs");
        Directory.CreateDirectory(record);
        File.WriteAllText(Path.Join(record, "commondir"), string.Empty);
        File.WriteAllText(Path.Join(record, "HEAD"), "ref: refs/heads/main\n");
        File.WriteAllText(Path.Join(record, "gitdir"), "/nowhere/.git\n");
        File.AppendAllText(_repo.Layout.Events, "{\"event\":");
        _repo.Git("branch", "wt/packed");
        _repo.Git("pack-refs", "--all");
        _repo.Git("branch", "wt/loose");
        var before = _repo.Snapshot();

        var lines = repository.Overview.Look(new GlanceLimits()).Drift;

        lines.Should().Equal(
            "git's record .git/worktrees/theirs is broken: commondir is missing, empty or names another repository; git worktree fails for all because of it",
            "events.jsonl ends in a torn line",
            "branches belong to no worktree: wt/loose, wt/packed",
            ReadOn);
        repository.Drift().Should().Equal(lines);
        _repo.Snapshot().Should().Be(before);
    }

    [Fact]
    public void Of_many_the_worst_are_named_and_the_rest_counted()
    {
        var repository = _repo.Open();
        repository.Make("a");
        for (var number = 1; number <= 5; number++)
        {
            Directory.CreateDirectory(Path.Join(_repo.Layout.CommonDirectory, "worktrees", $"theirs{number}"));
        }

        var lines = repository.Drift();

        lines.Should().HaveCount(4);
        lines[^1].Should().Be($"2 more. {ReadOn}");
    }

    [Fact]
    public void A_log_that_a_server_is_writing_is_not_torn()
    {
        var repository = _repo.Open();
        repository.Task();
        File.AppendAllText(_repo.Layout.Events, "{\"event\":");
        var writer = new RepositoryLock(_repo.Layout, TimeProvider.System);
        using var held = writer.Acquire("task.create");

        repository.Drift().Should().BeEmpty();
    }
}

using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A process that is still inside a worktree when that is removed.</summary>
public sealed class LateCommandsTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public async Task A_git_run_in_a_removed_directory_acts_on_the_trashed_tree_and_not_on_its_successor()
    {
        var repository = _repo.Open();
        var first = repository.Make("a");
        using var late = Start(first.Directory, "echo in; read go; echo late > late.txt; git add -A && git commit -q -m late && git rev-parse HEAD");
        (await late.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit)).Should().Be("in");
        _repo.By(RefusalCode.WorktreeBusy, () => repository.Drop("a")).Message.Should().Contain($"{late.Id}");

        var removed = repository.Drop("a", force: true);
        var second = repository.Make("a");
        var tip = _repo.Git("rev-parse", "wt/a");
        var main = _repo.Git("rev-parse", "main");
        await late.StandardInput.WriteLineAsync("go");
        var commit = (await late.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Limit)).Trim();

        late.WaitForExit();
        late.ExitCode.Should().Be(0);
        _repo.GitIn(second.Directory, "status", "--porcelain", "--ignored").Should().BeEmpty();
        _repo.GitIn(second.Directory, "branch", "--show-current").Should().Be("wt/a");
        _repo.Git("rev-parse", "wt/a", "main").Should().Be($"{tip}\n{main}");
        _repo.Git("for-each-ref", "--contains", commit).Should().BeEmpty();
        var record = Path.Join(_repo.Layout.TrashedRecords, $"wtmcp-trash-{removed.Step.Worktree.Id}");
        (await File.ReadAllTextAsync(Path.Join(record, "HEAD"), TestContext.Current.CancellationToken)).Trim().Should().Be(commit);
        (await File.ReadAllTextAsync(Path.Join(removed.TrashDirectory!, "late.txt"), TestContext.Current.CancellationToken)).Should().Be("late\n");
        repository.Examine().Should().BeEmpty();
    }

    private static Process Start(string directory, string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var name in start.Environment.Keys.Where(key => key.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        return Process.Start(start)!;
    }
}

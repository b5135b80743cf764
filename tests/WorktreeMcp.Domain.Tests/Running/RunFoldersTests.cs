using System.Globalization;
using FluentAssertions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Server.CommandLine.Verbs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>What is kept of commands that are over has a bound.</summary>
public sealed class RunFoldersTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void The_oldest_outputs_give_way_where_all_together_are_too_large_and_none_that_is_watched()
    {
        var paths = Enumerable.Range(0, 5).Select(number => Kept(number, bytes: 1_000)).ToList();
        var watched = Posix.OpenForLock(Path.Join(paths[4], RunFolder.WatchedFile));
        Posix.TryFlock(watched, shared: false).Should().BeTrue();
        Directory.SetLastWriteTimeUtc(paths[4], DateTime.UtcNow.AddMinutes(-5));

        new RunFolders(_repo.Layout, TimeProvider.System, mostBytes: 2_500).Make(Record()).Dispose();

        paths.Select(Directory.Exists).Should().Equal(true, true, false, false, true);
        Posix.Unlock(watched);
    }

    [Fact]
    public async Task Gc_tells_how_much_they_take()
    {
        Kept(0, bytes: 1_000_000);
        Kept(1, bytes: 500_000);
        var repository = _repo.Open();
        repository.Make("a");

        using var output = new StringWriter();
        await GcVerb.Run(new GcOptions(_repo.Root, All: false, null, DryRun: true, Yes: true, output), TextReader.Null);

        output.ToString().Should().Contain("Outputs of commands: 2, 1.5 MB.").And.Contain("4.3 GB");
    }

    private string Kept(int minutesOld, int bytes)
    {
        var folder = Path.Join(_repo.Layout.Runs, $"run-{minutesOld.ToString("x32", CultureInfo.InvariantCulture)}");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Join(folder, "output-000000000000000"), new byte[bytes]);
        Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddMinutes(-minutesOld - 1));
        return folder;
    }

    private static RunRecord Record() => new()
    {
        RunId = $"run-{new string('f', 32)}",
        Kind = "command",
        Worktree = "a",
        Command = "true",
        By = "tester",
        StartedAt = 0,
        TimeoutSeconds = 1,
        WatchedBy = 1,
        Boot = "boot",
    };
}

using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class InterruptedRestorationsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Of_two_restorations_and_a_creation_of_the_name_at_once_one_wins()
    {
        for (var round = 0; round < 5; round++)
        {
            var name = $"a{round}";
            var servers = Enumerable.Range(0, 3).Select(_ => _repo.Open()).ToArray();
            servers[0].Make(name);
            servers[0].Shell(name, "echo own > own.txt && git add . && git commit -qm own");
            servers[0].Drop(name);
            Action[] calls =
            [
                () => servers[0].Worktrees.Restore(name, null, null, Steps.By),
                () => servers[1].Worktrees.Restore(name, null, null, Steps.By),
                () => servers[2].Make(name, branch: $"wt/{name}"),
            ];

            var outcomes = new Refusal?[3];
            Parallel.For(0, 3, i =>
            {
                try
                {
                    calls[i]();
                }
                catch (Refusal refusal)
                {
                    outcomes[i] = refusal;
                }
            });

            outcomes.Count(o => o is null).Should().Be(1, string.Join(" | ", outcomes.Select(o => o?.Message)));
            outcomes.OfType<Refusal>().Select(o => o.Code).Should().BeSubsetOf([RefusalCode.AlreadyExists, RefusalCode.WorktreeBusy, RefusalCode.NotFound]);
            _repo.GitIn($".worktrees/{name}", "status", "--porcelain", "-b").Should().Be($"## wt/{name}");
            File.Exists(Path.Join(_repo.Root, ".worktrees", name, "own.txt")).Should().BeTrue();
        }

        _repo.Open().Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Fault.Dies, null)]
    [InlineData(Fault.DiesHalfWay, null)]
    [InlineData(Fault.DiesAfter, null)]
    [InlineData(Fault.Dies, "clean -fdxq")]
    [InlineData(Fault.DiesAfter, "clean -fdxq")]
    [InlineData(Fault.Dies, "gc")]
    [InlineData(Fault.DiesAfter, "gc")]
    public void A_server_that_dies_at_any_write_of_a_restoration_loses_nothing(Fault fault, string? aPersonRuns)
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var made = repository.Make("a", task);
        repository.Dirty();
        var before = _repo.Portrait(made.Directory);
        string? hit = "not yet";
        var at = 0;
        do
        {
            if (!Thorough.Tries(++at, oneIn: 4))
            {
                continue;
            }

            repository.Drop("a", force: true);
            var disk = new FaultyFiles(at, fault);
            var dying = _repo.Open(disk);
            try
            {
                dying.Worktrees.Restore("a", null, null, Steps.By);
            }
            catch (Exception death) when (death is Refusal or IOException)
            {
            }

            hit = disk.Hit;
            dying.Dispose();
            Meanwhile(aPersonRuns);
            var next = _repo.Open();
            next.Worktrees.List(null, 20, null);
            if (next.Worktrees.List(WorktreeState.Removed, 20, null).Total == 1)
            {
                next.Worktrees.Restore("a", null, null, Steps.By);
            }

            _repo.Portrait(made.Directory).Should().Be(before, "it died at write {0}, {1}", at, hit);
            next.Row("a").Drift.Should().BeEmpty();
            next.Board.Get(task).Task.LiveWorktree.Should().Be("a");
            _repo.Git("worktree", "prune");
            next.Examine().Where(f => f.IsOpen).Should().BeEmpty("it died at write {0}, {1}", at, hit);
            Directory.GetDirectories(Path.Join(_repo.Root, ".git", "worktrees")).Should().ContainSingle();
        }
        while (hit is not null);

        at.Should().BeGreaterThan(8);
    }

    private void Meanwhile(string? aPersonRuns)
    {
        var records = Path.Join(_repo.Root, ".git", "worktrees");
        if (aPersonRuns == "gc" && !Directory.Exists(Path.Join(records, "a")))
        {
            // The log of a record that is renamed while gc expires it: git makes its folders anew, by the name that it had.
            var log = Path.Join(records, "a", "logs", "HEAD.lock");
            Directory.CreateDirectory(Path.GetDirectoryName(log)!);
            File.WriteAllText(log, string.Empty);
        }
        else if (aPersonRuns is { } command)
        {
            _repo.Git(command.Split(' '));
        }
    }

    [Theory]
    [InlineData(Fault.Fails)]
    [InlineData(Fault.FailsHalfWay)]
    [InlineData(Fault.FailsAfter)]
    public void A_full_disk_at_any_write_of_a_restoration_is_said_and_loses_nothing(Fault fault)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Dirty();
        var before = _repo.Portrait(made.Directory);
        string? hit;
        var at = 0;
        do
        {
            repository.Drop("a", force: true);
            var disk = new FaultyFiles(0, fault);
            var failing = _repo.Open(disk);
            failing.Worktrees.List(null, 20, null);
            disk.Arm(++at);
            try
            {
                failing.Worktrees.Restore("a", null, null, Steps.By);
            }
            catch (Refusal refusal)
            {
                refusal.Message.Should().Contain("No space left");
                failing.Worktrees.List(null, 20, null);
                if (failing.Worktrees.List(WorktreeState.Removed, 20, null).Total == 1)
                {
                    failing.Worktrees.Restore("a", null, null, Steps.By);
                }
            }

            hit = disk.Hit;
            _repo.Portrait(made.Directory).Should().Be(before, "write {0} failed, {1}", at, hit);
            failing.Row("a").Drift.Should().BeEmpty();
        }
        while (hit is not null);
    }

    [Fact]
    public void A_place_that_is_taken_after_the_server_died_sends_it_back_to_the_trash()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo x > x.txt");
        repository.Drop("a", force: true);
        var disk = new FaultyFiles(0, Fault.Dies);
        var dying = _repo.Open(disk);
        dying.Worktrees.List(null, 20, null);
        for (var at = 1; !_repo.Read(".worktrees/index.json").Contains("restoring", StringComparison.Ordinal); at++)
        {
            dying.Dispose();
            disk = new FaultyFiles(at, Fault.DiesAfter);
            dying = _repo.Open(disk);
            ((Action)(() => dying.Worktrees.Restore("a", "b", null, Steps.By))).Should().Throw<Exception>();
        }

        dying.Dispose();
        _repo.Write(".worktrees/b/mine.txt", "mine");

        var next = _repo.Open();
        next.Worktrees.List(null, 20, null).Total.Should().Be(0);
        _repo.Read(".worktrees/b/mine.txt").Should().Be("mine");
        next.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.AdminId.Should().Be("a");
        next.Shell("a", "cat x.txt").Run.Output.Text.Should().Be("x\n");
    }
}

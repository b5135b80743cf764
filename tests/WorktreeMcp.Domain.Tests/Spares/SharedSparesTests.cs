using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>Several servers look after the same spares.</summary>
public sealed class SharedSparesTests : IDisposable
{
    private readonly TempRepository _repo = new();
    private readonly WatchedGit _git;
    private readonly Repository _maker;

    public SharedSparesTests()
    {
        _git = new WatchedGit(_repo);
        _maker = Other();
        _maker.Tend(1);
    }

    private string Head => _repo.Git("rev-parse", "HEAD");

    public void Dispose()
    {
        _maker.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_server_that_has_looked_at_one_of_another_makes_a_worktree_of_it_without_looking_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched on Linux only.");
        _repo.ForgetFingerprints();
        using var other = Other();
        var before = _git.Statuses;
        other.Spares.WatchOthers(Head, CancellationToken.None);
        var looks = _git.Statuses;
        looks.Should().Be(before + 1);

        other.Make("a").IsFromSpare().Should().BeTrue();

        _git.Statuses.Should().Be(looks);
    }

    [Fact]
    public void Where_the_kernel_tells_of_files_no_git_looks_at_them_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux is asked that much.");
        using var other = Other();
        var before = _git.Statuses;

        other.Make("a").IsFromSpare().Should().BeTrue();

        _git.Statuses.Should().Be(before);
    }

    [Fact]
    public void It_looks_again_at_one_that_was_changed_since_and_does_not_use_it()
    {
        using var other = Other();
        other.Spares.WatchOthers(Head, CancellationToken.None);
        File.WriteAllText(Path.Join(_repo.SpareFolders().Single(), "mine.txt"), "mine");

        other.Make("a").IsFromSpare().Should().BeFalse();

        _repo.Has(".worktrees/a/mine.txt").Should().BeFalse();
    }

    [Fact]
    public void One_that_was_changed_before_it_looked_is_not_used_either()
    {
        File.WriteAllText(Path.Join(_repo.SpareFolders().Single(), "mine.txt"), "mine");
        using var other = Other();
        other.Spares.WatchOthers(Head, CancellationToken.None);

        other.Make("a").IsFromSpare().Should().BeFalse();
    }

    [Fact]
    public void A_server_sees_that_another_made_or_took_one()
    {
        using var other = Other();
        other.Spares.HasChanged.Should().BeTrue("it has looked at none yet");
        other.Spares.WatchOthers(Head, CancellationToken.None);
        other.Spares.HasChanged.Should().BeFalse();

        _maker.Make("a").IsFromSpare().Should().BeTrue();
        other.Spares.HasChanged.Should().BeTrue();
        other.Spares.WatchOthers(Head, CancellationToken.None);
        other.Spares.HasChanged.Should().BeFalse();

        _maker.Tend(1);
        other.Spares.HasChanged.Should().BeTrue();
    }

    [Fact]
    public void A_server_that_finds_another_at_work_comes_back()
    {
        using var other = Other();
        var (head, looks) = (Head, 0);
        using var keeper = new SpareKeeper(
            other.Spares,
            new BackgroundFaults(),
            2,
            () =>
            {
                Interlocked.Increment(ref looks);
                return head;
            },
            () => false);
        using (new SpareShelf(_repo.Layout, new FileSystem(), new Disk()).TryKeeper())
        {
            keeper.Start();
            Until(() => Volatile.Read(ref looks) >= 3, "it looks again after five seconds");
            _repo.SpareFolders().Should().ContainSingle();
        }

        Until(() => _repo.SpareFolders().Count == 2, "nobody holds it up any more");
    }

    [Fact]
    public void A_fault_that_nobody_expected_is_told_and_ends_nothing()
    {
        using var other = Other();
        var (head, looks, told) = (Head, 0, new System.Collections.Concurrent.ConcurrentQueue<string>());
        var faults = new BackgroundFaults();
        faults.TellTo((work, fault) => told.Enqueue($"{work}: {fault.Message}"));
        using var keeper = new SpareKeeper(
            other.Spares,
            faults,
            2,
            () => Interlocked.Increment(ref looks) == 1 ? throw new InvalidOperationException("a fault") : head,
            () => false);
        keeper.Start();

        Until(() => _repo.SpareFolders().Count == 2, "the next look goes on");
        told.Should().Equal("keeping checkouts ready: a fault");
    }

    [Fact]
    public void None_is_made_while_somebody_waits_for_a_worktree()
    {
        _maker.Make("a").IsFromSpare().Should().BeTrue();
        using var other = Other();
        var (head, asked, isMaking) = (Head, 0, true);
        using var keeper = new SpareKeeper(other.Spares, new BackgroundFaults(), 1, () => head, IsMaking);
        keeper.Start();

        Until(() => Volatile.Read(ref asked) > 3, "it asks again and again");
        _repo.SpareFolders().Should().BeEmpty();
        Volatile.Write(ref isMaking, false);

        Until(() => other.Spares.HasAny, "nobody waits any more");

        bool IsMaking()
        {
            Interlocked.Increment(ref asked);
            return Volatile.Read(ref isMaking);
        }
    }

    [Fact]
    public async Task A_worktree_in_the_making_counts_for_every_server()
    {
        using var held = new HeldGit(_repo, "checkout-index --all");
        using var server = Repository.Open(_repo.Root, new RepositorySettings(), held.Variables);
        using var other = Other();
        _maker.Make("a").IsFromSpare().Should().BeTrue();
        other.Worktrees.Entries.InTheMaking.Should().Be(0);

        var making = Task.Run(() => server.Make("b"), TestContext.Current.CancellationToken);
        await held.Reached();
        other.Worktrees.Entries.InTheMaking.Should().Be(1);

        held.Release();
        await making.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        other.Worktrees.Entries.InTheMaking.Should().Be(0);
    }

    [Fact]
    public async Task A_look_that_still_goes_on_does_not_stand_in_the_way_of_the_worktree_that_was_made_meanwhile()
    {
        _repo.ForgetFingerprints();
        using var held = new HeldGit(_repo, "clean -n");
        using var other = Repository.Open(_repo.Root, new RepositorySettings(), held.Variables);
        var looking = Task.Run(() => other.Spares.WatchOthers(Head, CancellationToken.None), TestContext.Current.CancellationToken);
        await held.Reached();

        _maker.Make("a").IsFromSpare().Should().BeTrue();
        _maker.Drop("a");

        held.Release();
        await looking.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        other.Spares.HasAny.Should().BeFalse();
    }

    [Fact]
    public void A_git_that_cannot_be_started_is_a_reason_like_any_other_not_to_use_one()
    {
        _repo.ForgetFingerprints();
        using var other = Repository.Open(_repo.Root, new RepositorySettings(), _git.Alone);
        _git.Remove();

        other.Spares.Invoking(spares => spares.WatchOthers(Head, CancellationToken.None)).Should().Throw<Refusal>("the background takes that for a later look");
        other.Spares.Reserve(Head).Should().BeNull();
    }

    [Fact]
    public void Where_one_is_there_a_server_keeps_one_without_being_told()
    {
        _repo.Write("new.txt", "new\n");
        var head = _repo.Commit("second");
        using var server = Other();
        server.KeepSpares();

        Until(() => _repo.SpareFolders().Any(folder => Directory.Exists(folder) && TempRepository.TryGit(folder, "rev-parse", "HEAD").Output == head), "it is brought to the base");
        Until(() => server.Spares.HasAny, "it is ready there");
        server.Make("a").IsFromSpare().Should().BeTrue();
        Until(() => server.Spares.HasAny, "the next one is made");
    }

    [Fact]
    public void What_a_killed_server_left_half_made_is_swept_by_the_next_that_starts_without_its_being_told()
    {
        _maker.Tend(0);
        var record = LeaveHalfMade();
        using var server = Other();

        server.KeepSpares();

        Until(() => !Directory.Exists(record), "a person's git stumbles over such a record");
    }

    [Fact]
    public void What_a_killed_server_left_half_made_is_swept_by_one_that_runs_on()
    {
        using var server = Other();
        var first = LeaveHalfMade();
        server.KeepSpares();
        Until(() => !Directory.Exists(first), "it has looked");

        var record = LeaveHalfMade();

        Until(() => !Directory.Exists(record), "a person's git stumbles over such a record");
    }

    [Fact]
    public async Task What_is_left_half_made_while_others_are_tended_is_not_taken_for_seen()
    {
        using var held = new HeldGit(_repo, "read-tree --reset");
        using var server = Repository.Open(_repo.Root, new RepositorySettings(), held.Variables);
        var tending = Task.Run(() => server.Tend(2), TestContext.Current.CancellationToken);
        await held.Reached();
        var record = LeaveHalfMade();
        held.Release();
        await tending.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);

        server.Spares.HasChanged.Should().BeTrue();

        server.Tend(2);
        Directory.Exists(record).Should().BeFalse();
        server.Spares.HasChanged.Should().BeFalse();
    }

    // As a git killed in its first milliseconds leaves it.
    private string LeaveHalfMade()
    {
        var record = Directory.CreateDirectory(Path.Join(_repo.Layout.CommonDirectory, "worktrees", SpareShelf.NewName())).FullName;
        File.WriteAllText(Path.Join(record, "locked"), "initializing");
        return record;
    }

    private Repository Other() => Repository.Open(_repo.Root, new RepositorySettings(), _git.Variables);

    private static void Until(Func<bool> condition, string because) =>
        SpinWait.SpinUntil(condition, TimeSpan.FromMinutes(3)).Should().BeTrue(because);
}

using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Server.CommandLine.Verbs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>Spares are made, renewed and discarded; kills leave nothing behind for long.</summary>
public sealed class KeepingSparesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void As_many_are_kept_as_are_wanted()
    {
        var repository = _repo.Open();
        repository.Tend(3);
        _repo.SpareFolders().Should().HaveCount(3);

        repository.Tend(1);
        _repo.SpareFolders().Should().ContainSingle();

        repository.Tend(0);
        _repo.SpareFolders().Should().BeEmpty();
        _repo.SpareRecords().Should().BeEmpty();
        Directory.EnumerateFiles(_repo.Layout.SpareRecords).Select(Path.GetFileName).Should().Equal("keeper");
    }

    [Fact]
    public async Task Gc_shows_what_they_take_and_deletes_them_with_everything_else()
    {
        var repository = _repo.Open();
        repository.Tend(2);

        (await Gc(all: false)).Text.Should().MatchRegex(@"Checkouts kept ready: 2, [1-9]\d* B\. With --all they go too\.").And.Contain("Nothing is to be deleted");
        _repo.SpareFolders().Should().HaveCount(2);
        using (var taken = repository.Spares.Reserve(_repo.Git("rev-parse", "HEAD")))
        {
            (await Gc(all: true)).Should().Match<(int Exit, string Text)>(done => done.Exit == 1 && done.Text.Contains("still there: a server is at them"));
            _repo.SpareFolders().Should().ContainSingle();
        }

        (await Gc(all: true)).Exit.Should().Be(0);
        _repo.SpareFolders().Should().BeEmpty();
        _repo.SpareRecords().Should().BeEmpty();
        (await Gc(all: true)).Text.Should().NotContain("kept ready");
    }

    private async Task<(int Exit, string Text)> Gc(bool all)
    {
        using var output = new StringWriter();
        return (await GcVerb.Run(new GcOptions(_repo.Root, all, null, DryRun: false, Yes: true, output), TextReader.Null), output.ToString());
    }

    [Fact]
    public void They_follow_the_base()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        _repo.Write("new.txt", "new\n");
        var head = _repo.Commit("second");

        repository.Tend(1);

        _repo.GitIn(_repo.SpareFolders().Single(), "rev-parse", "HEAD").Should().Be(head);
        using var spare = repository.Spares.Reserve(head);
        spare!.Commit.Should().Be(head);
    }

    [Fact]
    public void A_broken_one_is_replaced()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        var old = _repo.SpareFolders().Single();
        File.WriteAllText(Path.Join(old, "mine.txt"), "mine");

        repository.Tend(1);

        _repo.SpareFolders().Should().ContainSingle().Which.Should().NotBe(old);
    }

    [Fact]
    public void What_a_killed_server_left_half_made_is_swept()
    {
        var repository = _repo.Open();
        var name = SpareShelf.NewName();
        Directory.CreateDirectory(_repo.Layout.Spares);
        _repo.Git("worktree", "add", "-q", "--detach", "--no-checkout", "--lock", Path.Join(_repo.Layout.Spares, name));
        var other = SpareShelf.NewName();
        Directory.CreateDirectory(Path.Join(_repo.Layout.CommonDirectory, "worktrees", other));
        File.WriteAllText(Path.Join(_repo.Layout.CommonDirectory, "worktrees", other, "locked"), "initializing");

        repository.Tend(1);

        _repo.SpareRecords().Should().ContainSingle();
        _repo.SpareFolders().Should().ContainSingle();
        _repo.Git("worktree", "list").Split('\n').Should().HaveCount(2);
    }

    [Fact]
    public void Nobody_sweeps_what_another_server_is_making()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        var name = Path.GetFileName(_repo.SpareFolders().Single());
        using (repository.Spares.Reserve(_repo.Git("rev-parse", "HEAD")))
        {
            _repo.Open().Tend(0);
            _repo.SpareFolders().Select(Path.GetFileName).Should().Equal(name);
        }

        _repo.Open().Tend(0);
        _repo.SpareFolders().Should().BeEmpty();
    }

    [Fact]
    public void A_kill_at_any_write_of_a_creation_from_a_spare_is_taken_back_or_finished()
    {
        var finished = false;
        for (var at = 1; !finished; at++)
        {
            using var repo = new TempRepository();
            repo.Open().Tend(1);
            var disk = new FaultyFiles(at, Fault.Dies);
            try
            {
                repo.Open(disk).Make("a");
                finished = true;
            }
            catch (Exception fault) when (fault is DiedException || fault.InnerException is DiedException || fault is Refusal or IOException)
            {
            }

            var next = repo.Open();
            var rows = next.Worktrees.List(null, 50, null).Worktrees;
            if (rows.Count == 0)
            {
                next.Make("a");
            }

            next.Row("a").Drift.Should().BeEmpty($"write {at}");
            repo.GitIn(".worktrees/a", "status", "--porcelain", "--ignored").Should().BeEmpty($"write {at}");
            next.Tend(1);
            repo.SpareFolders().Should().ContainSingle($"write {at}");
            repo.Git("worktree", "list").Should().NotContain("prunable", $"write {at}");
            repo.Git("fsck", "--no-dangling").Should().BeEmpty();
            at.Should().BeLessThan(200);
        }
    }

    [Fact]
    public void A_server_keeps_them_in_the_background()
    {
        var repository = Repository.Open(_repo.Root, new Domain.Configuration.RepositorySettings { Spares = 1 });
        using (repository)
        {
            repository.KeepSpares();
            Until(() => repository.Spares.HasAny);
            repository.Make("a").IsFromSpare().Should().BeTrue();
            Until(() => repository.Spares.HasAny);
        }

        _repo.SpareFolders().Should().ContainSingle("they wait for the next server");
    }

    [Fact]
    public void A_quick_checkout_asks_for_none()
    {
        using var repository = Repository.Open(_repo.Root, new Domain.Configuration.RepositorySettings());
        repository.KeepSpares();
        repository.Make("a");

        repository.Dispose();
        _repo.SpareFolders().Should().BeEmpty();
    }

    private static void Until(Func<bool> condition) =>
        SpinWait.SpinUntil(condition, TimeSpan.FromMinutes(3)).Should().BeTrue("it must come, at the lowest priority on a busy machine too");
}

using System.Globalization;
using FluentAssertions;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>What is made from a spare is what git would have made.</summary>
public sealed class MakingFromSparesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_worktree_made_from_a_spare_is_a_worktree_like_any_other()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        _repo.SpareFolders().Should().ContainSingle();
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0, "a spare is no worktree");

        var made = repository.Make("a");

        made.IsFromSpare().Should().BeTrue();
        _repo.SpareFolders().Should().BeEmpty();
        _repo.GitIn(".worktrees/a", "status", "--porcelain=v2", "--branch").Should().Contain("branch.head wt/a").And.NotContain("\n1 ").And.NotContain("\n?");
        _repo.Git("worktree", "list", "--porcelain").Should().Contain($"worktree {_repo.Root}/.worktrees/a").And.NotContain("locked");
        _repo.GitIn(".worktrees/a", "reflog").Split('\n').Should().ContainSingle();
        _repo.Write(".worktrees/a/work.txt", "work\n");
        _repo.Commit("work", Path.Join(_repo.Root, ".worktrees", "a"));
        repository.Drop("a").BranchDeleted.Should().BeFalse("it has a commit of its own");
        _repo.Git("fsck", "--no-dangling").Should().BeEmpty();
    }

    [Fact]
    public void It_is_identical_to_a_fresh_checkout_whatever_the_history()
    {
        var histories = int.TryParse(Environment.GetEnvironmentVariable("WORKTREEMCP_HISTORIES"), CultureInfo.InvariantCulture, out var set) ? set : 10;
        var fromSpares = 0;
        for (var seed = 1; seed <= histories; seed++)
        {
            using var repo = new TempRepository();
            var history = new RandomHistory(repo, seed);
            history.Commit(4);
            var repository = repo.Open();
            repository.Tend(1);
            history.Commit(seed % 4);

            var made = repository.Make("mine");
            repo.Git("worktree", "add", "-q", "-b", "theirs", Path.Join(repo.Base, "theirs"));

            fromSpares += made.IsFromSpare() ? 1 : 0;
            repo.Portrait(Path.Join(repo.Root, ".worktrees", "mine")).Should().Be(repo.Portrait(Path.Join(repo.Base, "theirs")), $"seed {seed}");
            repo.Git("fsck", "--no-dangling").Should().BeEmpty();
        }

        fromSpares.Should().BeGreaterThan(histories / 4, "else nothing was compared");
    }

    [Fact]
    public void A_spare_behind_the_base_is_brought_to_it()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        _repo.Write("new.txt", "new\n");
        File.Delete(Path.Join(_repo.Root, "src", "app.txt"));
        var head = _repo.Commit("second");

        repository.Make("a").IsFromSpare().Should().BeTrue();

        _repo.GitIn(".worktrees/a", "rev-parse", "HEAD").Should().Be(head);
        _repo.GitIn(".worktrees/a", "status", "--porcelain").Should().BeEmpty();
        _repo.Has(".worktrees/a/new.txt").Should().BeTrue();
        _repo.Has(".worktrees/a/src").Should().BeFalse();
    }

    [Fact]
    public void No_status_of_a_large_one_reads_its_files_again()
    {
        for (var i = 0; i < 3_000; i++)
        {
            _repo.Write($"many/folder{i / 100}/a file with a name of some length {i}.txt", "text\n");
        }

        _repo.Commit("many");
        var repository = _repo.Open();
        repository.Tend(1);

        var entry = repository.Make("a").Worktree.AdminId!;

        // git trusts the stamp of a file only if the index is of a later second.
        var index = File.GetLastWriteTimeUtc(Path.Join(_repo.Layout.CommonDirectory, "worktrees", entry, "index"));
        Directory.EnumerateFiles(Path.Join(_repo.Root, ".worktrees", "a", "many"), "*", SearchOption.AllDirectories)
            .Max(file => Second(File.GetLastWriteTimeUtc(file))).Should().BeLessThan(Second(index));

        static long Second(DateTime time) => time.Ticks / TimeSpan.TicksPerSecond;
    }

    [Fact]
    public void The_nearest_of_several_is_taken()
    {
        var repository = _repo.Open();
        var first = _repo.Git("rev-parse", "HEAD");
        repository.Tend(1, first);
        _repo.Write("new.txt", "new\n");
        var second = _repo.Commit("second");
        using (repository.Spares.Reserve(first))
        {
            repository.Tend(1, second);
        }

        repository.Tend(null, second);
        _repo.SpareFolders().Should().HaveCount(2);
        repository.Make("a").IsFromSpare().Should().BeTrue();

        _repo.GitIn(".worktrees/a", "rev-parse", "HEAD").Should().Be(second);
    }

    [Fact]
    public void A_branch_that_exists_is_attached_to_a_spare_too()
    {
        var repository = _repo.Open();
        _repo.Git("branch", "topic");
        _repo.Write("more.txt", "more\n");
        _repo.Commit("second");
        repository.Tend(1);

        var made = repository.Make("a", branch: "topic");

        made.IsFromSpare().Should().BeTrue();
        _repo.GitIn(".worktrees/a", "status", "--porcelain=v2", "--branch").Should().Contain("branch.head topic").And.NotContain("\n1 ");
        _repo.Has(".worktrees/a/more.txt").Should().BeFalse();
    }

    [Fact]
    public void Two_servers_that_want_the_same_spare_both_get_their_worktree()
    {
        var servers = new[] { _repo.Open(), _repo.Open() };
        servers[0].Tend(1);

        Parallel.ForEach(servers, server => server.Make($"w{Array.IndexOf(servers, server)}"));

        var records = servers[0].Worktrees.List(null, 50, null).Worktrees;
        records.Should().HaveCount(2).And.OnlyContain(row => row.Changes!.IsClean && row.Drift.Count == 0);
        records.Count(row => row.Worktree.AdminId!.StartsWith("spare-", StringComparison.Ordinal)).Should().Be(1);
    }

    [Fact]
    public void The_folder_of_spares_is_closed_to_other_users()
    {
        _repo.Open().Tend(1);

        File.GetUnixFileMode(_repo.Layout.Spares).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>
/// git is killed at each of its writes while a checked-out base moves, alone or with its server; afterwards the base and
/// its checkout have moved, or neither has. On request: see <see cref="KillPointsTests"/>.
/// </summary>
public sealed class LandingKillPointsTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_git_killed_while_the_base_moves_leaves_no_half_of_it(bool withServer)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("WORKTREEMCP_KILL_POINTS")), "Takes long: set WORKTREEMCP_KILL_POINTS; needs strace.");
        Assert.SkipUnless(DyingGit.Refusal is null, DyingGit.Refusal ?? string.Empty);
        IReadOnlyList<KillPoint> all;
        using (var watched = new TempRepository())
        {
            Land(watched, null, withServer: false);
            all = new DyingGit(Path.Join(watched.Base, "git")).Points();
        }

        var (wrong, moved) = (new List<string>(), 0);
        var chosen = all.Where(point => point.Writes).ToList();
        foreach (var point in chosen)
        {
            using var repo = new TempRepository();
            try
            {
                moved += Land(repo, point, withServer) ? 1 : 0;
            }
            catch (Exception fault)
            {
                wrong.Add($"killed at {point.Call} number {point.Time}: {fault.Message}");
            }
        }

        output.WriteLine($"{chosen.Count} points of {all.Count}, moved at {moved}, {wrong.Count} wrong");
        wrong.Should().BeEmpty();
    }

    [Theory]
    [InlineData("ENOSPC")]
    [InlineData("EACCES")]
    [InlineData("EMFILE")]
    public void A_git_that_fails_while_the_base_moves_leaves_no_half_of_it(string error)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("WORKTREEMCP_KILL_POINTS")), "Takes long: set WORKTREEMCP_KILL_POINTS; needs strace.");
        Assert.SkipUnless(DyingGit.Refusal is null, DyingGit.Refusal ?? string.Empty);
        IReadOnlyList<KillPoint> all;
        using (var watched = new TempRepository())
        {
            Land(watched, null, withServer: false);
            all = new DyingGit(Path.Join(watched.Base, "git")).Points();
        }

        var (wrong, moved) = (new List<string>(), 0);
        var chosen = all.Where(point => point.Writes || point.Call == "write").Select(point => point with { Error = error }).ToList();
        foreach (var point in chosen)
        {
            using var repo = new TempRepository();
            try
            {
                moved += Land(repo, point, withServer: false) ? 1 : 0;
            }
            catch (Exception fault)
            {
                wrong.Add($"{error} at {point.Call} number {point.Time}: {fault.Message}");
            }
        }

        output.WriteLine($"{chosen.Count} points of {all.Count}, moved at {moved}, {wrong.Count} wrong");
        wrong.Should().BeEmpty();
    }

    private static bool Land(TempRepository repo, KillPoint? point, bool withServer)
    {
        var git = new DyingGit(Path.Join(repo.Base, "git"));
        git.Heal();
        repo.Write("dir/old.txt", "old\n");
        repo.Write("ignored.ignored", "mine\n");
        repo.Commit("more");
        using (var server = Repository.Open(repo.Root, environment: git.Environment.Concat([new("HOME", repo.Base)]).DistinctBy(pair => pair.Key).ToDictionary(), disk: git))
        {
            server.Make("a");
            server.Shell("a", "mkdir -p new/deep && echo 1 > new/deep/one.txt && echo changed > src/app.txt && git rm -q dir/old.txt && seq 1 20000 > long.txt && git add -A && git commit -qm work");
            git.KillAt(point, "merge --ff-only", withServer);
            try
            {
                server.Land("a");
            }
            catch (Exception fault) when (fault is Refusal or IOException)
            {
                // That is what is tried out.
            }
        }

        var from = repo.Git("rev-parse", "wt/a~1");
        using var next = Repository.Open(repo.Root);
        next.Worktrees.List(null, 50, null);
        repo.Read(".worktrees/index.json").Should().NotContain("\"landing\"");
        var moved = repo.Git("rev-parse", "main") != from;
        repo.Git("status", "--porcelain").Should().BeEmpty();
        repo.Has("long.txt").Should().Be(moved);
        repo.Has("new").Should().Be(moved);
        repo.Has("dir").Should().Be(!moved);
        repo.Read("ignored.ignored").Should().Be("mine\n");
        Directory.EnumerateFiles(Path.Join(repo.Root, ".git"), "*.lock", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "landing.lock").Should().BeEmpty();
        repo.EventNames().Where(name => name.StartsWith("worktree.merge", StringComparison.Ordinal)).Should().Equal("worktree.merge.before", moved ? "worktree.merge.after" : "worktree.merge.failed");
        next.Land("a").To.Should().Be(repo.Git("rev-parse", "main"));
        repo.Git("status", "--porcelain").Should().BeEmpty();
        return moved;
    }
}

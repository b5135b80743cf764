using System.Globalization;
using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Tests.Spares;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>
/// git is killed at a system call, alone or with its server; then the next call of another server finds nothing half-made.
/// That is at a few calls that make, move or delete a file; in CI and with WORKTREEMCP_KILL_POINTS=writes at all of these,
/// with a number N at every N-th call, with "all" at each.
/// </summary>
public sealed class KillPointsTests(ITestOutputHelper output) : IDisposable
{
    private const string Size = "WORKTREEMCP_KILL_POINTS";
    private const int Few = 3;

    private static readonly bool InCi = Environment.GetEnvironmentVariable("CI") == "true";

    private TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("update-ref -m", false)]
    [InlineData("update-ref -m", true)]
    [InlineData("worktree add", false)]
    [InlineData("worktree add", true)]
    [InlineData("read-tree HEAD", false)]
    [InlineData("read-tree HEAD", true)]
    [InlineData("checkout-index --all", false)]
    [InlineData("checkout-index --all", true)]
    public void A_git_killed_while_a_worktree_is_made_leaves_nothing_behind(string subcommand, bool withServer) =>
        AtEveryPoint(subcommand, withServer, _ => { }, server => server.Make("a"));

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_git_killed_while_a_branch_is_deleted_leaves_nothing_behind(bool packed, bool withServer) =>
        AtEveryPoint("update-ref -d", withServer, server => Prepare(server, packed), server => server.Drop("a"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_git_killed_while_a_dead_creation_is_taken_back_leaves_nothing_behind(bool withServer) =>
        AtEveryPoint("update-ref -d", withServer, Abandon, server => server.Worktrees.List(null, 50, null));

    [Theory]
    [InlineData("worktree add", false)]
    [InlineData("worktree add", true)]
    [InlineData("read-tree HEAD", false)]
    [InlineData("read-tree HEAD", true)]
    [InlineData("checkout-index --all", false)]
    [InlineData("checkout-index --all", true)]
    public void A_git_killed_while_a_worktree_is_made_on_a_branch_that_exists_leaves_that_branch(string subcommand, bool withServer)
    {
        AtEveryPoint(subcommand, withServer, _ => _repo.Git("branch", "--force", "own"), server => server.Make("a", branch: "own"));
        _repo.Git("rev-parse", "own").Should().Be(_repo.Git("rev-parse", "main"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_git_killed_while_a_spare_becomes_a_worktree_leaves_nothing_behind(bool withServer) =>
        AtEveryPoint("symbolic-ref -m", withServer, server => server.Tend(1), server => server.Make("a"));

    [Theory]
    [InlineData("worktree add", false)]
    [InlineData("worktree add", true)]
    [InlineData("read-tree --reset", false)]
    [InlineData("read-tree --reset", true)]
    [InlineData("update-ref --no-deref", false)]
    [InlineData("update-ref --no-deref", true)]
    public void A_git_killed_while_a_spare_is_made_leaves_nothing_that_the_next_keeper_does_not_take(string subcommand, bool withServer) =>
        AtEveryPoint(subcommand, withServer, _ => { }, server => server.Tend(1));

    // As a server that died when it had made the branch.
    private void Abandon(Repository server)
    {
        var parts = server.Worktrees.Parts;
        using var change = parts.Store.Begin("worktree.create", "a dead server");
        var worktree = DeadServer.Creating(_repo, "a") with { Id = parts.NewWorktreeId(change) };
        change.Emit(WorktreeEntries.Event("worktree.create.before", WorktreeEntries.Put(change, worktree), null));
        change.Commit("worktree.create.begin");
        _repo.Git("branch", worktree.Branch);
    }

    private void Prepare(Repository server, bool packed)
    {
        server.Make("a");
        if (packed)
        {
            _repo.Git("pack-refs", "--all");
        }
    }

    private void AtEveryPoint(string subcommand, bool withServer, Action<Repository> prepare, Action<Repository> act)
    {
        if (DyingGit.Refusal is { } reason)
        {
            Assert.SkipUnless(InCi, reason);
            Assert.Fail(reason);
        }

        // The first round packs the repository; from then on each makes the same calls.
        Kill(null, subcommand, withServer: false, prepare, act);
        Kill(null, subcommand, withServer: false, prepare, act);
        var all = new DyingGit(GitFolder).Points();

        var chosen = Chosen(all, withServer).ToList();
        var wrong = new List<string>();
        var refused = 0;
        foreach (var point in chosen)
        {
            try
            {
                refused += Kill(point, subcommand, withServer, prepare, act) ? 1 : 0;
            }
            catch (Exception fault)
            {
                wrong.Add($"{subcommand} killed at {point.Call} number {point.Time}: {fault.Message}");
                _repo.Dispose();
                _repo = new TempRepository();
                Kill(null, subcommand, withServer: false, prepare, act);
            }
        }

        output.WriteLine($"{subcommand}{(withServer ? " with its server" : string.Empty)}: {chosen.Count} of {all.Count} points, {refused} calls refused, {wrong.Count} wrong");
        wrong.Should().BeEmpty();
    }

    private static IEnumerable<KillPoint> Spread(List<KillPoint> points, int most) =>
        points.Count <= most ? points : Enumerable.Range(0, most).Select(i => points[((2 * i) + 1) * points.Count / (2 * most)]);

    // Between two writes nothing differs that git leaves behind; a half of the writes is for git alone, the other for both.
    private static IEnumerable<KillPoint> Chosen(IReadOnlyList<KillPoint> all, bool withServer) =>
        Environment.GetEnvironmentVariable(Size) switch
        {
            "all" => all,
            { Length: > 0 } step when char.IsAsciiDigit(step[0]) => all.Where((_, index) => index % int.Parse(step, CultureInfo.InvariantCulture) == 0),
            "writes" => Half(all, withServer),
            _ when InCi => Half(all, withServer),
            _ => Spread([.. Half(all, withServer)], Few),
        };

    private static IEnumerable<KillPoint> Half(IReadOnlyList<KillPoint> all, bool withServer) =>
        all.Where(point => point.Writes).Where((_, index) => index % 2 == (withServer ? 1 : 0));

    private string GitFolder => Path.Join(_repo.Base, "git");

    private bool Kill(KillPoint? point, string subcommand, bool withServer, Action<Repository> prepare, Action<Repository> act)
    {
        var git = new DyingGit(GitFolder);
        git.Heal();
        var refused = false;
        using (var server = Repository.Open(_repo.Root, environment: git.Environment, disk: git))
        {
            prepare(server);
            git.KillAt(point, subcommand, withServer);
            try
            {
                act(server);
            }
            catch (Refusal)
            {
                refused = true;
            }
            catch (IOException) when (withServer)
            {
                refused = true;
            }

            git.WasRun.Should().BeTrue("that is where git dies");
            (point is null || git.HasDied).Should().BeTrue("git must come to that call");
        }

        using var next = Repository.Open(_repo.Root);
        next.Tend(0);
        var rows = next.Worktrees.List(null, 50, null).Worktrees;
        Agree(next, rows);
        Usable();
        if (rows.Count == 0)
        {
            next.Make("a");
        }

        Agree(next, next.Worktrees.List(null, 50, null).Worktrees);
        var ours = next.Row("a").Worktree.BranchCreated;
        (next.Drop("a").BranchKept is null).Should().Be(ours, "only a branch that we made goes");
        Agree(next, []);
        return refused;
    }

    private void Agree(Repository repository, IReadOnlyList<WorktreeView> rows)
    {
        rows.SelectMany(row => row.Drift).Should().BeEmpty();
        rows.Where(row => row.Worktree.Status != WorktreeState.Active).Should().BeEmpty();
        Names(Path.Join(_repo.Root, ".worktrees")).Where(name => name[0] != '.').Should().Equal(rows.Select(row => row.Worktree.Name));
        Names(Path.Join(_repo.Root, ".git", "worktrees")).Where(name => !name.StartsWith("wtmcp-trash-", StringComparison.Ordinal))
            .Should().Equal(rows.Select(row => row.Worktree.AdminId));
        _repo.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/wt").Should().Be(string.Join('\n', rows.Where(row => row.Worktree.BranchCreated).Select(row => row.Worktree.Branch)));
        repository.Examine().Where(finding => finding.Severity != FindingSeverity.Info).Select(finding => finding.Message).Should().BeEmpty();
        Directory.EnumerateFiles(Path.Join(_repo.Root, ".git"), "*", SearchOption.AllDirectories)
            .Where(path => path.EndsWith(".lock", StringComparison.Ordinal) || Path.GetFileName(path) == "packed-refs.new").Should().BeEmpty();
    }

    private void Usable()
    {
        _repo.Git("worktree", "list");
        _repo.Git("gc", "--quiet");
        _repo.Git("fsck", "--connectivity-only");
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal) : [];
}

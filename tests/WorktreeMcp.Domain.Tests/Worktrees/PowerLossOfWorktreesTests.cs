using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>
/// The power fails before the n-th write of a call about worktrees. What git wrote is there afterwards, of ours only what was
/// synced: so git may know more than our files, unless the intent was on the disk before git began.
/// </summary>
public sealed class PowerLossOfWorktreesTests
{
    private const int Step = 4;

    private static readonly Dictionary<string, (Action<Repository> Act, string Name)> Calls = new()
    {
        ["worktree_create"] = (server => server.Make("new", 2), "new"),
        ["worktree_remove"] = (server => server.Drop("a", force: true), "a"),
        ["worktree_restore"] = (server => server.Worktrees.Restore("gone", null, null, Steps.By), "gone"),
    };

    public static MatrixTheoryData<string, PowerLoss> EveryWay { get; } = new(Calls.Keys, Enum.GetValues<PowerLoss>());

    [Theory]
    [MemberData(nameof(EveryWay))]
    public void Whenever_the_power_fails_a_call_has_happened_whole_or_not_at_all(string call, PowerLoss loss)
    {
        var (act, name) = Calls[call];
        using var rewindable = new RewindableRepository(Prepare);
        var before = rewindable.Essence();
        using (var healthy = Repository.Open(rewindable.Repo.Root, new()))
        {
            act(healthy);
        }

        var after = rewindable.Essence();
        var offset = Calls.Keys.ToList().IndexOf(call) + (int)loss;
        for (var (n, hit) = (1, "not yet"); hit is not null; n++)
        {
            // What is lost whole is tried at every write, what is lost in part at every fourth.
            if ((loss != PowerLoss.LosesAll && (n + offset) % Step != 0) || !Thorough.Tries(n, oneIn: 3))
            {
                continue;
            }

            rewindable.Rewind();
            var disk = new ForgettingFiles(rewindable.Repo.Root, IsOurs(rewindable.Repo));
            var acknowledged = Dies(rewindable.Repo, disk, n, act);
            hit = disk.Hit;
            disk.LosePower(loss);
            PowerLossTests.Reboot(rewindable.Repo.Layout.OperationLog);

            var where = $"{call}, {loss}, before write {n}: {hit}";
            var now = rewindable.Essence();
            now.Should().Be(acknowledged || now == after ? after : before, where);
            IsWhole(rewindable.Repo, name, where);
        }
    }

    private static bool Dies(TempRepository repo, ForgettingFiles disk, int at, Action<Repository> act)
    {
        using var server = Repository.Open(repo.Root, new(), disk: disk);
        disk.Arm(at);
        try
        {
            act(server);
            return true;
        }
        catch (Exception fault) when (fault is Refusal or DiedException)
        {
            return false;
        }
    }

    // git's own files and those of worktrees stay; locks and leases hold nothing.
    private static Func<string, bool> IsOurs(TempRepository repo) => path =>
        Path.GetDirectoryName(path) is { } folder
        && (folder == repo.Layout.Tasks || folder == repo.Layout.Worktrees || (folder == repo.Layout.Private && Path.GetFileName(path).Contains("oplog", StringComparison.Ordinal)));

    private static void IsWhole(TempRepository repo, string name, string where)
    {
        using var next = Repository.Open(repo.Root, new());
        next.Examine().Where(finding => finding.IsOpen).Should().BeEmpty(where);
        var rows = next.Worktrees.List(null, 50, null).Worktrees;
        repo.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/wt").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Should().BeSubsetOf(rows.Select(row => row.Worktree.Branch), where);
        if (rows.Any(row => row.Worktree.Name == name))
        {
            next.Drop(name, force: true);
        }

        next.Make(name).Warning.Should().BeNull(where);
        next.Row(name).Drift.Should().BeEmpty(where);
        repo.Git("worktree", "prune");
        repo.Git("fsck", "--connectivity-only");
    }

    private static void Prepare(TempRepository repo)
    {
        using var server = Repository.Open(repo.Root, new());
        server.Make("a", server.Task("first"));
        repo.Write(".worktrees/a/work.txt", "uncommitted\n");
        server.Task("second");
        server.Make("gone");
        repo.Write(".worktrees/gone/work.txt", "uncommitted\n");
        server.Drop("gone", force: true);
    }
}

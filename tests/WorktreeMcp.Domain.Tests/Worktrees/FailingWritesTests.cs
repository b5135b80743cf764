using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>
/// The n-th write of each tool goes wrong, or the server dies there, for n = 1, 2, ... until the call needs no more.
/// With WORKTREEMCP_FAULTS=all in every way; without it each tool meets each way at its first, its last and
/// every sixth write, at a desk every eighteenth.
/// </summary>
public sealed class FailingWritesTests(ITestOutputHelper output)
{
    // What a refusal says when the next call will have done what it was asked for.
    private const string GoesOn = "The next call, even one that only reads, goes on from where this one stopped";

    // Its intent claims the task, so the task's file is written with the intent and once more with the end.
    private const string TakesTheBest = "worktree_create of the best";

    private static readonly int Step = Thorough.All ? 6 : 18;

    private static readonly bool All = Environment.GetEnvironmentVariable("WORKTREEMCP_FAULTS") == "all";

    private static readonly Dictionary<string, Func<Repository, string?>> Tools = new()
    {
        ["task_create"] = server => server.Board.Create(new NewTask("third"), Steps.By).Warning,
        ["task_plan"] = server => server.Board.Plan(new TaskPlan([new("a", new NewTask("planned"), []), new("b", new NewTask("after"), ["a", "2"])]), Steps.By).Warning,
        ["task_update"] = server => server.Board.Update(2, new TaskEdit { Status = TaskState.Completed, Note = "done" }, Steps.By).Warning,
        ["task_claim"] = server => server.Board.Claim(2, null, Steps.By).Warning,
        ["task_bind_worktree"] = server => server.Worktrees.Bind(2, "free", "owner", Steps.By).Warning,
        ["worktree_create"] = server => server.Make("new", task: 2).Warning,
        [TakesTheBest] = server => server.Make(null).Warning,
        ["worktree_keep"] = server => server.Worktrees.Keep("a", "enough", completeTask: true, Steps.By).Warning,
        ["worktree_remove"] = server => server.Worktrees.Remove("a", force: true, completeTask: true, "over", Steps.By).Step.Warning,
        ["worktree_restore"] = server => server.Worktrees.Restore("gone", null, null, Steps.By).Step.Warning,
        ["worktree_run"] = server => server.Shell("a", "echo ran >> ran.txt").Warning,
        ["worktree_merge"] = server => server.Land("done", complete: true).Step.Warning,
    };

    // The files of an intent, which the same call writes again with its end; and a trash that may lie elsewhere.
    private static readonly string[] MadeGood = ["/.worktrees/index.json", "events.jsonl", "/.git/worktree-mcp/trash"];

    private static readonly Dictionary<string, (Fault Fault, Func<string, Exception>? Error)> Ways = new()
    {
        ["a full disk"] = (Fault.Fails, null),
        ["a full disk in the middle of a file"] = (Fault.FailsHalfWay, null),
        ["no permission"] = (Fault.Fails, call => new UnauthorizedAccessException($"Access to the path is denied ({call})")),
        ["a sharing violation"] = (Fault.Fails, call => new IOException($"The process cannot access the file because it is being used by another process ({call})", unchecked((int)0x80070020))),
        ["an error that comes too late"] = (Fault.FailsAfter, call => new IOException($"Input/output error ({call})")),
        ["a death before"] = (Fault.Dies, null),
        ["a death in the middle of a file"] = (Fault.DiesHalfWay, null),
        ["a death after"] = (Fault.DiesAfter, null),
    };

    public static MatrixTheoryData<string, string> EveryTool { get; } = new(Tools.Keys, Ways.Keys);

    [Theory]
    [MemberData(nameof(EveryTool))]
    public void Whatever_write_goes_wrong_a_call_has_happened_whole_or_not_at_all(string tool, string way)
    {
        var (fault, error) = Ways[way];
        using var rewindable = new RewindableRepository(Prepare);
        var before = rewindable.Essence();
        var probe = new FaultyFiles(0, fault);
        using (var healthy = Repository.Open(rewindable.Repo.Root, disk: probe))
        {
            Tools[tool](healthy).Should().BeNull();
        }

        var after = rewindable.Essence();
        after.Should().NotBe(before);
        var ends = Ends(rewindable);

        var outcomes = new List<string>();
        var last = probe.Made.ToList().FindLastIndex(call => call.StartsWith("Append", StringComparison.Ordinal) && call.EndsWith("oplog.jsonl", StringComparison.Ordinal)) + 1;
        var offset = (Tools.Keys.ToList().IndexOf(tool) + Ways.Keys.ToList().IndexOf(way)) % Step;
        for (var n = 1; n <= probe.Calls; n++)
        {
            if (All || n % Step == offset || n == 1 || n == probe.Calls)
            {
                rewindable.Rewind();
                var disk = new FaultyFiles(n, fault, error);
                var outcome = Try(rewindable, tool, disk, before, after);
                outcomes.Add(outcome);
                (tool == "worktree_run" ? ends : Ends(rewindable)).Should().Equal(ends, $"{tool} at {disk.Hit} ends in one event: {outcome}");
                if (!disk.Died)
                {
                    IsSaid(tool, outcome, disk.Hit!, n.CompareTo(last));
                }
            }
        }

        outcomes.Should().Contain(fault is Fault.Dies or Fault.DiesHalfWay or Fault.DiesAfter ? "died" : "refused").And.Contain("warned");
        output.WriteLine($"{tool}, {way}: {probe.Calls} writes; {string.Join(", ", outcomes.CountBy(outcome => outcome).Select(outcome => $"{outcome.Value} {outcome.Key}"))}");
    }

    // A command whose server died has ended all the same, only nobody knows how.
    private static List<string> Ends(RewindableRepository rewindable) =>
        rewindable.Repo.EventNames().Where(name => name.EndsWith(".after", StringComparison.Ordinal) || name is "worktree.restored").Order(StringComparer.Ordinal).ToList();

    // What the caller is told, by where the last line of the operation log is, which is when it has happened.
    private static void IsSaid(string tool, string outcome, string hit, int afterCommit)
    {
        var ends = MadeGood.Any(hit.EndsWith) || (tool == TakesTheBest && hit.EndsWith("/.tasks/task_2.json", StringComparison.Ordinal));
        string[] expected = afterCommit > 0 ? ["warned"]
            : tool == "worktree_run" ? (ends ? ["refused", "warned", "done"] : ["refused", "warned"])
            : ends ? ["refused", "done"]
            : ["refused"];
        expected.Should().Contain(outcome, $"{tool} failed at {hit}");
    }

    private static string Try(RewindableRepository rewindable, string tool, FaultyFiles disk, string before, string after)
    {
        using var server = Repository.Open(rewindable.Repo.Root, disk: disk);
        var (answer, words) = Call(server, tool);
        var outcome = disk.Died && answer == "refused" ? "died" : answer;
        var where = $"{tool} at {disk.Hit}: {outcome}, {words}";

        disk.Hit.Should().NotBeNull(where);
        if (outcome == "refused" && words!.Contains("Nothing was changed", StringComparison.Ordinal))
        {
            rewindable.Repo.Has(".worktrees/new").Should().BeFalse($"it says that nothing was changed: {where}");
        }

        var now = rewindable.Essence();
        now.Should().Be(outcome switch { "done" or "warned" => after, "refused" when !words!.Contains(GoesOn) => before, _ => now == after ? after : before }, where);

        // The same server goes on once the cause is gone; one that died is followed by the next.
        if (now == before)
        {
            using var next = Repository.Open(rewindable.Repo.Root);
            Call(outcome == "died" ? next : server, tool).Outcome.Should().Be("done", where);
            rewindable.Essence().Should().Be(after, where);
        }

        IsSound(rewindable, where);
        return outcome;
    }

    private static (string Outcome, string? Words) Call(Repository server, string tool)
    {
        try
        {
            var warning = Tools[tool](server);
            return (warning is null ? "done" : "warned", warning);
        }
        catch (Exception fault) when (fault is Refusal or DiedException)
        {
            return ("refused", fault.Message);
        }
    }

    private static void IsSound(RewindableRepository rewindable, string where)
    {
        using var server = Repository.Open(rewindable.Repo.Root);
        server.Board.Create(new NewTask("later"), Steps.By);
        rewindable.Temporaries().Should().BeEmpty(where);
        server.Examine().Where(finding => finding.IsOpen).Should().BeEmpty(where);
        Directory.EnumerateFiles(rewindable.Repo.Base, "work.txt", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => path.StartsWith(rewindable.Repo.Root + "/", StringComparison.Ordinal)).Select(File.ReadAllText).Should().Equal(["uncommitted\n", "uncommitted\n"], where);

        var events = rewindable.Repo.EventLines().Select(line => JsonNode.Parse(line)!).ToList();
        events.Select(one => (int)one["seq"]!).Should().Equal(Enumerable.Range(1, events.Count), where);
        var open = new HashSet<string>();
        foreach (var (step, name) in events.Select(one => ((string)one["event"]!, (string?)one["worktree"]?["name"])))
        {
            if (step.EndsWith(".before", StringComparison.Ordinal))
            {
                open.Add($"{step[..^7]} {name}").Should().BeTrue(where);
            }
            else if (step.EndsWith(".after", StringComparison.Ordinal) || step.EndsWith(".failed", StringComparison.Ordinal))
            {
                open.Remove($"{step[..step.LastIndexOf('.')]} {name}").Should().BeTrue(where);
            }
        }

        open.Should().BeEmpty(where);
    }

    private static void Prepare(TempRepository repo)
    {
        using var server = Repository.Open(repo.Root);
        server.Make("a", server.Task("first"));
        server.Task("second");
        server.Make("free");
        server.Make("done", server.Task("landing"));
        server.Work("done", "landed.txt", "landed");
        server.Make("gone", server.Task("put off"));
        repo.Write(".worktrees/gone/work.txt", "uncommitted\n");
        server.Drop("gone", force: true);
        repo.Write(".worktrees/a/work.txt", "uncommitted\n");
    }
}

using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>
/// The n-th write of each tool goes wrong, or the server dies there, for n = 1, 2, ... until the call needs no more.
/// With WORKTREEMCP_FAULTS=all in every way; without it each tool meets each way at every third write.
/// </summary>
public sealed class FailingWritesTests(ITestOutputHelper output)
{
    // What a refusal says when the next call will have done what it was asked for.
    private const string GoesOn = "The next call goes on from where this one stopped";

    private static readonly bool All = Environment.GetEnvironmentVariable("WORKTREEMCP_FAULTS") == "all";

    private static readonly Dictionary<string, Func<Repository, string?>> Tools = new()
    {
        ["task_create"] = server => server.Board.Create(new NewTask("third"), Steps.By).Warning,
        ["task_update"] = server => server.Board.Update(2, new TaskEdit { Status = TaskState.Completed, Note = "done" }, Steps.By).Warning,
        ["task_bind_worktree"] = server => server.Worktrees.Bind(2, "free", "owner", Steps.By).Warning,
        ["worktree_create"] = server => server.Make("new", task: 2).Warning,
        ["worktree_keep"] = server => server.Worktrees.Keep("a", "enough", completeTask: true, Steps.By).Warning,
        ["worktree_remove"] = server => server.Worktrees.Remove("a", force: true, completeTask: true, "over", Steps.By).Step.Warning,
    };

    private static readonly Dictionary<string, (Fault Fault, Func<string, Exception>? Error)> Ways = new()
    {
        ["a full disk"] = (Fault.Fails, null),
        ["a full disk in the middle of a file"] = (Fault.FailsHalfWay, null),
        ["no permission"] = (Fault.Fails, call => new UnauthorizedAccessException($"Access to the path is denied ({call})")),
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

        var outcomes = new Dictionary<string, int>();
        var offset = (Tools.Keys.ToList().IndexOf(tool) + Ways.Keys.ToList().IndexOf(way)) % 3;
        for (var n = 1; n <= probe.Calls; n++)
        {
            if (All || n % 3 == offset)
            {
                rewindable.Rewind();
                var outcome = Try(rewindable, tool, new FaultyFiles(n, fault, error), before, after);
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
        }

        output.WriteLine($"{tool}, {way}: {probe.Calls} writes; {string.Join(", ", outcomes.Select(outcome => $"{outcome.Value} {outcome.Key}"))}");
    }

    private static string Try(RewindableRepository rewindable, string tool, FaultyFiles disk, string before, string after)
    {
        using var server = Repository.Open(rewindable.Repo.Root, disk: disk);
        var (answer, words) = Call(server, tool);
        var outcome = disk.Died && answer == "refused" ? "died" : answer;
        var where = $"{tool} at {disk.Hit}: {outcome}, {words}";

        disk.Hit.Should().NotBeNull(where);
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
            .Where(path => path.StartsWith(rewindable.Repo.Root + "/", StringComparison.Ordinal)).Select(File.ReadAllText).Should().Equal(["uncommitted\n"], where);

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
        repo.Write(".worktrees/a/work.txt", "uncommitted\n");
    }
}

using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class PowerLossTests
{
    private const int Rotating = 0;
    private const int NotRotating = 1_000_000;

    private static readonly Dictionary<string, (Action<OpenState> Act, Func<OpenState, bool> Happened)> Changes = new()
    {
        ["create"] = (s => s.Board.Create(new NewTask("third"), "a"), s => s.Board.List(Listing.All).Tasks.Any(t => t.Task.Subject == "third")),
        ["update"] = (s => s.Board.Update(1, new TaskEdit { Status = TaskState.Completed, Note = "done" }, "a"), s => s.Board.Get(1).Task.Status == TaskState.Completed),
        ["task and worktree"] = (Bind, s => s.Store.Worktrees().Count == 2),
    };

    public static TheoryData<string, PowerLoss, int> EveryWay
    {
        get
        {
            var data = new TheoryData<string, PowerLoss, int>();
            foreach (var change in Changes.Keys)
            {
                foreach (var loss in Enum.GetValues<PowerLoss>())
                {
                    data.Add(change, loss, NotRotating);
                    data.Add(change, loss, Rotating);
                }
            }

            return data;
        }
    }

    // The process dies before its n-th write; the power fails at once, or after another server has gone on.
    [Theory]
    [MemberData(nameof(EveryWay))]
    public void Whenever_the_power_fails_what_was_acknowledged_is_there(string name, PowerLoss loss, int rotateAt)
    {
        var (act, happened) = Changes[name];
        for (var n = 1; ; n++)
        {
            foreach (var goesOn in new[] { false, true })
            {
                using var folder = new StateFolder();
                var disk = new ForgettingFiles(folder.Root);
                var state = folder.Open(disk);
                Fill(state);
                var dying = folder.Open(disk, rotateAt: rotateAt);
                disk.Arm(n);
                var acknowledged = Try(() => act(dying));
                disk.Arm(0);
                if (goesOn)
                {
                    state.Board.Update(2, new TaskEdit { Note = "went on" }, "b").Warning.Should().BeNull();
                    acknowledged |= happened(state);
                }

                disk.LosePower(loss);

                var where = $"{name}, {loss}, rotating at {rotateAt}, died at {n}: {disk.Hit}, another went on: {goesOn}";
                Check(folder, acknowledged, goesOn, happened, where);
                if (disk.Hit is null && goesOn)
                {
                    n.Should().BeGreaterThan(rotateAt == Rotating ? 15 : 7);
                    return;
                }
            }
        }
    }

    [Theory]
    [InlineData(PowerLoss.LosesAll)]
    [InlineData(PowerLoss.KeepsAppended)]
    public void The_very_first_change_survives(PowerLoss loss)
    {
        using var folder = new StateFolder();
        var disk = new ForgettingFiles(folder.Root);
        folder.Open(disk).Board.Create(new NewTask("first"), "a");
        disk.LosePower(loss);

        folder.Open().Board.Get(1).Task.Subject.Should().Be("first");
        folder.Events().Should().ContainSingle();
    }

    private static void Fill(OpenState state)
    {
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second", BlockedBy: [1]), "a");
        Bind(state);
        for (var i = 1; i <= 12; i++)
        {
            state.Board.Update(1, new TaskEdit { Note = $"note {i}" }, "a");
        }
    }

    private static void Bind(OpenState state)
    {
        using var change = state.Store.Begin("test", "a");
        change.PutTask(2, JsonNode.Parse(change.Task(2)!.Bytes.Span)!.AsObject());
        var id = change.NewWorktreeId();
        change.PutWorktree(id, new JsonObject { ["id"] = id, ["name"] = $"w{id}", ["status"] = "active" });
        change.Emit(new JsonObject { ["event"] = "test" });
        change.Commit("test");
    }

    private static bool Try(Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (Refusal)
        {
            return false;
        }
    }

    /// <summary>Another boot of the machine: all that this one wrote names a boot that is over.</summary>
    internal static void Reboot(string operationLog)
    {
        var log = File.ReadAllText(operationLog);
        var boot = (string)JsonNode.Parse(log.Split('\n')[0])!["boot"]!;
        File.WriteAllText(operationLog, log.Replace(boot, "another-boot1", StringComparison.Ordinal));
    }

    private static void Check(StateFolder folder, bool acknowledged, bool wentOn, Func<OpenState, bool> happened, string where)
    {
        Reboot(folder.Layout.OperationLog);
        var after = folder.Open();
        after.Board.Create(new NewTask("afterwards"), "b").Warning.Should().BeNull(where);
        var whole = happened(after);
        (whole || !acknowledged).Should().BeTrue(where);
        var first = after.Board.Get(1).Task;
        first.Notes.Select(n => n.Text).Where(t => t.StartsWith("note", StringComparison.Ordinal)).Should().Equal(Enumerable.Range(1, 12).Select(i => $"note {i}"), where);
        after.Board.Get(2).Task.Notes.Should().HaveCount(wentOn ? 1 : 0, where);
        after.Store.Worktrees().Should().Contain(w => w.Id == 1, where);
        after.Board.List(Listing.All).Damaged.Should().BeEmpty(where);
        folder.Leftovers().Should().BeEmpty(where);
        folder.Operations().Should().NotContain(o => (string)o["by"]! == "hand", where);

        // What was torn and repaired has an event of its own, so the numbers have no hole.
        folder.Events().Select(e => (int)e["seq"]!).Should().Equal(Enumerable.Range(1, folder.Events().Count), where);
        var said = folder.Operations().SelectMany(o => o["events"]!.AsArray()).Select(e => e!.ToJsonString()).ToList();
        folder.Events().Select(e => e.ToJsonString()).TakeLast(said.Count).Should().Equal(said, where);
    }
}

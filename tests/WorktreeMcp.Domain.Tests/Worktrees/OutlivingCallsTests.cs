using System.Text.Json;
using FluentAssertions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Tests.Processes;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class OutlivingCallsTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly TempRepository _repo = new();
    private readonly List<Wire> _wires = [];

    public void Dispose()
    {
        _wires.ForEach(wire => wire.Dispose());
        _repo.Dispose();
    }

    [Fact]
    public async Task A_command_that_outlives_its_call_goes_on_and_any_server_reads_it_to_its_end()
    {
        var (one, other) = (_repo.Open(), _repo.Open());
        one.Make("a");
        var (wire, gate) = (NewWire(), NewWire());
        Shell.Run(Shell.Spec($"mkfifo {wire.Path}.back"));
        var begun = Run(one, $"{wire.Held}echo one; echo two >&2; echo go > {gate.Path}; read line < {wire.Path}.back; echo three; exit 3", TimeSpan.Zero);
        begun.Run.IsRunning.Should().BeTrue();
        var id = await wire.Line();
        id.Should().Be(begun.Run.RunId);
        await gate.Line();

        var read = other.Worktrees.Output(id!, 0, 1000, Long, CancellationToken.None);
        read.IsRunning.Should().BeTrue();
        other.Worktrees.Status("a").Running.Should().ContainSingle().Which.RunId.Should().Be(id);
        _repo.By(RefusalCode.WorktreeBusy, () => other.Drop("a")).Message.Should().Contain(id);
        _repo.By(RefusalCode.WorktreeBusy, () => other.Drop("a", force: true));
        await File.WriteAllTextAsync($"{wire.Path}.back", "go\n", TestContext.Current.CancellationToken);
        var text = Text(read);
        while (read.IsRunning || read.NextOffset < read.Length)
        {
            read = other.Worktrees.Output(id!, read.NextOffset, 1000, Long, CancellationToken.None);
            text += Text(read);
        }

        text.Should().Be("one\ntwo\nthree\n");
        read.Record.End!.ExitCode.Should().Be(3);
        one.Worktrees.Output(id!, 0, 1000, Long, CancellationToken.None).Record.End.Should().BeEquivalentTo(read.Record.End);
        _repo.EventNames().Count(name => name.StartsWith("worktree.run.", StringComparison.Ordinal)).Should().Be(2);
        other.Drop("a").Step.Worktree.Status.Should().Be(WorktreeState.Removed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_server_stops_a_command_with_all_its_children(bool background)
    {
        var (one, other) = (background ? Supervised() : _repo.Open(), _repo.Open());
        one.Make("a");
        var wire = NewWire();
        var order = Order($"{wire.Held}trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 900' & sleep 900");
        _ = background ? one.Worktrees.Start(order) : one.Worktrees.Run(order, TimeSpan.Zero, null, CancellationToken.None);
        await wire.Line();

        var stop = other.Worktrees.Stop(order.RunId, "somebody");

        stop.Should().BeEquivalentTo(new { Already = false, IsRunning = false });
        stop.Record.End!.StoppedBy.Should().Be("somebody");
        (await wire.End()).Should().BeEmpty();
        Shell.Carrying($"WORKTREEMCP_RUN_ID={order.RunId}").Should().BeEmpty();
        other.Worktrees.Stop(order.RunId, "somebody").Already.Should().BeTrue();
        var last = JsonElement.Parse(_repo.EventLines()[^1]);
        last.GetProperty("event").GetString().Should().Be("worktree.run.failed");
        last.GetProperty("error").GetString().Should().Be("stopped by somebody");
        other.Drop("a");
    }

    [Fact]
    public async Task A_background_command_outlives_its_server_with_output_and_exit_code()
    {
        var one = Supervised();
        one.Make("a");
        var wire = NewWire();
        var order = Order($"{wire.Held}echo up; echo err >&2; read line < {wire.Path}.back; exit 5");
        Shell.Run(Shell.Spec($"mkfifo {wire.Path}.back"));
        one.Worktrees.Start(order).Run.Should().BeEquivalentTo(new { IsRunning = true, EndsWithServer = false });
        await wire.Line();
        one.Dispose();

        var other = _repo.Open();
        other.Worktrees.Status("a").Running.Should().ContainSingle().Which.Command.Should().Contain("echo up");
        await File.WriteAllTextAsync($"{wire.Path}.back", "go\n", TestContext.Current.CancellationToken);
        var read = other.Worktrees.Output(order.RunId, 7, 1000, Long, CancellationToken.None);
        while (read.IsRunning)
        {
            read = other.Worktrees.Output(order.RunId, 7, 1000, Long, CancellationToken.None);
        }

        read.Record.End!.ExitCode.Should().Be(5);
        Text(other.Worktrees.Output(order.RunId, 0, 1000, TimeSpan.Zero, CancellationToken.None)).Should().Be("up\nerr\n");
        _repo.EventNames().TakeLast(2).Should().Equal("worktree.run.before", "worktree.run.after");
    }

    [Fact]
    public async Task A_killed_supervisor_takes_its_command_with_it_and_one_end_is_recorded()
    {
        var one = Supervised();
        one.Make("a");
        var wire = NewWire();
        var order = Order($"{wire.Held}(setsid sleep 900 &); sleep 900");
        one.Worktrees.Start(order);
        await wire.Line();
        var watched = one.Worktrees.Output(order.RunId, 0, 100, TimeSpan.Zero, CancellationToken.None).Record.WatchedBy;

        Shell.Run(Shell.Spec($"kill -9 {watched}"));
        await wire.End();

        var read = one.Worktrees.Output(order.RunId, 0, 100, Long, CancellationToken.None);
        (read.IsRunning, read.IsLost).Should().Be((false, true));
        one.Worktrees.Stop(order.RunId, "me").Should().BeEquivalentTo(new { Already = true, Survivors = Array.Empty<int>() });
        one.Worktrees.Status("a").Running.Should().BeEmpty();
        _repo.EventNames().Where(name => name.StartsWith("worktree.run.", StringComparison.Ordinal)).Should().Equal("worktree.run.before", "worktree.run.failed");
        one.Drop("a");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_needs_a_worktree_for_itself_is_told_which_command_runs_there(bool teardown)
    {
        var one = Supervised();
        one.Make("a");
        one.Work("a", "one.txt", "1");
        if (teardown)
        {
            _repo.Write(".worktree-mcp.json", """{"teardown":["true"]}""");
        }

        var wire = NewWire();
        var order = Order($"{wire.Held}sleep 900");
        one.Worktrees.Start(order);
        await wire.Line();

        foreach (var call in (Action[])[() => one.Drop("a"), () => one.Drop("a", force: true), () => one.Land("a", remove: true)])
        {
            var refusal = _repo.By(RefusalCode.WorktreeBusy, call);
            refusal.Message.Should().MatchRegex($"{order.RunId} of {Steps.By} has been running for [0-9]+ s \\(.*sleep 900\\)");
            refusal.Hint.Parts.Should().Contain(part => part.Step == new NextStep.StopRun(order.RunId));
            refusal.Next.Should().Be(new NextStep.ReadOutput(order.RunId));
        }

        one.Worktrees.Stop(order.RunId, "me");
        await wire.End();
        one.Land("a", remove: true).Removal.Should().NotBeNull();
    }

    [Fact]
    public void A_refusal_of_the_supervisor_is_the_callers_refusal()
    {
        var one = Supervised();
        var made = one.Make("a");
        File.Delete(Path.Join(made.Directory, ".git"));

        _repo.By(RefusalCode.NotFound, () => one.Worktrees.Start(Order("true"))).Message.Should().Contain("identity");
    }

    [Fact]
    public async Task What_outlived_its_call_ends_with_its_server()
    {
        var one = _repo.Open();
        one.Make("a");
        var wire = NewWire();
        Run(one, $"{wire.Held}(trap '' TERM; sleep 900) & sleep 900", TimeSpan.Zero).Run.EndsWithServer.Should().BeTrue();
        await wire.Line();

        one.Dispose();

        (await wire.End()).Should().BeEmpty();
        JsonElement.Parse(_repo.EventLines()[^1]).GetProperty("error").GetString().Should().Be("cancelled");
    }

    [Fact]
    public void A_finished_command_stays_readable_where_it_ran()
    {
        var (one, other) = (_repo.Open(), _repo.Open());
        one.Make("a");
        var run = one.Shell("a", "echo hello").Run;

        Text(one.Worktrees.Output(run.RunId, 0, 100, Long, CancellationToken.None)).Should().Be("hello\n");
        Text(one.Worktrees.Output(run.RunId, -3, 100, Long, CancellationToken.None)).Should().Be("lo\n");
        _repo.By(RefusalCode.NotFound, () => other.Worktrees.Output(run.RunId, 0, 100, Long, CancellationToken.None));
        Directory.Exists(_repo.Layout.Runs).Should().BeFalse("a short command leaves no folder");
    }

    [Fact]
    public void What_a_result_leaves_out_is_read_by_every_server()
    {
        var (one, other) = (_repo.Open(), _repo.Open());
        one.Make("a");
        var run = one.Shell("a", "seq 1 20000").Run;

        run.Output.Truncated.Should().BeTrue();
        var read = other.Worktrees.Output(run.RunId, run.ReadOn!.Value, 1000, Long, CancellationToken.None);
        Text(read).Should().MatchRegex("^[0-9]*\n[0-9]+\n");
        Text(other.Worktrees.Output(run.RunId, -12, 1000, Long, CancellationToken.None)).Should().Be("19999\n20000\n");
    }

    [Fact]
    public void Folders_of_runs_make_room_for_new_ones_but_never_while_they_are_watched()
    {
        var repository = _repo.Open();
        repository.Make("a");
        for (var i = 0; i < 205; i++)
        {
            Directory.CreateDirectory(Path.Join(_repo.Layout.Runs, $"run-{i:x32}"));
        }

        var old = Directory.CreateDirectory(Path.Join(_repo.Layout.Runs, $"run-{"f",32}".Replace(' ', 'f'))).FullName;
        Directory.SetLastWriteTimeUtc(old, DateTime.UnixEpoch);
        var watched = Directory.CreateDirectory(Path.Join(_repo.Layout.Runs, $"run-{"e",32}".Replace(' ', 'e'))).FullName;
        using var watch = Posix.OpenForLock(Path.Join(watched, "watched"));
        Posix.TryFlock(watch, shared: false).Should().BeTrue();
        Directory.SetLastWriteTimeUtc(watched, DateTime.UnixEpoch);

        repository.Shell("a", "seq 1 20000");

        Directory.Exists(old).Should().BeFalse();
        Directory.Exists(watched).Should().BeTrue();
        Directory.GetDirectories(_repo.Layout.Runs).Length.Should().Be(202);
    }

    [Fact]
    public void A_wait_is_told_how_it_goes()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var told = new List<RunProgress>();

        repository.Worktrees.Run(Order("echo first; echo last; sleep 1.2"), Long, told.Add, CancellationToken.None);

        told.Should().NotBeEmpty().And.OnlyContain(progress => progress.LastLine == "last");
        told.Count.Should().BeLessThan(4);
    }

    private static string Text(RunOutput output) => string.Concat(output.Parts.Select(part => part.Text));

    private static RunOrder Order(string command) => new("a", command, TimeSpan.FromMinutes(20), Steps.By);

    private static WorktreeRun Run(Repository repository, string command, TimeSpan wait) => repository.Worktrees.Run(Order(command), wait, null, CancellationToken.None);

    private Repository Supervised() =>
        Repository.Open(_repo.Root, supervisor: new SupervisorProgram("dotnet", [Path.Join(AppContext.BaseDirectory, "worktree-mcp.dll"), "supervise"]));

    private Wire NewWire()
    {
        var wire = new Wire(_repo.Base);
        _wires.Add(wire);
        return wire;
    }
}

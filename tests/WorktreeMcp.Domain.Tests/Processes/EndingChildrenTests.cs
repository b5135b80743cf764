using System.Diagnostics;
using System.Runtime.InteropServices;
using FluentAssertions;
using WorktreeMcp.Domain.Platform.Processes;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

[Collection(Alone.Name)]
public sealed class EndingChildrenTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("exit 0", 0, null)]
    [InlineData("exit 7", 7, null)]
    [InlineData("no-such-command", 127, null)]
    [InlineData("kill -9 $$", null, 9)]
    [InlineData("kill -TERM $$", null, 15)]
    public void The_way_a_child_ended_is_told(string script, int? code, int? signal)
    {
        var exit = Shell.Run(Shell.Spec(script)).Exit;

        (exit.ExitCode, exit.Signal, exit.TimedOut, exit.Cancelled).Should().Be((code, signal, false, false));
        exit.Survivors.Should().BeEmpty();
    }

    [Fact]
    public void What_a_killed_child_left_is_waited_for_if_that_is_asked()
    {
        var spec = Shell.MarkedSpec("(sleep 0.5; echo done) & kill -9 $$", out var marker) with { OutwaitSessionAfterKill = true, EndSessionAfterExit = false };

        var (exit, output, _) = Shell.Run(spec);

        output.Should().Be("done\n");
        Shell.Carrying(marker).Should().BeEmpty();
        exit.Survivors.Should().BeEmpty();
    }

    [Fact]
    public void What_a_killed_child_left_and_goes_on_for_long_is_ended()
    {
        var spec = Shell.MarkedSpec("sleep 600 & kill -9 $$", out var marker) with { OutwaitSessionAfterKill = true, EndSessionAfterExit = false };

        Shell.Run(spec).Exit.Signal.Should().Be(9);

        Shell.Carrying(marker).Should().BeEmpty();
    }

    [Fact]
    public void All_output_before_the_end_is_there()
    {
        var (_, output, error) = Shell.Run(Shell.Spec("seq 1 200000; seq 1 5000 >&2"));

        output.Should().Be(string.Concat(Enumerable.Range(1, 200_000).Select(i => $"{i}\n")));
        error.Should().EndWith("\n5000\n");
    }

    [Fact]
    public void A_child_whose_time_is_up_is_ended()
    {
        var spec = Shell.MarkedSpec("sleep 600", out var marker) with { Timeout = Second };

        var (exit, _, _) = Shell.Run(spec);

        (exit.TimedOut, exit.Cancelled, exit.Signal).Should().Be((true, false, 15));
        exit.Duration.Should().BeLessThan(5 * Second).And.BeGreaterThan(0.9 * Second);
        Shell.Carrying(marker).Should().BeEmpty();
    }

    [Fact]
    public void A_child_that_ignores_the_polite_signal_is_killed_and_what_it_starts_too()
    {
        var spec = Shell.MarkedSpec("trap '' TERM; sleep 500; sleep 500; sleep 500", out var marker) with { Timeout = 0.2 * Second };

        var exit = Shell.Run(spec).Exit;

        (exit.TimedOut, exit.Signal).Should().Be((true, 9));
        exit.Duration.Should().BeGreaterThan(2 * Second).And.BeLessThan(10 * Second);
        Shell.Carrying(marker).Should().BeEmpty();
        exit.Survivors.Should().BeEmpty();
    }

    [Fact]
    public void A_stopped_child_is_ended_without_the_wait_for_the_kill()
    {
        var exit = Shell.Run(Shell.Spec("kill -STOP $$; sleep 500") with { Timeout = 0.5 * Second }).Exit;

        (exit.TimedOut, exit.Signal).Should().Be((true, 15));
    }

    [Fact]
    public void What_a_child_says_while_it_is_ended_is_heard()
    {
        var script = "trap 'seq 1 100000; echo bye; exit 3' TERM; echo ready; sleep 500 & wait";

        var (exit, output, _) = Shell.Run(Shell.Spec(script) with { Timeout = Second });

        exit.ExitCode.Should().Be(3);
        output.Split('\n').Should().HaveCount(100_003).And.EndWith(["100000", "bye", ""]);
    }

    [Fact]
    public void Cancelling_ends_a_child()
    {
        using var cancel = new CancellationTokenSource();
        var spec = Shell.MarkedSpec("echo ready; sleep 500", out var marker);

        var exit = ChildProcess.Run(spec, (_, _) => ThreadPool.QueueUserWorkItem(_ => cancel.Cancel()), cancel.Token);

        (exit.Cancelled, exit.TimedOut, exit.Signal).Should().Be((true, false, 15));
        exit.Duration.Should().BeLessThan(10 * Second);
        Shell.Carrying(marker).Should().BeEmpty();
    }

    [Fact]
    public void A_call_that_was_cancelled_before_starts_nothing()
    {
        var started = 0;

        var exit = ChildProcess.Run(Shell.Spec("exit 0"), (_, _) => { }, new CancellationToken(canceled: true), pid => started = pid);

        (exit.Cancelled, exit.ExitCode, started).Should().Be((true, null, 0));
    }

    [Theory]
    [InlineData("sleep 500 & echo hi")]
    [InlineData("(setsid sleep 500 &); echo hi")]
    [InlineData("(trap '' TERM; sleep 500 & setsid sh -c 'trap \"\" TERM; sleep 500; sleep 500') & echo hi")]
    public void What_a_child_leaves_behind_is_ended_where_that_is_asked(string script)
    {
        var (exit, output, _) = Shell.Run(Shell.MarkedSpec(script, out var marker));

        (exit.ExitCode, output).Should().Be((0, "hi\n"));
        exit.Duration.Should().BeLessThan(10 * Second);
        exit.Survivors.Should().BeEmpty();
        Shell.Carrying(marker).Should().BeEmpty();
    }

    [Fact]
    public void What_a_child_leaves_behind_goes_on_otherwise_and_the_call_does_not_wait_for_it()
    {
        var spec = Shell.MarkedSpec("sleep 500 & echo $!", out var marker) with { EndSessionAfterExit = false };
        var begin = Stopwatch.GetTimestamp();

        var (exit, output, _) = Shell.Run(spec);

        Stopwatch.GetElapsedTime(begin).Should().BeLessThan(10 * Second);
        exit.ExitCode.Should().Be(0);
        // While it becomes another program the kernel shows no variables of it.
        var left = int.Parse(output, null);
        SpinWait.SpinUntil(() => Shell.Carrying(marker).SequenceEqual([left]), 10 * Second).Should().BeTrue();
        Shell.Run(Shell.Spec($"kill {output}")).Exit.ExitCode.Should().Be(0);
    }

    [Fact]
    public void A_left_writer_that_never_stops_does_not_hold_the_call()
    {
        var spec = Shell.MarkedSpec("yes & echo hi >&2", out var marker);

        var exit = ChildProcess.Run(spec, (_, _) => { }, default);

        exit.Duration.Should().BeLessThan(10 * Second);
        Shell.Carrying(marker).Should().BeEmpty();
    }

    [Fact]
    public void A_process_that_keeps_forking_is_ended()
    {
        var spec = Shell.MarkedSpec("trap '' TERM; f() { setsid sh -c 'sleep 0.01' & sleep 0.005; }; while :; do f; done", out var marker);

        var exit = Shell.Run(spec with { Timeout = 0.3 * Second }).Exit;

        exit.TimedOut.Should().BeTrue();
        exit.Survivors.Should().BeEmpty();
        Shell.Carrying(marker).Should().BeEmpty();
    }

    [Fact]
    public void A_child_that_something_else_reaped_has_no_exit_code_and_holds_nothing_up()
    {
        var spec = Shell.MarkedSpec("sleep 500 & echo hi; exit 7", out var marker);
        var output = 0;

        var exit = ChildProcess.Run(spec, (_, bytes) => output += bytes.Length, default, pid => WaitPid(pid, 0, 0).Should().Be(pid));

        (exit.ExitCode, exit.Signal, output).Should().Be((null, null, 3));
        exit.Duration.Should().BeLessThan(10 * Second);
        Shell.Carrying(marker).Should().BeEmpty();
    }

    [Fact]
    public void A_reader_that_throws_ends_the_child()
    {
        var pid = 0;

        FluentActions.Invoking(() => ChildProcess.Run(
                Shell.Spec("echo hi; sleep 500"), (_, _) => throw new InvalidOperationException("full"), default, number => pid = number))
            .Should().Throw<InvalidOperationException>().WithMessage("full");

        Directory.Exists($"/proc/{pid}").Should().BeFalse();
    }

#pragma warning disable SYSLIB1054, CA5392 // a test needs no generated marshalling
    [DllImport("libc", EntryPoint = "waitpid")]
    private static extern int WaitPid(int pid, nint status, int options);
#pragma warning restore SYSLIB1054, CA5392
}

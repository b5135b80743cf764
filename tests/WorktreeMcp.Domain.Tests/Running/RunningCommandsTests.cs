using System.Globalization;
using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Tests.Processes;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

[Collection(Alone.Name)]
public sealed class RunningCommandsTests
{
    private static readonly Dictionary<string, string> None = [];

    private readonly CommandRunner _runner = new(TimeProvider.System);

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("no-such-command", 127)]
    public void The_exit_code_is_a_result(string command, int code)
    {
        var result = Run(command);

        (result.ExitCode, result.Signal, result.TimedOut, result.Cancelled).Should().Be((code, null, false, false));
    }

    [Fact]
    public void A_signal_is_told_by_name()
    {
        var result = Run("kill -9 $$");

        (result.ExitCode, result.Signal).Should().Be((null, "SIGKILL"));
    }

    [Fact]
    public void Both_streams_are_kept_apart_and_small_output_is_exact()
    {
        var result = Run("for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf 'no line end'");

        result.Output.Should().Be(new CapturedText("out 1\nout 2\nout 3\nno line end", false, 29, 0));
        result.Error.Should().Be(new CapturedText("err 1\nerr 2\nerr 3\n", false, 18, 0));
    }

    [Fact]
    public void A_command_that_reads_stdin_ends_at_once()
    {
        var result = Run("cat");

        (result.ExitCode, result.TimedOut, result.Output.Text).Should().Be((0, false, ""));
    }

    [Fact]
    public void A_command_whose_time_is_up_is_ended_with_all_it_started()
    {
        var result = Run("sleep 600 & sleep 600", seconds: 1);

        (result.TimedOut, result.ExitCode, result.Signal).Should().Be((true, null, "SIGTERM"));
        result.DurationSeconds.Should().BeInRange(0.9, 5);
        Left(result).Should().BeEmpty();
    }

    [Theory]
    [InlineData("sleep 500 & echo hi")]
    [InlineData("(setsid sleep 500 &); echo hi")]
    [InlineData("nohup setsid sleep 500 >/dev/null 2>&1 & echo hi")]
    public void What_a_command_leaves_running_is_ended(string command)
    {
        var result = Run(command);

        (result.ExitCode, result.Output.Text).Should().Be((0, "hi\n"));
        result.DurationSeconds.Should().BeLessThan(10);
        Left(result).Should().BeEmpty();
    }

    [Fact]
    public void Cancelling_ends_a_command_with_all_it_started()
    {
        using var cancel = new CancellationTokenSource();
        var fifo = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        Run($"mkfifo {fifo}").ExitCode.Should().Be(0);
        var canceller = Task.Run(
            () =>
            {
                File.ReadAllText(fifo);
                cancel.Cancel();
            },
            TestContext.Current.CancellationToken);

        var result = Run($"echo ready | tee {fifo}; sleep 500", cancel: cancel.Token);

        (result.Cancelled, result.TimedOut, result.Output.Text).Should().Be((true, false, "ready\n"));
        Left(result).Should().BeEmpty();
        canceller.IsCompletedSuccessfully.Should().BeTrue();
        File.Delete(fifo);
    }

    [Fact]
    public void Long_output_keeps_its_beginning_and_its_end()
    {
        var result = Run("seq 1 1000000");

        var lines = result.Output.Text.Split('\n');
        var middle = Array.FindIndex(lines, line => line.StartsWith('…'));
        lines[..middle].Should().Equal(Enumerable.Range(1, middle).Select(i => $"{i}"));
        var first = int.Parse(lines[middle + 1], null);
        lines[(middle + 1)..^1].Should().Equal(Enumerable.Range(first, 1_000_001 - first).Select(i => $"{i}"));
        lines[middle].Should().Be($"… {result.Output.OmittedBytes.ToString("N0", CultureInfo.InvariantCulture)} bytes omitted …");
        result.Output.Truncated.Should().BeTrue();
        result.Output.TotalBytes.Should().Be(6_888_896);
        result.Output.OmittedBytes.Should().Be(6_888_896 - (result.Output.Text.Length - lines[middle].Length - 1));
    }

    [Fact]
    public void Each_run_has_an_id_of_its_own_and_tells_the_command()
    {
        var (one, two) = (Run("echo $WORKTREEMCP_RUN_ID"), Run("echo $WORKTREEMCP_RUN_ID"));

        one.Output.Text.Trim().Should().Be(one.RunId);
        two.RunId.Should().NotBe(one.RunId);
        one.RunId.Length.Should().BeGreaterThan(20);
    }

    [Fact]
    public void A_command_inherits_no_descriptor_of_the_server()
        => Run("exec ls /proc/self/fd").Output.Text.Should().Be("0\n1\n2\n3\n");

    [Fact]
    public void A_command_runs_in_the_directory_it_is_given()
        => _runner.Run(new ShellCommand("pwd", "/usr", None, TimeSpan.FromMinutes(1)), default).Output.Text.Should().Be("/usr\n");

    [Fact]
    public void A_missing_directory_is_refused_by_name()
    {
        var refusal = FluentActions.Invoking(() => _runner.Run(new ShellCommand("true", "/no/such", None, TimeSpan.FromMinutes(1)), default))
            .Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.NotFound);
        refusal.Message.Should().Contain("/no/such");
    }

    [Theory]
    [InlineData('\0', 1)]
    [InlineData('x', 200_000)]
    public void A_command_the_system_cannot_take_is_refused(char letter, int times)
        => FluentActions.Invoking(() => Run(new string(letter, times))).Should().Throw<Refusal>()
            .Which.Code.Should().Be(RefusalCode.InvalidArgument);

    [Fact]
    public void Many_commands_run_side_by_side()
    {
        var results = new RunResult[40];

        var threads = Enumerable.Range(0, results.Length)
            .Select(i => new Thread(() => results[i] = Run($"echo {i}; sleep 0.2; echo {i} >&2; exit {i}"))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        results.Select(result => (result.ExitCode, result.Output.Text, result.Error.Text))
            .Should().Equal(Enumerable.Range(0, results.Length).Select(i => ((int?)i, $"{i}\n", $"{i}\n")));
    }

    private static IReadOnlyList<int> Left(RunResult result)
    {
        result.Survivors.Should().BeEmpty();
        return Shell.Carrying($"WORKTREEMCP_RUN_ID={result.RunId}");
    }

    private RunResult Run(string command, double seconds = 60, CancellationToken cancel = default)
        => _runner.Run(new ShellCommand(command, Path.GetTempPath(), None, TimeSpan.FromSeconds(seconds)), cancel);
}

using FluentAssertions;
using WorktreeMcp.Domain.Platform.Processes;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

public sealed class ProcessTableTests
{
    [Theory]
    [InlineData("sh", 'S', 4194560, 1, true, false)]
    [InlineData("a) Z 1 2 3 (b", 'R', 4194560, 1, true, false)]
    [InlineData("ending", 'R', 4194564, 1, true, true)]
    [InlineData("first thread ending", 'R', 4194564, 2, true, false)]
    [InlineData("dead", 'Z', 4194564, 1, false, true)]
    [InlineData("first thread gone", 'Z', 4194564, 3, true, false)]
    public void A_stat_line_is_read_behind_the_last_bracket(string name, char state, int flags, int threads, bool alive, bool isEnding)
    {
        var line = $"42 ({name}) {state} 1 77 76 0 -1 {flags} 1 2 3 4 5 6 7 8 20 0 {threads} 0 123456 1000 2000 1844 1 1 0\n";

        ProcessTable.Parse(42, System.Text.Encoding.UTF8.GetBytes(line)).Should().Be(new ProcessEntry(42, 76, 123456, alive, isEnding, (flags & 4) != 0));
    }

    [Fact]
    public void A_broken_stat_line_is_no_process() => ProcessTable.Parse(42, "42 (sh) S 1"u8).Should().BeNull();

    [Fact]
    public void A_variable_is_recognised_as_a_whole()
    {
        var pid = 0;
        using var cancel = new CancellationTokenSource();
        (bool Whole, bool Part) carries = default;

        ChildProcess.Run(
            Shell.Spec("echo; sleep 500") with { Environment = new Dictionary<string, string> { ["MARK"] = "abc", ["PATH"] = "/bin:/usr/bin" } },
            (_, _) =>
            {
                carries = (ProcessTable.Carries(pid, "MARK=abc"u8), ProcessTable.Carries(pid, "MARK=ab"u8));
                cancel.Cancel();
            },
            cancel.Token,
            number => pid = number);

        carries.Should().Be((true, false));
    }
}

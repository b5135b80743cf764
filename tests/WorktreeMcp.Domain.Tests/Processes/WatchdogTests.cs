using FluentAssertions;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

public sealed class WatchdogTests
{
    [Fact]
    public void A_signal_to_a_commands_group_does_not_reach_the_watchdog()
    {
        Shell.Run(Shell.MarkedSpec("true", out _));
        var watchdogs = Watchdogs();

        Shell.Run(Shell.MarkedSpec("kill -TERM 0", out _)).Exit.Signal.Should().Be(15);

        Watchdogs().Should().BeEquivalentTo(watchdogs).And.NotBeEmpty();
    }

    private static IReadOnlyList<int> Watchdogs()
        => [.. Directory.EnumerateDirectories("/proc")
            .Where(path => int.TryParse(Path.GetFileName(path), out _) && Shell.Read($"{path}/cmdline").EndsWith("worktree-mcp-watchdog\0", StringComparison.Ordinal)
                && Shell.Read($"{path}/status").Contains($"PPid:\t{Environment.ProcessId}\n", StringComparison.Ordinal))
            .Select(path => int.Parse(Path.GetFileName(path), null))];
}

using FluentAssertions;
using WorktreeMcp.Domain.Platform.Processes;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

/// <summary>What is told of a child as still alive is its own.</summary>
[Collection(Alone.Name)]
public sealed class FoundlingsTests
{
    [Fact]
    public void What_left_the_session_and_the_environment_of_a_child_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux hands orphans to whoever asks for them.");
        var left = Path.Join(Path.GetTempPath(), Guid.NewGuid().ToString("N"));

        // While it is still in the session it would be ended with that.
        var (exit, output, _) = Shell.Run(Shell.MarkedSpec($"{Orphan($"env -i setsid /bin/sh -c ': > {left}; exec /bin/sleep 500'")}; while ! test -e {left}; do sleep 0.01; done", out _));

        File.Delete(left);
        var orphan = int.Parse(output, null);
        exit.Survivors.Should().Equal(orphan);
        Shell.Run(Shell.Spec($"kill {orphan}")).Exit.ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task An_orphan_of_a_child_that_still_runs_is_not_told_of_another()
    {
        using var cancel = new CancellationTokenSource();
        var (first, orphan) = Beside("sleep 500", "sleep 500", cancel.Token);

        first.Survivors.Should().BeEmpty();
        ProcessTable.Find(orphan.Pid)!.Value.Alive.Should().BeTrue();
        await cancel.CancelAsync();
        (await orphan.Owner).Cancelled.Should().BeTrue();
        (ProcessTable.Find(orphan.Pid) is { Alive: true }).Should().BeFalse();
    }

    [Fact]
    public async Task Nor_is_the_orphan_of_one_that_is_being_ended()
    {
        using var cancel = new CancellationTokenSource();
        var (first, orphan) = Beside("sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'", "kill -9 $$", cancel.Token);

        first.Survivors.Should().BeEmpty();
        (await orphan.Owner).Signal.Should().Be(9);
    }

    private static string Orphan(string command) => $"({command} & echo $!)";

    // Runs a child without a marker beside one that ends as soon as the other has left an orphan in its session.
    private static (ChildExit First, (int Pid, Task<ChildExit> Owner) Orphan) Beside(string orphan, string last, CancellationToken cancel)
    {
        var told = Path.Join(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        Task<ChildExit>? owner = null;
        var second = Shell.Spec($"{Orphan(orphan)} > {told}.part; mv {told}.part {told}; {last}") with { OutwaitSessionAfterKill = true };
        var first = Shell.MarkedSpec($"while ! test -s {told}; do sleep 0.01; done", out _);

        var exit = ChildProcess.Run(first, (_, _) => { }, default, _ => owner = Task.Run(() => ChildProcess.Run(second, (_, _) => { }, cancel), CancellationToken.None));

        var pid = int.Parse(File.ReadAllText(told), null);
        File.Delete(told);
        return (exit, (pid, owner!));
    }
}

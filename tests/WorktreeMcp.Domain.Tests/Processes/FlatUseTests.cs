using FluentAssertions;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Running;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

[Collection(Alone.Name)]
public sealed class FlatUseTests
{
    [Fact]
    public void No_descriptor_is_left_after_many_runs()
    {
        using var cancel = new CancellationTokenSource();
        RunThemAll(1, cancel.Token);
        var before = OpenDescriptors();

        RunThemAll(50, cancel.Token);

        // One lost descriptor a run would be 50 and more; the runtime opens and closes a few of its own meanwhile.
        OpenDescriptors().Should().BeLessThan(before + 25);
    }

    [Fact]
    public void No_zombie_is_left()
    {
        RunThemAll(5, default);

        ProcessTable.All().Where(entry => !entry.Alive)
            .Where(entry => Shell.Read($"/proc/{entry.Pid}/stat").Split(") ")[^1].Split(' ')[1] == $"{Environment.ProcessId}")
            .Should().BeEmpty();
    }

    [Fact]
    public void Memory_does_not_grow_with_the_output()
    {
        var runner = new CommandRunner(TimeProvider.System);
        var request = new ShellCommand(
            "yes | head -c 200000000", Path.GetTempPath(), new Dictionary<string, string>(), TimeSpan.FromMinutes(2));
        var before = Environment.WorkingSet;
        var allocated = GC.GetAllocatedBytesForCurrentThread();

        var result = runner.Run(request, default);

        (GC.GetAllocatedBytesForCurrentThread() - allocated).Should().BeLessThan(8 * 1024 * 1024);
        (Environment.WorkingSet - before).Should().BeLessThan(64 * 1024 * 1024);
        result.ExitCode.Should().Be(0);
        result.Output.TotalBytes.Should().Be(200_000_000);
    }

    private static void RunThemAll(int times, CancellationToken cancel)
    {
        for (var i = 0; i < times; i++)
        {
            ChildProcess.Run(Shell.Spec("echo hi"), (_, _) => { }, cancel);
            ChildProcess.Run(Shell.Spec("cat >/dev/null") with { Input = "text"u8.ToArray() }, (_, _) => { }, cancel);
            ChildProcess.Run(Shell.MarkedSpec("sleep 500 & echo", out _), (_, _) => { }, cancel);
            FluentActions.Invoking(() => ChildProcess.Run(Shell.Spec("") with { WorkingDirectory = "/no" }, (_, _) => { }, cancel))
                .Should().Throw<ChildStartException>();
        }
    }

    private static int OpenDescriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}

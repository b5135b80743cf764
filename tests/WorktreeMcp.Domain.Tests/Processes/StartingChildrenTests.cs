using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Platform.Processes;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

public sealed class StartingChildrenTests
{
    [Fact]
    public void A_program_is_found_in_the_childs_own_path()
    {
        var spec = new ChildSpec("env", [], "/", new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["A"] = "ü b" });

        var (exit, output, _) = Shell.Run(spec);

        exit.ExitCode.Should().Be(0);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().BeEquivalentTo("PATH=/usr/bin:/bin", "A=ü b");
    }

    [Fact]
    public void A_child_of_low_priority_gives_way_as_a_session_too()
    {
        Assert.SkipUnless(File.Exists("/proc/self/autogroup"), "This kernel does not share the processors out by sessions.");
        var spec = Shell.Spec("until grep -q 'nice 19$' /proc/self/autogroup; do :; done; cut -d' ' -f19 /proc/self/stat") with { LowPriority = true, Timeout = TimeSpan.FromSeconds(30) };

        var (exit, output, _) = Shell.Run(spec);

        exit.TimedOut.Should().BeFalse();
        output.Trim().Should().Be("19");
        Shell.Run(Shell.Spec("cat /proc/self/autogroup")).Output.Should().EndWith("nice 0\n");
    }

    [Fact]
    public void A_program_is_never_taken_from_a_relative_entry_of_path()
    {
        var directory = Directory.CreateTempSubdirectory();
        var planted = Path.Combine(directory.FullName, "planted");
        File.WriteAllText(planted, "#!/bin/sh\necho planted\n");
        Shell.Run(Shell.Spec($"chmod +x {planted}")).Exit.ExitCode.Should().Be(0);
        var spec = new ChildSpec("planted", [], directory.FullName, new Dictionary<string, string> { ["PATH"] = ".::bin" });

        FluentActions.Invoking(() => Shell.Run(spec)).Should().Throw<ChildStartException>()
            .Which.Fault.Should().Be(ChildStartFault.Program);
        Shell.Run(spec with { FileName = "./planted" }).Output.Should().Be("planted\n");
        directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("/bin/no-such-program", "/", ChildStartFault.Program, 2)]
    [InlineData("no-such-program", "/", ChildStartFault.Program, 2)]
    [InlineData("/etc/passwd", "/", ChildStartFault.Program, 13)]
    [InlineData("/bin/sh", "/no/such/directory", ChildStartFault.WorkingDirectory, 2)]
    [InlineData("/bin/sh", "/etc/passwd", ChildStartFault.WorkingDirectory, 20)]
    [InlineData("/bin/s\0h", "/", ChildStartFault.Arguments, 22)]
    public void What_cannot_start_says_why(string program, string directory, ChildStartFault fault, int errno)
    {
        var spec = new ChildSpec(program, [], directory, Shell.Variables);

        var thrown = FluentActions.Invoking(() => Shell.Run(spec)).Should().Throw<ChildStartException>().Which;

        thrown.Fault.Should().Be(fault);
        thrown.Errno.Should().Be(errno);
        thrown.Message.Should().Contain(fault == ChildStartFault.WorkingDirectory ? directory : program);
    }

    [Theory]
    [InlineData("")]
    [InlineData("=")]
    [InlineData("PATH")]
    [InlineData("SHORT=abc")]
    [InlineData("OTHER=0123456789abcdef")]
    public void A_marker_that_others_might_carry_is_refused(string marker)
    {
        var spec = Shell.Spec("exit 0") with
        {
            Environment = new Dictionary<string, string>(Shell.Variables) { ["SHORT"] = "abc" },
            Marker = marker,
        };

        FluentActions.Invoking(() => Shell.Run(spec)).Should().Throw<ChildStartException>()
            .Which.Fault.Should().Be(ChildStartFault.Arguments);
    }

    [Fact]
    public void An_argument_too_long_for_the_system_says_so()
        => FluentActions.Invoking(() => Shell.Run(Shell.Spec(new string('x', 200_000)))).Should().Throw<ChildStartException>()
            .Which.Fault.Should().Be(ChildStartFault.Arguments);

    [Fact]
    public void A_child_reads_nothing_when_nothing_is_given()
        => Shell.Run(Shell.Spec("readlink /proc/self/fd/0; cat")).Output.Should().Be("/dev/null\n");

    [Fact]
    public void A_child_reads_what_it_is_given_to_the_end()
    {
        var spec = Shell.Spec("wc -c") with { Input = new byte[1024 * 1024] };

        Shell.Run(spec).Output.Trim().Should().Be("1048576");
    }

    [Fact]
    public void Input_comes_through_unchanged_while_output_comes_back()
    {
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i}\n"));
        var spec = Shell.Spec("cat") with { Input = Encoding.UTF8.GetBytes(text) };

        Shell.Run(spec).Output.Should().Be(text);
    }

    [Fact]
    public void A_child_that_does_not_want_its_input_ends_all_the_same()
    {
        var spec = Shell.Spec("exec 0<&-; echo done") with { Input = new byte[1024 * 1024] };

        var (exit, output, _) = Shell.Run(spec);

        exit.ExitCode.Should().Be(0);
        output.Should().Be("done\n");
    }

    [Fact]
    public void A_child_gets_default_signals_and_an_empty_mask()
    {
        var (_, output, _) = Shell.Run(Shell.Spec("grep -E '^Sig(Ign|Blk)' /proc/self/status"));

        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line.Split('\t')[1], NumberStyles.HexNumber, null))
            .Should().Equal(0, 0);
    }

    [Fact]
    public void A_broken_pipe_ends_a_writer()
    {
        var (exit, output, error) = Shell.Run(Shell.Spec("yes | head -1") with { Timeout = TimeSpan.FromSeconds(20) });

        (exit.ExitCode, output, error).Should().Be((0, "y\n", ""));
    }

    [Fact]
    public void A_child_leads_a_session_of_its_own()
    {
        var pid = 0;
        var output = "";

        ChildProcess.Run(
            Shell.Spec("cut -d' ' -f6 /proc/$$/stat"), (_, bytes) => output += Encoding.UTF8.GetString(bytes), default, number => pid = number);

        output.Trim().Should().Be($"{pid}");
    }

    [Fact]
    public void A_child_has_no_descriptor_but_its_three_streams()
    {
        using var ours = File.Open("/etc/passwd", FileMode.Open, FileAccess.Read, FileShare.Read);

        // ls holds the directory it reads as one more.
        Shell.Run(Shell.Spec("exec ls /proc/self/fd")).Output.Should().Be("0\n1\n2\n3\n");
    }

    [Fact]
    public void Inherited_descriptors_are_three_and_up()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "first\nsecond\n");
        using var one = Descriptor.OpenToRead(path);
        using var two = Descriptor.OpenToRead("/etc/passwd");

        var (_, output, _) = Shell.Run(Shell.Spec("read a <&3; readlink /proc/self/fd/3 /proc/self/fd/4; echo $a; ls /proc/self/fd | wc -l") with
        {
            Inherited = [one, two],
        });

        output.Split('\n', StringSplitOptions.TrimEntries).Should().Equal(path, "/etc/passwd", "first", "6", "");
        File.Delete(path);
    }

    [Fact]
    public void An_inherited_lock_is_held_as_long_as_the_child_lives()
    {
        var path = Path.GetTempFileName();
        using var guard = Descriptor.OpenToRead(path);
        using var cancel = new CancellationTokenSource();
        Flock(guard.Number, 2 | 4).Should().Be(0);
        var heldWhileItLived = false;

        ChildProcess.Run(
            Shell.Spec("echo ready; sleep 500") with { Inherited = [guard] },
            (_, _) =>
            {
                guard.Dispose();
                heldWhileItLived = !CanLock(path);
                cancel.Cancel();
            },
            cancel.Token);

        heldWhileItLived.Should().BeTrue();
        CanLock(path).Should().BeTrue();
        File.Delete(path);
    }

    private static bool CanLock(string path)
    {
        using var other = Descriptor.OpenToRead(path);
        return Flock(other.Number, 2 | 4) == 0;
    }

#pragma warning disable SYSLIB1054, CA5392 // a test needs no generated marshalling
    [DllImport("libc", EntryPoint = "flock")]
    private static extern int Flock(int descriptor, int operation);
#pragma warning restore SYSLIB1054, CA5392
}

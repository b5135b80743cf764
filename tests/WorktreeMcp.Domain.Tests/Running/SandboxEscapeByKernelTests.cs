using System.Net.Sockets;
using System.Runtime.InteropServices;
using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>What a command can ask of the kernel and of other processes.</summary>
public sealed class SandboxEscapeByKernelTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public SandboxEscapeByKernelTests()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        Directory.CreateDirectory(In("project"));
        Directory.CreateDirectory(In(".agent"));
    }

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("home/project/x.sock")]
    [InlineData("home/x.sock")]
    [InlineData("home/.agent/deep name.sock")]
    [InlineData("repo/x.sock")]
    [InlineData("repo/.git/x.sock")]
    [InlineData("repo/.worktrees/a/x.sock")]
    [InlineData("repo/.git/worktrees/a/x.sock")]
    public void Nobody_is_reached_who_listens_in_a_file(string place)
    {
        NeedsPerl();
        var repository = Confined();
        var path = Path.Join(_repo.Base, place);
        using var listener = Listen(path);
        Reaches(path).Should().BeTrue("it is reached from outside");
        listener.Accept().Dispose();

        var run = repository.Shell("a", Connect(path));

        run.Run.ExitCode.Should().NotBe(0, run.Run.Error.Text);
        listener.Poll(0, SelectMode.SelectRead).Should().BeFalse();
    }

    [Fact]
    public async Task Nobody_is_reached_who_listens_anew_in_a_folder_where_somebody_did()
    {
        NeedsPerl();
        var repository = Confined();
        var path = In("project/x.sock");
        using var first = Listen(path);
        var begun = Path.Join(_repo.Root, ".worktrees/a/begun.ignored");
        Socket? second = null;
        var acting = Task.Run(() =>
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(begun), TimeSpan.FromSeconds(60)));
            File.Delete(path);
            second = Listen(path);
            File.WriteAllText($"{begun}.done", string.Empty);
        });

        var run = repository.Shell("a", $"touch begun.ignored; while ! test -e begun.ignored.done; do sleep 0.02; done; {Connect(path)}");

        await acting;
        run.Run.ExitCode.Should().NotBe(0);
        second!.Poll(0, SelectMode.SelectRead).Should().BeFalse();
        second.Dispose();
    }

    [Theory]
    [InlineData("home/project/x.sock")]
    [InlineData("home/.ssh/x.sock")]
    [InlineData("private/x.sock")]
    public void A_socket_that_a_person_named_is_reached(string place)
    {
        NeedsPerl();
        var path = Path.Join(_repo.Base, place);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var listener = Listen(path);
        var repository = Confined(secrets: [$"!{path}"]);

        var run = repository.Shell("a", Connect(path));

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        listener.Poll(0, SelectMode.SelectRead).Should().BeTrue();
    }

    [Theory]
    [InlineData("keyctl, what is there", "250, 6, -3, 0, 0, 0")]
    [InlineData("keyctl, a new session", "250, 1, 0, 0, 0, 0")]
    [InlineData("add_key", "248, $type, $name, $name, 1, -3")]
    [InlineData("request_key", "249, $type, $name, 0, -3, 0")]
    [InlineData("mount", "165, $name, $name, $name, 0, 0")]
    [InlineData("bpf", "321, 0, $name, 1, 0, 0")]
    [InlineData("perf_event_open", "298, $name, 0, -1, -1, 0")]
    [InlineData("userfaultfd", "323, 1, 0, 0, 0, 0")]
    [InlineData("io_uring_setup", "425, 1, $name, 0, 0, 0")]
    [InlineData("keyctl by its other number", "1073742074, 6, -3, 0, 0, 0")]
    public void The_kernel_is_not_asked_for(string what, string call)
    {
        NeedsPerl();
        Assert.SkipUnless(RuntimeInformation.OSArchitecture == Architecture.X64, "the numbers are those of x86-64");
        var repository = Confined();

        var run = repository.Shell("a", $"perl -e 'my ($type, $name) = (\"user\", \"x\" x 200); my $r = syscall({call}); print $r == -1 ? 0 + $! : \"done\"'");

        run.Run.Output.Text.Should().BeOneOf(["1", "38"], what);
    }

    [Theory]
    [InlineData("unshare -rm mount -t tmpfs none /mnt")]
    [InlineData("unshare -rmC mount -t cgroup2 none /mnt")]
    [InlineData("unshare -rmpf mount -t proc none /mnt")]
    [InlineData("unshare -rm umount -l /proc")]
    public void A_namespace_of_its_own_mounts_nothing(string command)
    {
        var run = Confined().Shell("a", command);

        run.Run.ExitCode.Should().NotBe(0);
    }

    [Fact]
    public void Control_files_of_the_system_are_only_read()
    {
        var run = Confined().Shell("a", """
            find /proc /sys ! -type l -writable ! -path '/proc/[0-9]*' ! -path '/proc/pressure/*' 2>/dev/null | grep -v '^/proc/\(self\|thread-self\)/' > found.ignored
            for f in /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches /proc/sysrq-trigger; do (cat $f > kept.ignored; : >> $f) 2>/dev/null && echo $f; done
            grep -c . found.ignored; grep CapEff /proc/self/status
            """);

        var left = run.Run.Output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        left.Should().EndWith("CapEff:\t0000000000000000");
        left.Should().NotContain(line => line.StartsWith("/proc/", StringComparison.Ordinal));
        if (Environment.IsPrivilegedProcess)
        {
            left[0].Should().Be("0", File.ReadAllText(Path.Join(_repo.Root, ".worktrees/a/found.ignored")));
        }
    }

    [Fact]
    public void A_sandbox_in_which_control_files_can_be_written_counts_as_none()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "who is not root writes none of them anyway");
        var folder = Path.Join(_repo.Base, "bin");
        var real = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(place => Path.Join(place, "bwrap")).First(File.Exists);
        Directory.CreateDirectory(folder);
        Programs.Write(Path.Join(folder, "bwrap"), $"#!/bin/bash\nwords=(); for w in \"$@\"; do if [ \"$w\" = --remount-ro ]; then skip=1; elif [ -n \"$skip\" ]; then skip=; else words+=(\"$w\"); fi; done\nexec {real} \"${{words[@]}}\"\n");
        var repository = Confined(path: $"{folder}:{Environment.GetEnvironmentVariable("PATH")}");

        var refusal = _repo.By(RefusalCode.SandboxUnavailable, () => repository.Shell("a", "touch ran.ignored"));

        refusal.Message.Should().Contain("can be written inside");
        File.Exists(Path.Join(_repo.Root, ".worktrees/a/ran.ignored")).Should().BeFalse();
    }

    private static void NeedsPerl() => Assert.SkipWhen(
        !Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Join(folder, "perl"))), "perl is not installed");

    private static Socket Listen(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        return listener;
    }

    private static bool Reaches(string path)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        return client.Connected;
    }

    private static string Connect(string path) => $"perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => shift) or die $!' '{path}'";

    private string In(string path) => Path.Join(_repo.Base, "home", path);

    private Repository Confined(IReadOnlyList<string>? secrets = null, string? path = null)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = path ?? Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = Path.Join(_repo.Base, "home") };
        var run = new RunSettings { Sandbox = SandboxMode.Required, SecretPaths = secrets ?? [] };
        var repository = _repo.Open(settings: new RepositorySettings { Run = run }, environment: environment);
        repository.Make("a");
        return repository;
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

public sealed class SandboxModeTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Without_bubblewrap_a_required_sandbox_refuses_and_nothing_runs()
    {
        var repository = Open(SandboxMode.Required, WithoutBubblewrap());
        var made = repository.Make("a");

        var refusal = _repo.By(RefusalCode.SandboxUnavailable, () => repository.Shell("a", "touch ran.ignored"));

        refusal.Message.Should().Contain("not installed");
        refusal.Hint.ToString().Should().Contain("bubblewrap");
        File.Exists(Path.Join(made.Directory, "ran.ignored")).Should().BeFalse();
    }

    [Fact]
    public void Without_bubblewrap_a_required_sandbox_refuses_to_verify_a_landing()
    {
        var made = _repo.Open().Make("a");
        _repo.Open().Work("a", "new.txt", "new");
        var repository = Open(SandboxMode.Required, WithoutBubblewrap());

        _repo.By(RefusalCode.SandboxUnavailable, () => repository.Land("a", verify: $"touch {made.Directory}/ran.ignored"));

        File.Exists(Path.Join(made.Directory, "ran.ignored")).Should().BeFalse();
    }

    [Fact]
    public void Without_bubblewrap_auto_verifies_a_landing_and_says_so()
    {
        _repo.Open().Make("a");
        _repo.Open().Work("a", "new.txt", "new");

        Open(SandboxMode.Auto, WithoutBubblewrap()).Land("a", verify: "true").Notes.Should().ContainSingle(note => note.ToString().Contains("not installed"));
    }

    [Fact]
    public void Without_bubblewrap_auto_runs_and_says_so()
    {
        var repository = Open(SandboxMode.Auto, WithoutBubblewrap());
        repository.Make("a");

        var run = repository.Shell("a", "echo ran");

        run.Run.Output.Text.Should().Be("ran\n");
        run.Sandbox.Word.Should().Be("none");
        run.Sandbox.Reason.Should().Contain("not installed");
    }

    [Fact]
    public void Off_says_nothing()
    {
        var repository = Open(SandboxMode.Off, WithoutBubblewrap());
        repository.Make("a");

        repository.Shell("a", "true").Sandbox.Should().Be(Domain.Running.SandboxUse.None);
    }

    [Fact]
    public void A_bubblewrap_that_cannot_make_a_sandbox_counts_as_none()
    {
        var repository = Open(SandboxMode.Auto, WithBubblewrap("echo 'bwrap: No permissions to create new namespace' >&2; exit 1"));
        repository.Make("a");

        repository.Shell("a", "true").Sandbox.Reason.Should().Contain("No permissions to create new namespace");
    }

    [Theory]
    [InlineData(SandboxMode.Auto)]
    [InlineData(SandboxMode.Required)]
    public void A_sandbox_that_breaks_down_before_the_command_begins_is_no_exit_code_of_the_command(SandboxMode mode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the sandbox needs Linux");
        var repository = Open(mode, WithBubblewrap("for w in \"$@\"; do if [ \"$w\" = --bind ]; then echo 'bwrap: Cannot bind' >&2; exit 1; fi; done"));
        repository.Make("a");

        var refusal = FluentActions.Invoking(() => repository.Shell("a", "true")).Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.SandboxUnavailable);
        refusal.Message.Should().Contain("Cannot bind").And.Contain("not begun");
        _repo.EventNames().TakeLast(2).Should().Equal("worktree.run.before", "worktree.run.failed");
    }

    [Fact]
    public void What_a_dead_server_left_in_the_sandbox_is_taken_over_by_the_next_call()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        var repository = Open(SandboxMode.Required, Environment.GetEnvironmentVariable("PATH")!);
        LeaveDeadRun(repository);

        _ = repository.Row("a");

        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("last");
        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        _repo.EventNames()[^1].Should().Be("worktree.run.failed");
        Directory.EnumerateDirectories(Path.Join(_repo.Root, ".git/worktree-mcp/sandbox"), "run-*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public void What_a_dead_server_left_is_taken_over_without_the_lock()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        var repository = Open(SandboxMode.Required, Environment.GetEnvironmentVariable("PATH")!);
        LeaveDeadRun(repository);
        using (_repo.Open().Worktrees.Parts.Store.Begin("test", "tester"))
        {
            _ = repository.Row("a");

            _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("last");
        }

        _ = repository.Row("a");
        _repo.EventNames()[^1].Should().Be("worktree.run.failed");
    }

    private static void LeaveDeadRun(Repository repository)
    {
        var made = repository.Make("a");
        var (run, worktree) = ("run-of-the-dead", repository.Worktrees.Entries.All().Single());
        using var lease = repository.Worktrees.Parts.TryLease(worktree, shared: true)!;
        var prepared = repository.Worktrees.Preparation.Prepare(worktree, repository.Worktrees.Parts.RequireIdentity(worktree), run, lease.Descriptor);
        var exit = ChildProcess.Run(
            new ChildSpec(prepared.Wrapper[0], [.. prepared.Wrapper.Skip(1), "/bin/sh", "-c", "echo x > x; git add x; git commit -qm last"], made.Directory, new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! }),
            (_, _) => { },
            CancellationToken.None);
        exit.ExitCode.Should().Be(0);
        using var change = repository.Worktrees.Parts.Store.Begin("test", "tester");
        WorktreeEntries.Put(change, worktree with { Runs = [new BegunRun(run, "git commit", "tester", 0)] });
        change.Commit("test");
    }

    private string WithoutBubblewrap()
    {
        var folder = Path.Join(_repo.Base, "bin");
        Directory.CreateDirectory(folder);
        foreach (var program in new[] { "git", "sh", "touch", "true" })
        {
            var real = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(place => Path.Join(place, program)).First(File.Exists);
            File.CreateSymbolicLink(Path.Join(folder, program), real);
        }

        return folder;
    }

    private string WithBubblewrap(string text)
    {
        var folder = WithoutBubblewrap();
        Programs.Write(Path.Join(folder, "bwrap"), $"#!/bin/sh\n{text}\n");
        return folder;
    }

    private Repository Open(SandboxMode mode, string path) => _repo.Open(
        settings: new RepositorySettings { Run = new RunSettings { Sandbox = mode } },
        environment: new Dictionary<string, string> { ["PATH"] = path, ["HOME"] = _repo.Base });
}

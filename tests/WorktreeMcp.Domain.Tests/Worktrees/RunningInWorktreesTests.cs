using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Tests.Processes;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class RunningInWorktreesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("no-such-command-anywhere", 127)]
    public void An_exit_code_is_a_result(string command, int code)
    {
        var repository = _repo.Open();
        repository.Make("a");

        repository.Shell("a", command).Run.ExitCode.Should().Be(code);
        _repo.EventNames().TakeLast(2).Should().Equal("worktree.run.before", "worktree.run.after");
    }

    [Fact]
    public void A_command_that_ends_while_the_registry_cannot_be_read_is_answered_and_recorded_as_it_ended()
    {
        using var repository = _repo.Open();
        repository.Make("a");

        var run = repository.Shell("a", "echo said; echo broken > ../index.json");

        run.Run.ExitCode.Should().Be(0);
        run.Run.Output.Text.Should().Be("said\n");
        _repo.EventNames().Should().Contain("worktree.run.after").And.NotContain("worktree.run.failed");
        repository.Row("a").Worktree.Runs.Should().BeEmpty();
    }

    [Fact]
    public void A_command_that_takes_too_long_is_ended()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var watch = Stopwatch.StartNew();

        var run = repository.Shell("a", "sleep 600", seconds: 0.5).Run;

        run.TimedOut.Should().BeTrue();
        Shell.Carrying($"WORKTREEMCP_RUN_ID={run.RunId}").Should().BeEmpty();
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(4));
        _repo.EventNames()[^1].Should().Be("worktree.run.failed");
    }

    [Fact]
    public void A_command_that_reads_ends_and_one_left_in_the_background_goes()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        var watch = Stopwatch.StartNew();

        repository.Shell("a", "cat").Run.ExitCode.Should().Be(0);
        repository.Shell("a", "sleep 500 & echo $! > pid.ignored; echo hi").Run.Output.Text.Should().Be("hi\n");

        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(5));
        var left = int.Parse(File.ReadAllText(Path.Join(made.Directory, "pid.ignored")), System.Globalization.CultureInfo.InvariantCulture);
        (ProcessTable.Find(left)?.Alive ?? false).Should().BeFalse();
    }

    [Fact]
    public void A_command_knows_where_it_is_and_changes_only_its_worktree()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var (a, b) = (repository.Make("a", task), repository.Make("b"));

        var run = repository.Shell("a", "pwd; echo $WORKTREE_NAME $TASK_ID; echo \"$WORKTREE_PATH\"; echo \"$MAIN_CHECKOUT\"; echo x > new && git add . && git commit -qm work && git rebase -q main && git status --porcelain").Run;

        run.Output.Text.Split('\n').Should().StartWith([a.Directory, $"a {task}", a.Directory, _repo.Root]);
        run.ExitCode.Should().Be(0, run.Error.Text);
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        _repo.GitIn(b.Directory, "status", "--porcelain").Should().BeEmpty();
        _repo.Git("rev-list", "--count", "main..wt/a").Should().Be("1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("echo \0")]
    public void A_command_without_words_is_refused(string command)
    {
        var repository = _repo.Open();
        repository.Make("a");

        _repo.By(RefusalCode.InvalidArgument, () => repository.Shell("a", command)).Message.Should().Contain("command");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Shell("a", new string('x', 40_000)));
    }

    [Fact]
    public void A_command_in_a_removed_worktree_is_refused()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Drop("a");

        _repo.By(RefusalCode.NotFound, () => repository.Shell("a", "true")).Message.Should().Contain("removed");
    }

    [Fact]
    public void Secrets_in_a_command_are_not_put_on_record()
    {
        var repository = _repo.Open();
        repository.Make("a");

        repository.Shell("a", "PASSWORD=hunter2 sh -c 'echo $PASSWORD; true --token abc123'").Run.Output.Text.Should().Be("hunter2\n");

        var record = string.Join('\n', _repo.EventLines()) + File.ReadAllText(_repo.Layout.OperationLog);
        record.Should().Contain("PASSWORD=***").And.NotContain("hunter2").And.NotContain("abc123");
    }

    [Fact]
    public void The_result_of_a_command_survives_a_record_that_cannot_be_written()
    {
        var repository = _repo.Open();
        repository.Make("a");

        var run = repository.Shell("a", "mv ../events.jsonl ../events.old && mkdir ../events.jsonl; echo done");

        run.Run.Output.Text.Should().Be("done\n");
        run.Warning.Should().NotBeNullOrEmpty();
    }
}

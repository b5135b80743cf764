using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A worktree in which somebody is at work stays, and so does what works there.</summary>
public sealed class WorktreesInUseTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_process_that_stands_inside_refuses_and_is_named()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        using var sleep = Process.Start(new ProcessStartInfo("sleep", "600") { WorkingDirectory = Path.Join(made.Directory, "src") })!;
        try
        {
            _repo.By(RefusalCode.WorktreeBusy, () => repository.Drop("a")).Message.Should().Contain($"sleep (process {sleep.Id})");
            repository.Drop("a", force: true);
            sleep.HasExited.Should().BeFalse();
        }
        finally
        {
            sleep.Kill();
            sleep.WaitForExit();
        }
    }

    [Theory]
    [InlineData("index.lock")]
    [InlineData("HEAD.lock")]
    public void A_lock_that_git_holds_refuses_also_with_force(string name)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        File.WriteAllText(Path.Join(_repo.Root, ".git", "worktrees", made.Worktree.AdminId!, name), string.Empty);

        _repo.By(RefusalCode.WorktreeBusy, () => repository.Drop("a", force: true)).Message.Should().Contain(name);
    }

    [Fact]
    public void A_worktree_in_which_a_command_runs_stays_and_the_command_is_unharmed()
    {
        var repository = _repo.Open();
        var other = _repo.Open();
        var made = repository.Make("a");
        var (started, go) = (Path.Join(made.Directory, "started.ignored"), Path.Join(made.Directory, "go.ignored"));
        WorktreeRun? run = null;
        var thread = new Thread(() => run = repository.Shell("a", "touch started.ignored; while [ ! -e go.ignored ]; do sleep 0.05; done; echo done"));
        thread.Start();
        SpinWait.SpinUntil(() => File.Exists(started), TimeSpan.FromSeconds(20)).Should().BeTrue();

        foreach (var server in new[] { repository, other })
        {
            ((Action)(() => server.Drop("a", force: true))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.WorktreeBusy);
        }

        repository.Worktrees.Status("a").Running.Should().ContainSingle();
        File.WriteAllText(go, string.Empty);
        thread.Join();
        run!.Run.Output.Text.Should().Be("done\n");
        other.Drop("a").Step.Already.Should().BeFalse();
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Tests.Processes;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

public sealed class SandboxTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public SandboxTests() => Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Git_works_in_the_worktree_and_its_commits_come_in()
    {
        var repository = Confined();
        var made = repository.Make("a");
        var before = _repo.Git("rev-parse", "main");

        var run = repository.Shell("a", """
            set -e
            echo two >> src/app.txt; echo new > new.txt
            git status --short; git diff --stat
            git add -A; git commit -qm one; git log --oneline -1
            git commit -q --amend -m better; echo x > x.txt; git add x.txt; git commit -qm two
            git rebase -q --force-rebase main; git cherry-pick --keep-redundant-commits HEAD >/dev/null; git revert --no-edit HEAD~1 >/dev/null
            git status
            """);

        run.Sandbox.Word.Should().Be("bubblewrap");
        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Warning.Should().BeNull();
        run.Run.Output.Text.Should().EndWith("On branch wt/a\nnothing to commit, working tree clean\n");
        _repo.Git("rev-list", "--count", "main..wt/a").Should().Be("4");
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().BeEmpty();
        _repo.GitIn(made.Directory, "rev-parse", "HEAD").Should().Be(_repo.Git("rev-parse", "wt/a"));
        _repo.Git("fsck", "--full", "--strict").Should().NotContain("missing");
        _repo.Git("rev-parse", "main").Should().Be(before);
        _repo.Has(".git/worktree-mcp/sandbox/1").Should().BeTrue();
        Directory.EnumerateFileSystemEntries(Path.Join(_repo.Root, ".git/worktree-mcp/sandbox/1")).Should().BeEmpty();
    }

    [Fact]
    public void What_is_staged_can_be_committed_from_outside()
    {
        var repository = Confined();
        var made = repository.Make("a");

        repository.Shell("a", "echo staged > s.txt; git add s.txt").Run.ExitCode.Should().Be(0);

        _repo.GitIn(made.Directory, "commit", "-qm", "from outside");
        _repo.GitIn(made.Directory, "show", "HEAD:s.txt").Should().Be("staged");
    }

    [Theory]
    [InlineData("echo x > $MAIN_CHECKOUT/README.md")]
    [InlineData("echo x > $MAIN_CHECKOUT/new.txt")]
    [InlineData("echo x > ../b/README.md")]
    [InlineData("rm -rf ../b/README.md")]
    [InlineData("echo x > $MAIN_CHECKOUT/.tasks/task_1.json")]
    [InlineData("rm $MAIN_CHECKOUT/.tasks/task_1.json")]
    [InlineData("echo x > ../index.json")]
    [InlineData("echo x >> ../events.jsonl")]
    [InlineData("mv ../index.json ../other.json")]
    [InlineData("echo x > $MAIN_CHECKOUT/.git/hooks/pre-commit")]
    [InlineData("mv $MAIN_CHECKOUT/.git/hooks $MAIN_CHECKOUT/.git/no-hooks")]
    [InlineData("echo x >> $MAIN_CHECKOUT/.git/config")]
    [InlineData("git config core.fsmonitor 'touch pwned'")]
    [InlineData("git config --worktree core.fsmonitor 'touch pwned'")]
    [InlineData("rm $MAIN_CHECKOUT/.git/config")]
    [InlineData("echo x > $MAIN_CHECKOUT/.git/HEAD")]
    [InlineData("echo x > $(git rev-parse --git-dir)/../b/HEAD")]
    [InlineData("echo gitdir: /tmp > .git")]
    [InlineData("rm -f .git")]
    [InlineData("mv .git other")]
    [InlineData("echo /tmp > $(git rev-parse --git-dir)/commondir")]
    [InlineData("rm -f $(git rev-parse --git-dir)/commondir")]
    [InlineData("echo /tmp > $(git rev-parse --git-dir)/gitdir")]
    [InlineData("echo '[core]' > $(git rev-parse --git-dir)/config.worktree")]
    [InlineData("rm -f $(git rev-parse --git-dir)/config.worktree")]
    [InlineData("echo /tmp > $MAIN_CHECKOUT/.git/objects/info/alternates")]
    [InlineData("rm -rf $MAIN_CHECKOUT/.git/objects.shared/??")]
    [InlineData("git update-ref refs/heads/main HEAD~0 && git update-ref -d refs/heads/main")]
    [InlineData("git branch elsewhere")]
    [InlineData("git tag v1")]
    [InlineData("cat $MAIN_CHECKOUT/.git/worktree-mcp/oplog.jsonl")]
    [InlineData("cat ~/.ssh/id_secret")]
    [InlineData("cat ~/.netrc")]
    [InlineData("cat $MAIN_CHECKOUT/../home/hidden/key")]
    [InlineData("echo x > ~/x")]
    [InlineData("kill -0 $SERVER")]
    [InlineData("mount -t tmpfs none /mnt")]
    [InlineData("mount -o remount,rw,bind $MAIN_CHECKOUT")]
    public void What_a_command_may_not_do_fails_and_leaves_no_trace(string command)
    {
        var home = Path.Join(_repo.Base, "home");
        _repo.Write("../home/.ssh/id_secret", "secret");
        _repo.Write("../home/.netrc", "secret");
        _repo.Write("../home/hidden/key", "secret");
        var repository = Confined(home: home, configure: run => run with { SecretPaths = ["~/hidden"] });
        repository.Task();
        repository.Make("a");
        repository.Make("b");
        var refs = _repo.Git("for-each-ref");
        var before = _repo.Snapshot();

        var ran = repository.Shell("a", $"SERVER={Environment.ProcessId}; {command}");

        ran.Run.ExitCode.Should().NotBe(0, ran.Run.Output.Text);
        ran.Run.Output.Text.Should().NotContain("secret");
        _repo.Git("for-each-ref").Should().Be(refs);
        Stripped(_repo.Snapshot()).Should().Be(Stripped(before));
        _repo.Git("fsck", "--full").Should().NotContain("missing");
    }

    [Fact]
    public void Other_branches_are_moved_in_the_private_copy_only()
    {
        var repository = Confined();
        repository.Make("a");
        repository.Make("b");
        var other = _repo.Git("rev-parse", "wt/b");

        var run = repository.Shell("a", "git commit -q --allow-empty -m mine; git update-ref refs/heads/wt/b HEAD && git rev-parse HEAD");

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        var mine = run.Run.Output.Text.Trim();
        _repo.Git("rev-parse", "wt/b").Should().Be(other);
        _repo.Git("rev-parse", "wt/a").Should().Be(mine);
        run.Warning.Should().Contain("wt/b").And.Contain("refs/worktree-mcp/sandbox/");
    }

    [Fact]
    public void A_branch_that_moved_outside_meanwhile_stays_and_the_commit_is_kept()
    {
        var repository = Confined();
        repository.Make("a");
        var begun = Path.Join(_repo.Root, ".worktrees/a/begun.ignored");
        var moved = Task.Run(async () =>
        {
            while (!File.Exists(begun))
            {
                await Task.Yield();
            }

            var tree = _repo.Git("rev-parse", "main^{tree}");
            _repo.Git("update-ref", "refs/heads/wt/a", _repo.Git("commit-tree", "-p", "main", "-m", "outside", tree));
            File.WriteAllText($"{begun}.done", string.Empty);
        });

        var run = repository.Shell("a", "git commit -q --allow-empty -m inside; git rev-parse HEAD; touch begun.ignored; while ! test -e begun.ignored.done; do :; done");

        moved.IsCompletedSuccessfully.Should().BeTrue();
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("outside");
        run.Warning.Should().Contain("wt/a").And.Contain("kept as");
        _repo.Git("for-each-ref", "--format=%(objectname)", "refs/worktree-mcp/sandbox").Should().Be(run.Run.Output.Text.Trim());
    }

    [Fact]
    public void A_branch_made_inside_comes_in_with_its_commits()
    {
        var repository = Confined();
        var made = repository.Make("a");

        var run = repository.Shell("a", "git switch -q -c wt/a-second && echo x > x && git add x && git commit -qm second");

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        _repo.Git("log", "-1", "--format=%s", "wt/a-second").Should().Be("second");
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void What_a_command_leaves_behind_ends_with_it()
    {
        var repository = Confined();
        repository.Make("a");

        var run = repository.Shell("a", "setsid env -i sleep 500 & echo begun; readlink /proc/self/ns/pid > ns.ignored; ps -e 2>/dev/null | head -3");

        var space = File.ReadAllText(Path.Join(_repo.Root, ".worktrees/a/ns.ignored")).Trim();
        space.Should().StartWith("pid:[").And.NotBe(new FileInfo("/proc/self/ns/pid").LinkTarget);
        ProcessTable.All().Where(process => process.Alive && LinkOf($"/proc/{process.Pid}/ns/pid") == space).Should().BeEmpty();
    }

    [Theory]
    [InlineData(false, "1\n")]
    [InlineData(true, "more\n")]
    public void The_network_is_there_only_if_it_was_asked_for(bool network, string links)
    {
        var repository = Confined(configure: run => run with { Network = network });
        repository.Make("a");
        var outside = File.ReadLines("/proc/net/dev").Count() - 2;
        Assert.SkipWhen(network && outside < 2, "this machine has no network besides itself");

        var run = repository.Shell("a", "n=$(tail -n +3 /proc/net/dev | wc -l); if test $n -eq 1; then echo 1; else echo more; fi");

        run.Run.Output.Text.Should().Be(links);
    }

    [Fact]
    public void A_configured_cache_and_a_tmp_of_its_own_can_be_written()
    {
        var home = Path.Join(_repo.Base, "home");
        _repo.Write("../home/.cache/x", string.Empty);
        var repository = Confined(home: home, configure: run => run with { CachePaths = ["~/.cache"] });
        repository.Make("a");

        var run = repository.Shell("a", "echo 1 > ~/.cache/y && echo 2 > $TMPDIR/wtmcp-trace && echo $TMPDIR");

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Run.Output.Text.Should().Be("/tmp\n");
        File.Exists(Path.Join(home, ".cache", "y")).Should().BeTrue();
        File.Exists("/tmp/wtmcp-trace").Should().BeFalse();
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("no-such-command-anywhere", 127)]
    [InlineData("cat", 0)]
    [InlineData("env | grep -c ^GIT_", 1)]
    public void A_command_ends_as_it_does_without(string command, int code)
    {
        var repository = Confined();
        repository.Make("a");

        repository.Shell("a", command).Run.ExitCode.Should().Be(code);
    }

    [Fact]
    public void A_command_that_takes_too_long_is_ended_with_all_it_started()
    {
        var repository = Confined();
        repository.Make("a");

        var run = repository.Shell("a", "trap '' TERM; git commit -q --allow-empty -m saved; sleep 600 & sleep 600", seconds: 3).Run;

        run.TimedOut.Should().BeTrue();
        Shell.Carrying($"WORKTREEMCP_RUN_ID={run.RunId}").Should().BeEmpty();
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("saved");
    }

    [Fact]
    public void What_verifies_a_landing_is_confined_as_any_other_command()
    {
        var outside = Path.Join(_repo.Base, "outside.txt");
        var repository = Confined();
        repository.Make("a");
        repository.Work("a", "new.txt", "new");

        var landed = repository.Land("a", verify: $$"""
            cat new.txt && git log -1 --format=%s && git status --porcelain && touch here.txt &&
            { touch {{outside}}; true; } && ! touch "$MAIN_CHECKOUT/outside.txt" && ! git branch planted && ! echo x > .git &&
            ! ls "$MAIN_CHECKOUT/.git/worktree-mcp/oplog.jsonl"
            """);

        landed.Verified!.Output.Text.Should().StartWith("new\nMerge branch");
        _repo.Has("new.txt").Should().BeTrue();
        (File.Exists(outside) || _repo.Has("outside.txt")).Should().BeFalse();
        _repo.Git("branch", "--list", "planted").Should().BeEmpty();
    }

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The registry learns the ports of a worktree at its first command.
    private static string Stripped(string snapshot) =>
        string.Join('\n', snapshot.Split('\n').Where(line => !line.Contains("index.json", StringComparison.Ordinal) && !line.Contains("events.jsonl", StringComparison.Ordinal)));

    private Repository Confined(string? home = null, Func<RunSettings, RunSettings>? configure = null)
    {
        var run = new RunSettings { Sandbox = SandboxMode.Required };
        var environment = home is null ? null : new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = home };
        return _repo.Open(settings: new RepositorySettings { Run = configure?.Invoke(run) ?? run }, environment: environment);
    }
}

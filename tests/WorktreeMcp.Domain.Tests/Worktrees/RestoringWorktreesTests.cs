using System.Security.Cryptography;
using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class RestoringWorktreesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_worktree_comes_back_byte_for_byte(bool detached)
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var made = repository.Make("a", task);
        Dirty(repository);
        if (detached)
        {
            repository.Shell("a", "git checkout -q --detach && git update-ref --no-deref HEAD $(git commit-tree -p HEAD -m 'on no branch' HEAD^{tree})");
        }

        var before = Portrait(made.Directory);
        repository.Drop("a", force: true);

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        Portrait(back.Step.Directory).Should().Be(before);
        back.Step.Directory.Should().Be(made.Directory);
        back.Detached.Should().BeNull();
        back.Step.Worktree.Should().Match<Worktree>(w => w.Status == WorktreeState.Active && w.Trash == null && w.AdminId == "a");
        back.Step.Task.Should().Match<BoardTask>(t => t.Worktree == "a" && t.WorktreeState == "active" && t.Status == TaskState.InProgress);
        repository.Row("a").Drift.Should().HaveCount(detached ? 1 : 0);
        _repo.EventNames()[^1].Should().Be("worktree.restored");
        _repo.Has(".git/worktrees/wtmcp-trash-1").Should().BeFalse();
        _repo.GitIn(made.Directory, "fsck").Should().NotContain("missing");
        _repo.Git("worktree", "list", "--porcelain").Should().NotContain("locked").And.NotContain("prunable");
        repository.Shell("a", "git add -A && git commit -qm more").Run.ExitCode.Should().Be(0);
        repository.Examine().Where(f => f.IsOpen).Select(f => f.Code).Should().BeSubsetOf(["worktree_detached"]);
    }

    [Fact]
    public void What_was_collected_cleaned_moved_and_followed_by_another_of_its_name_comes_back_too()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        Dirty(repository);
        repository.Shell("a", "git checkout -q --detach && git commit -q --allow-empty -m 'on no branch' && git commit -q --allow-empty -m gone && git reset -q --soft HEAD~1 && echo blob > blob.txt && git add blob.txt && rm blob.txt");
        var before = Portrait(made.Directory, refs: false);
        var log = _repo.GitIn(made.Directory, "reflog", "--format=%H");
        repository.Drop("a", force: true);
        _repo.Git("branch", "-q", "-D", "wt/a");
        repository.Make("a");
        repository.Shell("a", "echo other > other.txt");
        _repo.Git("clean", "-fdxq");
        _repo.Git("worktree", "prune", "--expire=now");
        _repo.Git("gc", "-q", "--prune=now");
        var moved = Path.Join(_repo.Base, "moved");
        Directory.Move(_repo.Root, moved);

        using var next = Repository.Open(moved, new Domain.Configuration.RepositorySettings());
        var back = next.Worktrees.Restore("a", "b", null, Steps.By);

        Portrait(back.Step.Directory, refs: false).Should().Be(before);
        _repo.GitIn(back.Step.Directory, "show", ":blob.txt").Should().Be("blob");
        _repo.GitIn(back.Step.Directory, "reflog", "--format=%H").Should().Be(log);
        foreach (var commit in log.Split('\n'))
        {
            _repo.GitIn(moved, "cat-file", "-e", commit);
        }

        File.ReadAllText(Path.Join(moved, ".worktrees", "a", "other.txt")).Should().Be("other\n");
        Directory.Move(moved, _repo.Root);
    }

    [Fact]
    public void A_kept_worktree_comes_back_kept_and_a_merge_in_progress_goes_on()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var made = repository.Make("a", task);
        Conflicts.StopRebase(_repo, made.Directory);
        repository.Worktrees.Keep("a", "later", completeTask: false, Steps.By);
        var before = Portrait(made.Directory);
        repository.Drop("a", force: true);

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        Portrait(made.Directory).Should().Be(before);
        back.Step.Worktree.Status.Should().Be(WorktreeState.Kept);
        back.Step.Task!.WorktreeState.Should().Be("kept");
        repository.Worktrees.Status("a").InProgress.Should().Contain("rebase");
        repository.Shell("a", "git rebase --abort").Run.ExitCode.Should().Be(0);
        _repo.GitIn(made.Directory, "symbolic-ref", "HEAD").Should().Be("refs/heads/wt/a");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("waits for a review")]
    public void Why_it_was_removed_is_no_longer_said_of_it_and_why_it_was_kept_is(string? kept)
    {
        var repository = _repo.Open();
        repository.Make("a");
        if (kept is not null)
        {
            repository.Worktrees.Keep("a", kept, completeTask: false, Steps.By);
        }

        repository.Worktrees.Remove("a", force: true, completeTask: false, "not wanted", Steps.By);
        repository.Worktrees.List(WorktreeState.Removed, 5, null).Worktrees.Single().Worktree.Reason.Should().Be("not wanted");

        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.Reason.Should().Be(kept);

        repository.Row("a").Worktree.Reason.Should().Be(kept);
        _repo.EventLines().Should().ContainSingle(line => line.Contains("\"worktree.remove.before\"") && line.Contains("\"not wanted\""));
    }

    [Fact]
    public void A_branch_that_went_with_its_worktree_is_made_again()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Drop("a").BranchDeleted.Should().BeTrue();

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        back.BranchMade.Should().BeTrue();
        _repo.Git("rev-parse", "wt/a").Should().Be(made.Worktree.BaseCommit);
        repository.Row("a").Drift.Should().BeEmpty();
        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Theory]
    [InlineData("moved", "moved on")]
    [InlineData("elsewhere", "checked out at")]
    [InlineData("clash", "could not be made again")]
    public void A_branch_that_is_not_where_it_was_is_left_alone_and_named(string what, string said)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Shell("a", "echo own > own.txt && git add . && git commit -qm own && echo dirty > own.txt");
        var tip = _repo.GitIn(made.Directory, "rev-parse", "HEAD");
        repository.Drop("a", force: true);
        switch (what)
        {
            case "moved":
                _repo.Git("branch", "-q", "-f", "wt/a", "main");
                break;
            case "elsewhere":
                _repo.Git("checkout", "-q", "wt/a");
                break;
            default:
                _repo.Git("branch", "-q", "-D", "wt/a");
                _repo.Git("branch", "-q", "wt/a/b");
                break;
        }

        var refs = _repo.Git("for-each-ref");
        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        back.Detached.Should().Contain(said);
        back.Head.Should().Be(tip);
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().Be(" M own.txt");
        _repo.GitIn(made.Directory, "rev-parse", "--abbrev-ref", "HEAD").Should().Be("HEAD");
        _repo.Git("for-each-ref").Should().Be(refs);
    }

    [Fact]
    public void Commits_made_in_the_trash_come_back_where_they_are()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo x > x.txt");
        var tree = repository.Drop("a", force: true).TrashDirectory!;
        var commit = _repo.Commit("in the trash", tree);

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        back.Head.Should().Be(commit);
        back.Detached.Should().Contain("moved in the trash");
    }

    [Fact]
    public void A_taken_name_is_refused_and_new_name_brings_it_back_beside()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Shell("a", "echo first > x.txt");
        repository.Drop("a", force: true);
        repository.Make("A", task);

        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", null, null, Steps.By))
            .Hint.Should().Contain("new_name");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", "A", null, Steps.By));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Restore("a", "../b", null, Steps.By));

        var back = repository.Worktrees.Restore("a", "b", null, Steps.By);
        back.Step.Directory.Should().EndWith("/.worktrees/b");
        back.Unbound.Should().Contain("\"A\"");
        back.Step.Worktree.TaskId.Should().BeNull();
        back.Step.Worktree.Branch.Should().Be("wt/a");
        repository.Shell("b", "cat x.txt && git status --porcelain").Run.Output.Text.Should().Be("first\n?? x.txt\n");
        repository.Board.Get(task).Task.Worktree.Should().Be("A");
        repository.Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }

    [Fact]
    public void An_occupied_path_and_a_record_by_another_are_gone_around()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Drop("a");
        _repo.Write(".worktrees/a/mine.txt", "mine");

        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", null, null, Steps.By));
        _repo.Read(".worktrees/a/mine.txt").Should().Be("mine");

        Directory.Delete(Path.Join(_repo.Root, ".worktrees", "a"), recursive: true);
        Directory.CreateSymbolicLink(Path.Join(_repo.Root, ".worktrees", "a"), "/nowhere");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("a", null, null, Steps.By));

        File.Delete(Path.Join(_repo.Root, ".worktrees", "a"));
        var elsewhere = Path.Join(_repo.Base, "a");
        _repo.Git("worktree", "add", "-q", "-b", "users", elsewhere);
        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.AdminId.Should().Be("a1");
        _repo.GitIn(elsewhere, "status", "--porcelain", "-b").Should().Be("## users");
        repository.Shell("a", "git status --porcelain -b").Run.Output.Text.Should().Be("## wt/a\n");
    }

    [Fact]
    public void Of_several_the_one_removed_last_comes_back_unless_another_is_named()
    {
        var repository = _repo.Open();
        foreach (var text in new[] { "one", "two", "three" })
        {
            repository.Make("a");
            repository.Shell("a", $"echo {text} > x.txt");
            repository.Drop("a", force: true);
        }

        var first = repository.Worktrees.Restore("a", null, 1, Steps.By);
        first.StillInTrash.Should().Equal(2, 3);
        repository.Shell("a", "cat x.txt").Run.Output.Text.Should().Be("one\n");
        repository.Drop("a", force: true);
        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.Id.Should().Be(1);
        repository.Worktrees.Restore("a", "b", null, Steps.By).Step.Worktree.Id.Should().Be(3);
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("a", "c", 3, Steps.By)).Message.Should().Contain("there is 2");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Worktrees.Restore("b", null, null, Steps.By));
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("nobody", null, null, Steps.By)).Message.Should().Contain("\"a\"");
    }

    [Fact]
    public void What_is_broken_in_the_trash_is_refused_with_what_is_left()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo own > own.txt && git add . && git commit -qm own");
        var tree = repository.Drop("a").TrashDirectory!;
        var pointer = Path.Join(tree, ".git");
        var text = File.ReadAllText(pointer);

        File.WriteAllText(pointer, $"gitdir: {_repo.Root}/.git\n");
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("a", null, null, Steps.By)).Message.Should().Contain("does not name");
        File.WriteAllText(pointer, text);
        File.WriteAllText(Path.Join(_repo.Root, ".git", "worktrees", "wtmcp-trash-1", "index.lock"), string.Empty);
        _repo.By(RefusalCode.WorktreeBusy, () => repository.Worktrees.Restore("a", null, null, Steps.By));
        Directory.Delete(tree, recursive: true);
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("a", null, null, Steps.By)).Next.Should().Contain("branch: \"wt/a\"");
    }

    [Fact]
    public void A_task_that_is_over_is_bound_again_and_a_deleted_one_is_not()
    {
        var repository = _repo.Open();
        var (done, deleted) = (repository.Task(), repository.Task());
        repository.Make("a", done);
        repository.Make("b", deleted);
        repository.Worktrees.Remove("a", force: false, completeTask: true, reason: null, Steps.By);
        repository.Drop("b");
        repository.Board.Update(deleted, new TaskEdit { Status = TaskState.Deleted }, Steps.By);

        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Task!.Status.Should().Be(TaskState.Completed);
        repository.Worktrees.Restore("b", null, null, Steps.By).Unbound.Should().Contain("deleted");
        repository.Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }

    [Fact]
    public void Of_two_restorations_and_a_creation_of_the_name_at_once_one_wins()
    {
        for (var round = 0; round < 5; round++)
        {
            var name = $"a{round}";
            var servers = Enumerable.Range(0, 3).Select(_ => _repo.Open()).ToArray();
            servers[0].Make(name);
            servers[0].Shell(name, "echo own > own.txt && git add . && git commit -qm own");
            servers[0].Drop(name);
            Action[] calls =
            [
                () => servers[0].Worktrees.Restore(name, null, null, Steps.By),
                () => servers[1].Worktrees.Restore(name, null, null, Steps.By),
                () => servers[2].Make(name, branch: $"wt/{name}"),
            ];

            var outcomes = new Refusal?[3];
            Parallel.For(0, 3, i =>
            {
                try
                {
                    calls[i]();
                }
                catch (Refusal refusal)
                {
                    outcomes[i] = refusal;
                }
            });

            outcomes.Count(o => o is null).Should().Be(1, string.Join(" | ", outcomes.Select(o => o?.Message)));
            outcomes.OfType<Refusal>().Select(o => o.Code).Should().BeSubsetOf([RefusalCode.AlreadyExists, RefusalCode.WorktreeBusy, RefusalCode.NotFound]);
            _repo.GitIn($".worktrees/{name}", "status", "--porcelain", "-b").Should().Be($"## wt/{name}");
            File.Exists(Path.Join(_repo.Root, ".worktrees", name, "own.txt")).Should().BeTrue();
        }

        _repo.Open().Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Fault.Dies)]
    [InlineData(Fault.DiesHalfWay)]
    [InlineData(Fault.DiesAfter)]
    public void A_server_that_dies_at_any_write_of_a_restoration_loses_nothing(Fault fault)
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var made = repository.Make("a", task);
        Dirty(repository);
        var before = Portrait(made.Directory);
        string? hit;
        var at = 0;
        do
        {
            repository.Drop("a", force: true);
            var disk = new FaultyFiles(++at, fault);
            var dying = _repo.Open(disk);
            try
            {
                dying.Worktrees.Restore("a", null, null, Steps.By);
            }
            catch (Exception death) when (death is Refusal or IOException)
            {
            }

            hit = disk.Hit;
            dying.Dispose();
            var next = _repo.Open();
            next.Worktrees.List(null, 20, null);
            if (next.Worktrees.List(WorktreeState.Removed, 20, null).Total == 1)
            {
                next.Worktrees.Restore("a", null, null, Steps.By);
            }

            Portrait(made.Directory).Should().Be(before, "it died at write {0}, {1}", at, hit);
            next.Row("a").Drift.Should().BeEmpty();
            next.Board.Get(task).Task.LiveWorktree.Should().Be("a");
            next.Examine().Where(f => f.IsOpen).Should().BeEmpty("it died at write {0}, {1}", at, hit);
            Directory.GetDirectories(Path.Join(_repo.Root, ".git", "worktrees")).Should().ContainSingle();
        }
        while (hit is not null);

        at.Should().BeGreaterThan(8);
    }

    [Theory]
    [InlineData(Fault.Fails)]
    [InlineData(Fault.FailsHalfWay)]
    [InlineData(Fault.FailsAfter)]
    public void A_full_disk_at_any_write_of_a_restoration_is_said_and_loses_nothing(Fault fault)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        Dirty(repository);
        var before = Portrait(made.Directory);
        string? hit;
        var at = 0;
        do
        {
            repository.Drop("a", force: true);
            var disk = new FaultyFiles(0, fault);
            var failing = _repo.Open(disk);
            failing.Worktrees.List(null, 20, null);
            disk.Arm(++at);
            try
            {
                failing.Worktrees.Restore("a", null, null, Steps.By);
            }
            catch (Refusal refusal)
            {
                refusal.Message.Should().Contain("No space left");
                failing.Worktrees.List(null, 20, null);
                if (failing.Worktrees.List(WorktreeState.Removed, 20, null).Total == 1)
                {
                    failing.Worktrees.Restore("a", null, null, Steps.By);
                }
            }

            hit = disk.Hit;
            Portrait(made.Directory).Should().Be(before, "write {0} failed, {1}", at, hit);
            failing.Row("a").Drift.Should().BeEmpty();
        }
        while (hit is not null);
    }

    [Fact]
    public void A_place_that_is_taken_after_the_server_died_sends_it_back_to_the_trash()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo x > x.txt");
        repository.Drop("a", force: true);
        var disk = new FaultyFiles(0, Fault.Dies);
        var dying = _repo.Open(disk);
        dying.Worktrees.List(null, 20, null);
        for (var at = 1; !_repo.Read(".worktrees/index.json").Contains("restoring", StringComparison.Ordinal); at++)
        {
            dying.Dispose();
            disk = new FaultyFiles(at, Fault.DiesAfter);
            dying = _repo.Open(disk);
            ((Action)(() => dying.Worktrees.Restore("a", "b", null, Steps.By))).Should().Throw<Exception>();
        }

        dying.Dispose();
        _repo.Write(".worktrees/b/mine.txt", "mine");

        var next = _repo.Open();
        next.Worktrees.List(null, 20, null).Total.Should().Be(0);
        _repo.Read(".worktrees/b/mine.txt").Should().Be("mine");
        next.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.AdminId.Should().Be("a");
        next.Shell("a", "cat x.txt").Run.Output.Text.Should().Be("x\n");
    }

    private static void Dirty(Repository repository) => repository.Shell("a", """
        echo own > own.txt && git add . && git commit -qm own &&
        echo modified > README.md && git rm -q --cached src/app.txt && echo staged > staged.txt && git add staged.txt && echo later > staged.txt &&
        echo new > new.txt && chmod 750 new.txt && chmod 600 README.md && echo secret > secret.ignored && ln -s /nowhere link.ignored && ln -s README.md alias &&
        mkdir -p build/deep && echo out > build/deep/out.bin && chmod 555 build/deep && git config --worktree core.something x 2>/dev/null;
        d=deep; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do d=$d/level$i; done; mkdir -p $d && echo bottom > $d/bottom.txt; mkdir empty
        """).Run.ExitCode.Should().Be(0);

    /// <summary>All that a worktree is: git's status of it, its index, its HEAD, its branches, and every entry with its mode, time and content.</summary>
    private string Portrait(string directory, bool refs = true)
    {
        var text = new StringBuilder();
        text.AppendLine(_repo.GitIn(directory, "status", "--porcelain=v2", "--branch", "--ignored", "--untracked-files=all"));
        text.AppendLine(_repo.GitIn(directory, "ls-files", "-s", "-v"));
        text.AppendLine(refs ? _repo.GitIn(directory, "for-each-ref", "refs/heads") : string.Empty);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).OrderBy(e => e.FullName, StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(directory, entry.FullName);
            var content = name == ".git" ? string.Empty
                : entry.LinkTarget is { } target ? $"-> {target}"
                : entry is FileInfo ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(entry.FullName)))
                : "folder";
            var mode = OperatingSystem.IsWindows() ? string.Empty : entry.UnixFileMode.ToString();
            text.AppendLine($"{name} {mode} {(name == ".git" ? 0 : entry.LastWriteTimeUtc.Ticks)} {content}");
        }

        return text.ToString();
    }
}

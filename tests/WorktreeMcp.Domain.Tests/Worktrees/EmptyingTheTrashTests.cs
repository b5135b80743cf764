using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class EmptyingTheTrashTests : IDisposable
{
    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void What_was_removed_waits_its_days_and_is_then_gone_without_a_trace()
    {
        var repository = _repo.Open(time: _time);
        var task = repository.Task();
        repository.Make("a", task);
        repository.Shell("a", "echo 12345 > x.txt");
        repository.Drop("a", force: true);
        _time.Advance(TimeSpan.FromDays(6.9));
        repository.Trash().Sweep("test", CancellationToken.None).Should().BeEmpty();
        var waits = repository.Worktrees.List(WorktreeState.Removed, 9, null).Worktrees.Single().Trash!;
        waits.Should().Match<TrashItem>(item => item.Id == 1 && item.Bytes > 40 && item.EmptiedAt - item.RemovedAt == 7 * 86400);

        _time.Advance(TimeSpan.FromDays(0.2));
        repository.Trash().Sweep("test", CancellationToken.None).Should().ContainSingle().Which.Name.Should().Be("a");

        Directory.GetFileSystemEntries(_repo.Layout.Trash).Should().BeEmpty();
        Directory.GetFileSystemEntries(_repo.Layout.DroppedRecords).Should().BeEmpty();
        _repo.Git("worktree", "list", "--porcelain").Should().NotContain("trash");
        repository.Worktrees.List(WorktreeState.Removed, 9, null).Total.Should().Be(0);
        _repo.EventNames()[^1].Should().Be("worktree.emptied");
        _repo.Git("for-each-ref", "refs/worktree-mcp").Should().BeEmpty();
        repository.Examine().Where(f => f.IsOpen).Should().BeEmpty();
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Restore("a", null, null, Steps.By));
        repository.Make("a", task).Worktree.Id.Should().Be(2);
    }

    [Theory]
    [InlineData("git update-ref refs/worktree/keep $precious", "refs/worktree/keep")]
    [InlineData("git bisect start -q && git update-ref refs/bisect/good-x $precious", "refs/bisect/good-x")]
    [InlineData("echo $precious > $(git rev-parse --git-path MERGE_HEAD)", "MERGE_HEAD")]
    [InlineData("(git rev-parse HEAD; echo $precious) > $(git rev-parse --git-path MERGE_HEAD)", null)]
    [InlineData("d=$(git rev-parse --git-path rebase-merge) && mkdir $d && echo $precious > $d/autostash", null)]
    [InlineData("d=$(git rev-parse --git-path rebase-apply) && mkdir $d && echo $precious > $d/autostash", null)]
    public void A_commit_that_only_the_worktrees_own_record_names_outlives_the_trash(string command, string? name)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", $"precious=$(git commit-tree -m precious HEAD^{{tree}}) && echo $precious > x && {command}").Run.ExitCode.Should().Be(0);
        var precious = File.ReadAllText(Path.Join(_repo.Layout.Worktree("a"), "x")).Trim();
        if (name is not null)
        {
            _repo.GitIn(".worktrees/a", "rev-parse", name).Should().Be(precious);
        }

        repository.Drop("a", force: true);

        repository.Trash().Empty(repository.Trash().Items(measure: false), "test").Should().ContainSingle();
        _repo.Git("gc", "-q", "--prune=now");
        _repo.Git("cat-file", "-t", precious).Should().Be("commit");
    }

    [Fact]
    public void Commits_that_nothing_else_holds_outlive_the_trash()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Shell("a", "git checkout -q --detach && git commit -q --allow-empty -m one && git commit -q --allow-empty -m two && git reset -q --hard HEAD~1 && git commit -q --allow-empty -m three && git reset -q --hard HEAD~2");
        var commits = _repo.GitIn(made.Directory, "reflog", "--format=%H").Split('\n').Distinct().ToList();
        commits.Should().HaveCount(4);
        repository.Drop("a", force: true);
        repository.Make("b");
        repository.Shell("b", "git checkout -q --detach && git commit -q --allow-empty -m single");
        var single = _repo.GitIn(".worktrees/b", "rev-parse", "HEAD");
        repository.Drop("b", force: true);

        repository.Trash().Empty(repository.Trash().Items(measure: false), "test").Should().HaveCount(2);
        _repo.Git("reflog", "expire", "--expire=now", "--all");
        _repo.Git("gc", "-q", "--prune=now");

        foreach (var commit in commits.Append(single))
        {
            _repo.Git("cat-file", "-e", commit);
        }

        _repo.Git("rev-parse", "refs/worktree-mcp/kept/2").Should().Be(single);
        _repo.Git("rev-list", "--count", "refs/worktree-mcp/kept/1", "--not", "main").Should().Be("4");
    }

    [Fact]
    public void Deleting_follows_no_link_has_no_depth_and_stops_at_no_name_or_mode()
    {
        var repository = _repo.Open();
        var outside = Path.Join(_repo.Base, "outside");
        Directory.CreateDirectory(Path.Join(outside, "inner"));
        File.WriteAllText(Path.Join(outside, "inner", "precious.txt"), "precious");
        repository.Make("a");
        repository.Shell("a", $$"""
            mkdir -p links/deeper && ln -s '{{outside}}' links/deeper/folder && ln -s '{{outside}}/inner/precious.txt' file && ln -s ../../../../../.. links/up && ln -s loop loop
            mkdir -p closed/inner && echo x > closed/inner/x && chmod 000 closed/inner && chmod 555 closed
            name=$(printf 'level%0200d' 1); path=$name; i=0; while [ $i -lt 14 ]; do path=$path/$name; i=$((i+1)); done
            mkdir -p $path && echo bottom > $path/bottom && mv $name one && mkdir -p $path && mv one $path/one
            d=; i=0; while [ $i -lt 1500 ]; do d=$d/d; i=$((i+1)); done; mkdir -p ".$d" && echo x > ".$d/x"
            touch "$(printf 'not\377utf8')" "$(printf 'new\nline')"
            """).Run.ExitCode.Should().Be(0);
        var tree = repository.Drop("a", force: true).TrashDirectory!;

        repository.Trash().Empty(repository.Trash().Items(measure: false), "test").Should().BeEmpty("what cannot be looked into may hold the only copy of something");
        repository.Trash().Empty(repository.Trash().Items(measure: false), "test", onlyCopiesToo: true).Should().ContainSingle();

        Path.Exists(tree).Should().BeFalse();
        File.ReadAllText(Path.Join(outside, "inner", "precious.txt")).Should().Be("precious");
        _repo.Read("README.md").Should().Be("hello\n");
    }

    [Fact]
    public void A_link_in_place_of_the_trash_leads_nowhere()
    {
        var repository = _repo.Open();
        var outside = Path.Join(_repo.Base, "outside");
        Directory.CreateDirectory(Path.Join(outside, "1"));
        File.WriteAllText(Path.Join(outside, "1", "precious.txt"), "precious");
        repository.Make("a");
        var tree = repository.Drop("a").TrashDirectory!;
        Directory.Move(tree, tree + "-elsewhere");
        Directory.CreateSymbolicLink(tree, Path.Join(outside, "1"));
        repository.Trash().Empty(repository.Trash().Items(measure: true), "test");
        File.Exists(Path.Join(outside, "1", "precious.txt")).Should().BeTrue();

        var disk = new Disk();
        disk.DeleteTree(tree);
        Path.Exists(tree).Should().BeFalse();
        Directory.CreateSymbolicLink(Path.Join(_repo.Base, "trash"), outside);
        disk.DeleteTree(Path.Join(_repo.Base, "trash", "1"));
        File.Exists(Path.Join(outside, "1", "precious.txt")).Should().BeTrue();
    }

    [Fact]
    public void Above_the_size_the_oldest_go_first_but_nothing_of_the_last_day()
    {
        var repository = _repo.Open(time: _time, settings: new RepositorySettings { TrashGigabytes = 1 });
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            repository.Make(name);
            repository.Shell(name, "truncate -s 600M big.ignored");
            repository.Drop(name, force: true);
            _time.Advance(TimeSpan.FromDays(name == "b" ? 1.5 : 0.1));
        }

        repository.Trash().Sweep("test", CancellationToken.None).Select(item => item.Name).Should().Equal("a", "b");
        repository.Trash().Items(measure: true).Select(item => item.Name).Should().Equal("c", "d");
    }

    [Fact]
    public void What_a_creation_left_that_was_taken_back_goes_too()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var tree = repository.Drop("a").TrashDirectory!;
        var orphan = Path.Join(_repo.Layout.Trash, "77");
        Directory.Move(tree, orphan);
        Directory.Move(Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1"), Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-77"));

        var items = repository.Trash().Items(measure: true);
        items.Select(item => (item.Id, item.Name)).Should().BeEquivalentTo([(1, "a"), (77, (string?)null)]);
        repository.Trash().Empty(items, "test").Should().HaveCount(2);
        Directory.Exists(orphan).Should().BeFalse();
        _repo.Has(".git/worktree-mcp/records/wtmcp-trash-77").Should().BeFalse();
    }

    [Fact]
    public void One_process_sweeps_at_a_time_and_leaves_alone_what_is_in_use()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Drop("a");
        var items = repository.Trash().Items(measure: false);
        using (WorktreeLock.TryTrash(_repo.Layout))
        {
            _repo.By(RefusalCode.Busy, () => repository.Trash().Empty(items, "test"));
            repository.Trash().Sweep("test", CancellationToken.None).Should().BeEmpty();
        }

        using (WorktreeLock.Try(_repo.Layout, 1, shared: false))
        {
            repository.Trash().Empty(items, "test").Should().BeEmpty();
        }

        repository.Worktrees.Restore("a", null, null, Steps.By);
        repository.Trash().Empty(items, "test").Should().BeEmpty();
        repository.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void Of_a_restoration_and_an_emptying_at_once_one_wins_whole()
    {
        for (var round = 0; round < 8; round++)
        {
            var name = $"a{round}";
            var (one, two) = (_repo.Open(), _repo.Open());
            one.Make(name);
            one.Shell(name, "for i in 1 2 3 4 5 6 7 8; do mkdir d$i; echo $i > d$i/x; done");
            one.Drop(name, force: true);
            var items = two.Trash().Items(measure: false);
            var restored = false;
            var emptied = 0;
            Parallel.Invoke(
                () =>
                {
                    try
                    {
                        restored = one.Worktrees.Restore(name, null, null, Steps.By).Step.Worktree.Name == name;
                    }
                    catch (Refusal)
                    {
                    }
                },
                () => emptied = two.Trash().Empty(items, "test").Count);

            (restored ? 1 : 0).Should().Be(1 - emptied);
            Path.Exists(Path.Join(_repo.Root, ".worktrees", name, "d8", "x")).Should().Be(restored);
            if (restored)
            {
                one.Row(name).Changes!.Untracked.Should().Be(8);
            }
        }

        Directory.EnumerateDirectories(_repo.Layout.Trash).Should().BeEmpty();
        _repo.Open().Examine().Where(f => f.IsOpen).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Fault.Dies)]
    [InlineData(Fault.DiesHalfWay)]
    [InlineData(Fault.DiesAfter)]
    [InlineData(Fault.Fails)]
    public void An_emptying_that_stops_at_any_write_is_restorable_or_gone_on_with(Fault fault)
    {
        string? hit = "not yet";
        var at = 0;
        do
        {
            if (!Thorough.Tries(++at, oneIn: 4))
            {
                continue;
            }

            var repository = _repo.Open();
            repository.Make("a");
            repository.Shell("a", "mkdir -p deep/er && echo x > deep/er/x && git checkout -q --detach && git commit -q --allow-empty -m alone");
            var commit = _repo.GitIn(".worktrees/a", "rev-parse", "HEAD");
            repository.Drop("a", force: true);
            var disk = new FaultyFiles(at, fault);
            var stopping = _repo.Open(disk);
            try
            {
                stopping.Trash().Empty(stopping.Trash().Items(measure: true), "test");
            }
            catch (Exception stop) when (stop is Refusal or IOException)
            {
            }

            hit = disk.Hit;
            stopping.Dispose();
            var next = _repo.Open();
            if (next.Worktrees.List(WorktreeState.Removed, 9, null).Worktrees is [{ Worktree.Status: WorktreeState.Removed }])
            {
                next.Worktrees.Restore("a", null, null, Steps.By);
                next.Worktrees.Status("a").Files!.Untracked.Should().Equal("deep/er/x");
                next.Drop("a", force: true);
            }

            next.Trash().Empty(next.Trash().Items(measure: false), "test");
            Directory.GetFileSystemEntries(_repo.Layout.Trash).Should().BeEmpty("it stopped at write {0}, {1}", at, hit);
            next.Trash().Items(measure: false).Should().BeEmpty();
            _repo.Git("for-each-ref", "--contains", commit).Should().Contain("refs/worktree-mcp/kept/", "it stopped at write {0}, {1}", at, hit);
            _repo.Git("worktree", "list", "--porcelain").Should().NotContain("trash");
            next.Examine().Where(f => f.IsOpen).Select(f => f.Code).Should().BeEmpty("it stopped at write {0}, {1}", at, hit);
            next.Dispose();
        }
        while (hit is not null);

        at.Should().BeGreaterThan(10);
    }
}

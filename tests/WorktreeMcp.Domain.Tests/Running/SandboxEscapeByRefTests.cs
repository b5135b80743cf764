using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>Refs and objects that a command made by hand in what it has of git: each is judged by itself.</summary>
public sealed class SandboxEscapeByRefTests : IDisposable
{
    // Commits, and has the ids at hand.
    private const string Begin = """
        set -e
        git commit -q --allow-empty -m mine; c=$(git rev-parse HEAD); t=$(git rev-parse HEAD^{tree}); d=$MAIN_CHECKOUT/.git/refs/heads/wt

        """;

    private readonly TempRepository _repo = new();

    public SandboxEscapeByRefTests() => Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("echo $c > $d/x..y", "x..y")]
    [InlineData("echo $c > $d/.hidden", ".hidden")]
    [InlineData("echo $c > $d/x.lock", "x.lock")]
    [InlineData("echo $c > \"$d/x y\"", "x y")]
    [InlineData("echo $c > \"$d/x~1\"", "x~1")]
    [InlineData("echo $c > \"$d/x@{1}\"", "x@{1}")]
    [InlineData("echo $c > $d/@", "@")]
    [InlineData("echo $c > $d/HEAD", "HEAD")]
    [InlineData("echo $c > $d/x.", "x.")]
    [InlineData("echo $c > $d/$(printf 'x\\001y')", "x\\u0001y")]
    [InlineData("echo $c > $d/$(printf 'x\\342\\200\\256y')", "x\\u202ey")]
    [InlineData("echo $c > $d/$(printf 'x\\377y')", "x\uFFFDy")]
    [InlineData("echo $c > \"$d/$(printf 'x\\ny')\"", "x\\u000ay")]
    [InlineData("echo $c > $d/x*", "x*")]
    [InlineData("mkdir -p $d/..z; echo $c > $d/..z/w", "..z")]
    [InlineData("echo 'ref: refs/heads/main' > $d/symbolic", "symbolic")]
    [InlineData("ln -s $d/a $d/link", "link")]
    [InlineData("ln -s / $d/root", "root")]
    [InlineData("mkfifo $d/pipe", "pipe")]
    [InlineData("echo garbage > $d/garbage", "garbage")]
    [InlineData("yes | head -c 30000000 > $d/huge", "huge")]
    [InlineData(": > $d/empty", "empty")]
    [InlineData("mkdir -p $d/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18; echo $c > $d/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/x", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17")]
    [InlineData("echo $t > $d/tree", "wt/tree")]
    [InlineData("echo 0123456789abcdef0123456789abcdef01234567 > $d/missing", "wt/missing")]
    public void A_bad_one_is_named_and_keeps_nothing_else_out(string command, string named)
    {
        var repository = Confined();
        repository.Make("a");

        var run = repository.Shell("a", $"{Begin}echo $c > $d/good; {command}");

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Warning.Should().Contain(named).And.NotContain("could not be taken over");
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("mine");
        _repo.Git("rev-parse", "wt/good").Should().Be(_repo.Git("rev-parse", "wt/a"));
        _repo.Git("for-each-ref", "--format=%(refname)").Split('\n').Should().BeEquivalentTo("refs/heads/main", "refs/heads/wt/a", "refs/heads/wt/good");
        repository.Shell("a", "git commit -q --allow-empty -m later").Warning.Should().BeNull();
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("later");
        _repo.Git("fsck", "--full", "--strict").Should().NotContainAny("garbage", "bad", "missing");
    }

    [Fact]
    public void Many_bad_ones_are_counted()
    {
        var repository = Confined();
        repository.Make("a");

        var run = repository.Shell("a", $"{Begin}for i in $(seq 30); do echo $c > $d/$i..x; done");

        run.Warning.Should().Contain("..x\"").And.Contain("25 more").And.Match(text => text.Length < 1_000);
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("mine");
    }

    [Fact]
    public void A_name_that_is_a_folder_of_another_is_kept_aside()
    {
        var repository = Confined();
        repository.Make("a");
        repository.Make("b");
        var other = _repo.Git("rev-parse", "wt/b");

        var run = repository.Shell("a", $"{Begin}rm $d/b; mkdir $d/b; echo $c > $d/b/below");

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Warning.Should().Contain("wt/b/below").And.Contain("kept as");
        _repo.Git("rev-parse", "wt/b").Should().Be(other);
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("mine");
    }

    [Fact]
    public async Task Another_branch_that_is_moved_twice_is_kept_twice()
    {
        var repository = Confined();
        var made = repository.Make("a");
        repository.Make("b");
        var first = Path.Join(made.Directory, "first.ignored");
        var between = Task.Run(() =>
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(first), TimeSpan.FromSeconds(60)));
            var seen = repository.Shell("a", "true");
            File.WriteAllText(Path.Join(made.Directory, "second.ignored"), string.Empty);
            return seen;
        });

        var run = repository.Shell("a", """
            set -e
            one=$(git commit-tree -p HEAD -m one HEAD^{tree}); two=$(git commit-tree -p HEAD -m two HEAD^{tree})
            git update-ref refs/heads/wt/b $one; touch first.ignored
            while ! test -e second.ignored; do sleep 0.02; done
            git update-ref refs/heads/wt/b $two; git commit -q --allow-empty -m mine
            """, seconds: 90);

        await between;
        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Warning.Should().NotContain("could not be taken over");
        _repo.Git("for-each-ref", "--format=%(subject)", "refs/worktree-mcp/sandbox").Split('\n').Should().BeEquivalentTo("one", "two");
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("mine");
    }

    [Theory]
    [InlineData("mkdir -p $o/ab; head -c 100 /dev/urandom > $o/ab/$(printf '%062d' 0)")]
    [InlineData("mkdir -p $o/ab; mkfifo $o/ab/$(printf '%038d' 0)")]
    [InlineData("mkdir -p $o/ab; ln -s /etc/passwd $o/ab/$(printf '%038d' 0)")]
    [InlineData("mkdir -p $o/ab/$(printf '%038d' 0)/deep")]
    [InlineData("mkdir -p $o/pack; ln -s /dev/zero $o/pack/pack-1.pack")]
    [InlineData("mkdir -p $o/pack; mkfifo $o/pack/pack-1.pack")]
    [InlineData("mkdir -p $o/ab; printf 'blob 99999999999\\0' | gzip > $o/ab/$(printf '%038d' 0)")]
    public void A_bad_object_is_counted_and_keeps_nothing_else_out(string command)
    {
        var repository = Confined();
        repository.Make("a");

        var run = repository.Shell("a", $"{Begin}o=$MAIN_CHECKOUT/.git/objects; {command}");

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Warning.Should().Contain("1 objects");
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("mine");
        _repo.Git("fsck", "--full", "--strict").Should().NotContainAny("garbage", "bad", "missing");
        repository.Shell("a", "git commit -q --allow-empty -m later").Warning.Should().BeNull();
    }

    [Fact]
    public void Folders_that_a_command_has_closed_do_not_stay()
    {
        var repository = Confined();
        repository.Make("a");

        repository.Shell("a", $"{Begin}mkdir -p $d/closed/deep; chmod 0 $d/closed/deep $d/closed; chmod 500 $d");

        repository.Shell("a", "true").Warning.Should().BeNull();
        Directory.EnumerateFileSystemEntries(Path.Join(_repo.Root, ".git/worktree-mcp/sandbox/1")).Should().BeEmpty();
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("mine");
    }

    private Repository Confined() => _repo.Open(settings: new RepositorySettings { Run = new RunSettings { Sandbox = SandboxMode.Required } });
}

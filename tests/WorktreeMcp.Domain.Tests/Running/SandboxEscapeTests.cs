using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>What a command leaves behind so that something outside the sandbox does it a favour later.</summary>
public sealed class SandboxEscapeTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public SandboxEscapeTests() => Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);

    public void Dispose() => _repo.Dispose();

    private string Pwned => Path.Join(_repo.Base, "pwned");

    [Fact]
    public void A_program_named_by_a_repository_nested_in_the_worktree_does_no_harm()
    {
        var repository = Confined();
        repository.Make("a");

        var run = repository.Shell("a", $"""
            set -e
            git init -q sub; cd sub; git config user.name n; git config user.email n@example.org
            echo x > f; git add f; git commit -qm s
            git config filter.plant.clean 'touch {Pwned}; cat'
            git config core.fsmonitor 'touch {Pwned}'
            echo '* filter=plant' > .gitattributes; echo longer > f
            cd ..; git add sub
            """);

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        repository.Row("a").Changes!.IsClean.Should().BeFalse();
        _ = repository.Worktrees.Status("a");
        repository.Drop("a", force: true);
        File.Exists(Pwned).Should().BeFalse();
    }

    [Fact]
    public void Links_and_pipes_in_gits_record_are_taken_out()
    {
        var repository = Confined();
        var made = repository.Make("a");
        var profile = Path.Join(_repo.Base, "profile");
        File.WriteAllText(profile, "untouched\n");

        var run = repository.Shell("a", $"""
            set -e
            cd $(git rev-parse --git-dir)
            ln -sf {profile} COMMIT_EDITMSG; ln -sf {profile} ORIG_HEAD; rm logs/HEAD; ln -s {profile} logs/HEAD; mkfifo locked BISECT_START
            """);

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        _repo.GitIn(made.Directory, "commit", "-q", "--allow-empty", "-m", "from outside");
        repository.Row("a").Drift.Should().BeEmpty();
        File.ReadAllText(profile).Should().Be("untouched\n");
        Directory.EnumerateFileSystemEntries(Path.Join(_repo.Root, ".git/worktrees/a"), "*", SearchOption.AllDirectories)
            .Where(path => File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint)).Should().BeEmpty();
    }

    [Fact]
    public void A_pipe_in_place_of_HEAD_holds_up_nobody()
    {
        var repository = Confined();
        repository.Make("a");
        repository.Make("b");

        repository.Shell("a", "cd $(git rev-parse --git-dir); rm HEAD; mkfifo HEAD");

        repository.Row("a").Head.Should().BeNull();
        repository.Row("b").Drift.Should().BeEmpty();
    }

    [Theory]
    [InlineData("git rev-parse HEAD~0 >/dev/null; ln -sf $MAIN_CHECKOUT/.git/refs/heads/other $MAIN_CHECKOUT/.git/refs/heads/wt/a")]
    [InlineData("echo 'ref: refs/heads/other' > $MAIN_CHECKOUT/.git/refs/heads/wt/a")]
    [InlineData("rm $MAIN_CHECKOUT/.git/refs/heads/wt/a; mkfifo $MAIN_CHECKOUT/.git/refs/heads/wt/a")]
    [InlineData("echo 0123456789abcdef0123456789abcdef01234567 > $MAIN_CHECKOUT/.git/refs/heads/wt/a")]
    [InlineData("git rev-parse HEAD^{tree} > $MAIN_CHECKOUT/.git/refs/heads/wt/a")]
    [InlineData("echo garbage > $MAIN_CHECKOUT/.git/refs/heads/wt/a")]
    public void A_branch_that_is_no_commit_of_its_own_does_not_come_in(string command)
    {
        _repo.Git("branch", "other");
        _repo.Git("update-ref", "refs/heads/other", _repo.Git("commit-tree", "-m", "other", "main^{tree}"));
        var repository = Confined();
        repository.Make("a");
        var before = _repo.Git("for-each-ref");

        repository.Shell("a", command);

        _repo.Git("for-each-ref").Should().Be(before);
    }

    [Fact]
    public void A_commit_that_lacks_a_part_does_not_come_in()
    {
        var repository = Confined();
        repository.Make("a");
        var before = _repo.Git("for-each-ref");

        var run = repository.Shell("a", "echo new > n; git add n; git commit -qm n; b=$(git rev-parse HEAD:n); rm -f ../../.git/objects/$(echo $b | cut -c1-2)/$(echo $b | cut -c3-)");

        run.Warning.Should().Contain("wt/a");
        _repo.Git("for-each-ref").Should().Be(before);
    }

    [Fact]
    public void Objects_come_in_only_under_the_hash_of_what_they_hold()
    {
        var repository = Confined();
        repository.Make("a");
        var secret = Path.Join(_repo.Base, "elsewhere");
        Directory.CreateDirectory(secret);
        _repo.GitIn(secret, "init", "-q");
        File.WriteAllText(Path.Join(secret, "s"), "secret");
        var hidden = _repo.GitIn(secret, "hash-object", "-w", "s");

        var run = repository.Shell("a", $"""
            set -e
            echo real > r; o=$(git hash-object -w r); cd ../../.git/objects
            f=$(echo $o | cut -c1-2)/$(echo $o | cut -c3-)
            mkdir -p ff ee dd; cp $f ff/00000000000000000000000000000000000001; cp $f ee/00000000000000000000000000000000000002
            echo garbage > ee/00000000000000000000000000000000000003; mkfifo dd/00000000000000000000000000000000000004
            chmod u+w $f; printf trailing >> $f
            ln -s {secret}/.git/objects/{hidden[..2]} {hidden[..2]}
            """);

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Warning.Should().Contain("4 objects");
        _repo.Git("fsck", "--full", "--strict").Should().NotContainAny("garbage", "mismatch", "missing");
        TempRepository.TryGit(_repo.Root, "cat-file", "-e", hidden).Exit.Should().NotBe(0);
        TempRepository.TryGit(_repo.Root, "cat-file", "-e", "ff00000000000000000000000000000000000001").Exit.Should().NotBe(0);
    }

    [Fact]
    public void A_pack_is_checked_object_by_object()
    {
        var repository = Confined();
        repository.Make("a");

        var run = repository.Shell("a", """
            set -e
            echo packed > p; git add p; git commit -qm packed
            d=../../.git/objects; git rev-parse HEAD HEAD^{tree} HEAD:p | git pack-objects -q $d/pack/pack >/dev/null
            for f in $(find $d/?? -type f); do rm -f $f; done
            printf 'PACK no pack' > $d/pack/pack-bad.pack
            """);

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Warning.Should().Contain("1 objects");
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("packed");
        _repo.Git("show", "wt/a:p").Should().Be("packed");
        Directory.EnumerateFiles(Path.Join(_repo.Root, ".git/objects/pack"), "tmp*").Should().BeEmpty();
    }

    [Fact]
    public void A_record_that_names_another_branch_moves_it_in_no_later_run()
    {
        _repo.Git("branch", "wt/landed");
        var repository = Confined();
        repository.Make("a");
        var landed = _repo.Git("rev-parse", "wt/landed");
        var main = _repo.Git("rev-parse", "main");

        repository.Shell("a", "echo 'ref: refs/heads/wt/landed' > $(git rev-parse --git-dir)/HEAD");
        repository.Shell("a", "git commit -q --allow-empty -m taken");
        repository.Shell("a", "echo 'ref: refs/heads/main' > $(git rev-parse --git-dir)/HEAD");
        repository.Shell("a", "git commit -q --allow-empty -m taken");

        _repo.Git("rev-parse", "wt/landed").Should().Be(landed);
        _repo.Git("rev-parse", "main").Should().Be(main);
        _repo.Git("for-each-ref", "--format=%(subject)", "refs/worktree-mcp/sandbox").Should().Be("taken");
    }

    [Fact]
    public void Links_that_a_command_lays_lead_no_file_tool_out_of_the_worktree()
    {
        _repo.Write("outside.txt", "outside\n");
        var repository = Confined();
        var made = repository.Make("a");

        repository.Shell("a", "ln -s $MAIN_CHECKOUT out; ln -s ../../outside.txt f.txt; ln -s $(git rev-parse --git-dir) admin").Run.ExitCode.Should().Be(0);

        foreach (var path in new[] { "out/outside.txt", "f.txt", "admin/HEAD", ".git" })
        {
            repository.Invoking(r => r.Read("a", path)).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.InvalidArgument, path);
            repository.Invoking(r => r.Replace("a", path, "o", "x")).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.InvalidArgument, path);
        }

        repository.Invoking(r => r.Edit("a", "out/new.txt", null, "x", create: true)).Should().Throw<Refusal>();
        _repo.Read("outside.txt").Should().Be("outside\n");
        _repo.Has("new.txt").Should().BeFalse();
        new FileInfo(Path.Join(made.Directory, "f.txt")).LinkTarget.Should().NotBeNull();
    }

    private Repository Confined() => _repo.Open(settings: new RepositorySettings { Run = new RunSettings { Sandbox = SandboxMode.Required } });
}

using FluentAssertions;
using WorktreeMcp.Domain.Tests.Doctor;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>git sees nothing of a removed worktree, and nothing of it is lost to whatever a person has git tidy up.</summary>
public sealed class TrashOutOfSightTests : IDisposable
{
    private readonly TempRepository _repo = new();

    private string Place => Path.Join(_repo.Root, ".worktrees", "a");

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Git_lists_living_worktrees_only()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        repository.Work("a", "one.txt", "1");

        var tree = repository.Drop("a").TrashDirectory!;

        _repo.Git("worktree", "list", "--porcelain").Split('\n').Count(line => line.StartsWith("worktree ", StringComparison.Ordinal)).Should().Be(2);
        _repo.GitIn(tree, "log", "-1", "--format=%s").Should().Be("one.txt");
        _repo.GitIn(tree, "status", "--porcelain").Should().BeEmpty();
        repository.Drop("b");
        _repo.Git("worktree", "list").Should().NotContain("\n");
        repository.Examine().Where(finding => finding.IsOpen && finding.Code != "branch_without_worktree").Should().BeEmpty();
    }

    [Theory]
    [InlineData("staged", "echo staged > s.txt && git add s.txt && rm s.txt")]
    [InlineData("conflict", "echo x > README.md && git commit -qam x && git checkout -q -b other HEAD~1 && echo y > README.md && git commit -qam y && git checkout -q wt/a && ! git merge other && git branch -q -D other")]
    [InlineData("cherry-pick", "echo x > README.md && git commit -qam x && git checkout -q -b other HEAD~1 && echo y > README.md && git commit -qam y && git checkout -q wt/a && ! git cherry-pick other && git branch -q -D other")]
    [InlineData("rebase with its stash", "echo x > README.md && git commit -qam x && git checkout -q -b other HEAD~1 && echo y > README.md && git commit -qam y && git checkout -q wt/a && echo dirty > src/app.txt && ! git rebase --autostash other && git branch -q -D other")]
    [InlineData("intent to add", "echo soon > soon.txt && git add -N soon.txt")]
    [InlineData("skip-worktree", "git update-index --skip-worktree README.md && echo own > README.md && echo kept > k.txt && git add k.txt")]
    [InlineData("split index", "git update-index --split-index && echo one > one.txt && git add one.txt && git update-index --split-index && echo two > two.txt && git add two.txt && rm one.txt two.txt")]
    [InlineData("index of version 4", "git update-index --index-version 4 && echo one > one.txt && git add one.txt && rm one.txt")]
    [InlineData("refs of its own", "git commit -q --allow-empty -m own && git update-ref refs/worktree/mine HEAD && git update-ref refs/bisect/bad HEAD && git reset -q --hard HEAD~1 && git reflog expire --expire=now --all && rm -f \"$(git rev-parse --git-path ORIG_HEAD)\"")]
    [InlineData("only in its log", "git commit -q --allow-empty -m lost && git reset -q --hard HEAD~1 && rm -f \"$(git rev-parse --git-path ORIG_HEAD)\"")]
    [InlineData("a branch without commits", "git checkout -q --orphan new && git rm -q -r --cached . && echo first > f.txt && git add f.txt && rm f.txt")]
    [InlineData("many commits in its log", "for i in $(seq 150); do git commit -q --allow-empty -m $i; done; git checkout -q --detach HEAD~140 && git commit -q --allow-empty -m side && git checkout -q wt/a && git reset -q --hard HEAD~150")]
    [InlineData("a log that names what is gone", "echo \"$(git rev-parse HEAD) 1234567890123456789012345678901234567890 A <a@b> 1700000000 +0000\tgone\" >> \"$(git rev-parse --git-path logs/HEAD)\"; git commit -q --allow-empty -m more")]
    public void After_git_has_tidied_everything_up_it_comes_back_byte_for_byte(string what, string work)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Shell("a", work).Run.ExitCode.Should().Be(0, what);
        var (before, record) = (_repo.Portrait(made.Directory, refs: false), _repo.Record(made.Worktree.AdminId!));
        var index = File.ReadAllBytes(Path.Join(record, "index"));
        var (log, mine) = (File.ReadAllText(Path.Join(record, "logs", "HEAD")), TempRepository.TryGit(made.Directory, "for-each-ref", "refs/worktree", "refs/bisect").Output);
        var objects = Objects(made.Directory);
        repository.Drop("a", force: true);
        TempRepository.TryGit(_repo.Root, "branch", "-D", "wt/a");

        _repo.Git("worktree", "prune", "--expire=now");
        _repo.Git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all");
        _repo.Git("gc", "--quiet", "--prune=now");
        _repo.Git("pack-refs", "--all");

        TempRepository.TryGit(_repo.Root, "fsck", "--no-dangling").Exit.Should().Be(0);
        repository.Worktrees.Restore("a", null, null, Steps.By);
        File.ReadAllBytes(Path.Join(record, "index")).Should().Equal(index);
        File.ReadAllText(Path.Join(record, "logs", "HEAD")).Should().Be(log);
        TempRepository.TryGit(made.Directory, "for-each-ref", "refs/worktree", "refs/bisect").Output.Should().Be(mine);
        _repo.Portrait(made.Directory, refs: false).Should().Be(before);
        objects.Should().BeSubsetOf(Objects(made.Directory));
        repository.Trash().Sweep(Steps.By, CancellationToken.None);
        _repo.Git("for-each-ref", "refs/worktree-mcp/trash").Should().BeEmpty();
        _repo.GitIn(made.Directory, "worktree", "list").Should().Contain(made.Directory);
        File.ReadAllText(Path.Join(record, "commondir")).Should().Be("../..\n");
    }

    [Fact]
    public void Nor_is_anything_lost_of_one_that_was_clean()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Shell("a", "git commit -q --amend -m 'amended' && git commit -q --allow-empty -m last").Run.ExitCode.Should().Be(0);
        var (before, objects) = (_repo.Portrait(made.Directory, refs: false), Objects(made.Directory));
        repository.Drop("a");
        _repo.Git("branch", "-q", "-D", "wt/a");

        _repo.Git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all");
        _repo.Git("gc", "--quiet", "--prune=now");

        repository.Worktrees.Restore("a", null, null, Steps.By);
        _repo.Portrait(made.Directory, refs: false).Should().Be(before);
        objects.Should().BeSubsetOf(Objects(made.Directory)).And.HaveCountGreaterThan(4);
    }

    [Fact]
    public void What_goes_for_good_holds_nothing_any_more_but_commits_that_nothing_else_has()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo staged > s.txt && git add s.txt && rm s.txt").Run.ExitCode.Should().Be(0);
        var blob = _repo.GitIn(Place, "rev-parse", ":s.txt");
        repository.Drop("a", force: true);
        _repo.Git("for-each-ref", "refs/worktree-mcp/trash").Should().NotBeEmpty();
        _repo.Git("pack-refs", "--all");

        repository.Trash().Empty(repository.Trash().Items(measure: false), Steps.By).Should().ContainSingle();

        _repo.Git("for-each-ref", "refs/worktree-mcp").Should().BeEmpty();
        _repo.Git("prune", "--expire=now");
        TempRepository.TryGit(_repo.Root, "cat-file", "-e", blob).Exit.Should().NotBe(0);
        Directory.GetDirectories(_repo.Layout.TrashedRecords).Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_was_removed_when_its_record_still_lay_among_the_others_comes_back_as_before(bool isSwept)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Dirty();
        var before = _repo.Portrait(made.Directory, refs: false);
        repository.Drop("a", force: true);
        AsBefore(made.Worktree.Id);
        repository.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();

        if (isSwept)
        {
            repository.Trash().Sweep(Steps.By, CancellationToken.None);
            _repo.Git("worktree", "list").Should().NotContain("\n");
            _repo.Git("reflog", "expire", "--expire=now", "--all");
            _repo.Git("gc", "--quiet", "--prune=now");
        }

        repository.Worktrees.Restore("a", null, null, Steps.By);
        _repo.Portrait(made.Directory, refs: false).Should().Be(before);
        repository.Row("a").Drift.Should().BeEmpty();
        repository.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
    }

    [Fact]
    public void One_that_was_removed_when_its_record_still_lay_among_the_others_goes_for_good_as_before()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Drop("a");
        AsBefore(made.Worktree.Id);

        repository.Trash().Empty(repository.Trash().Items(measure: false), Steps.By).Should().ContainSingle();

        _repo.Git("worktree", "list").Should().NotContain("\n");
        _repo.Has(".git/worktrees/wtmcp-trash-1").Should().BeFalse();
    }

    [Fact]
    public void A_number_under_which_a_record_waits_is_given_to_nobody()
    {
        var repository = _repo.Open();
        Directory.CreateDirectory(Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1"));

        repository.Make("a").Worktree.Id.Should().Be(2);
    }

    // Where git's record of a removed worktree lay before, with nothing that holds what it names.
    private void AsBefore(int id)
    {
        var (now, before, tree) = (Path.Join(_repo.Layout.TrashedRecords, $"wtmcp-trash-{id}"), _repo.Record($"wtmcp-trash-{id}"), Path.Join(_repo.Layout.Trash, $"{id}"));
        Directory.CreateDirectory(Path.GetDirectoryName(before)!);
        Directory.Move(now, before);
        File.WriteAllText(Path.Join(before, "commondir"), "../..\n");
        File.WriteAllText(Path.Join(tree, ".git"), $"gitdir: {before}\n");
        _repo.Git("update-ref", "-d", $"refs/worktree-mcp/trash/{id}");
        _repo.GitIn(tree, "status", "--porcelain");
    }

    // Everything that the index and the log name, as far as it is there.
    private HashSet<string> Objects(string directory)
    {
        var named = _repo.GitIn(directory, "ls-files", "-s").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[1])
            .Concat(TempRepository.TryGit(directory, "reflog", "--format=%H").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return [.. named.Distinct().Where(hash => TempRepository.TryGit(_repo.Root, "cat-file", "-e", hash).Exit == 0)];
    }
}

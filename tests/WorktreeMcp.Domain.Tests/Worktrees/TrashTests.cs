using FluentAssertions;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class TrashTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void All_that_was_forced_away_is_in_the_trash_as_it_was()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        Dirty(repository);
        var status = Status(made.Directory);

        var removed = repository.Drop("a", force: true);

        removed.Uncommitted.Should().BeEquivalentTo("README.md", "src/app.txt", "staged.txt", "new.txt");
        removed.Ignored.Should().BeEquivalentTo("secret.ignored", "link.ignored");
        removed.BranchKept.Should().Contain("1 commit");
        var tree = removed.TrashDirectory!;
        Status(tree).Should().Be(status);
        File.ReadAllText(Path.Join(tree, "README.md")).Should().Be("modified\n");
        File.ReadAllText(Path.Join(tree, "staged.txt")).Should().Be("later\n");
        _repo.GitIn(tree, "show", ":staged.txt").Should().Be("staged");
        File.ReadAllText(Path.Join(tree, "new.txt")).Should().Be("new\n");
        File.ReadAllText(Path.Join(tree, "secret.ignored")).Should().Be("secret\n");
        File.GetUnixFileMode(Path.Join(tree, "new.txt")).HasFlag(UnixFileMode.UserExecute).Should().BeTrue();
        new FileInfo(Path.Join(tree, "link.ignored")).LinkTarget.Should().Be("/nowhere");
    }

    [Fact]
    public void Garbage_collection_loses_nothing_that_waits_in_the_trash()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        Dirty(repository);
        var staged = _repo.GitIn(made.Directory, "rev-parse", ":staged.txt");
        repository.Shell("a", "git checkout -q --detach && git commit -q --allow-empty -m 'on no branch'");
        var detached = _repo.GitIn(made.Directory, "rev-parse", "HEAD");
        repository.Shell("a", "git commit -q --allow-empty -m 'reset away' && git rev-parse HEAD > away.ignored && git reset -q --soft HEAD~1");
        var away = File.ReadAllText(Path.Join(made.Directory, "away.ignored")).Trim();
        var status = Status(made.Directory);
        var tree = repository.Drop("a", force: true).TrashDirectory!;

        _repo.Git("worktree", "prune", "--expire=now");
        _repo.Git("-c", "gc.pruneExpire=now", "-c", "gc.worktreePruneExpire=now", "gc", "-q", "--prune=now");

        foreach (var commit in new[] { staged, detached, away })
        {
            _repo.Git("cat-file", "-e", commit);
        }

        Status(tree).Should().Be(status);
        _repo.GitIn(tree, "rev-parse", "HEAD").Should().Be(detached);
        _repo.GitIn(tree, "fsck", "--no-dangling").Should().NotContain("missing");
        _repo.Git("worktree", "list").Should().NotContain(tree);
    }

    [Fact]
    public void Git_in_the_trashed_tree_acts_on_the_trash_only()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo old > new.txt");
        var tree = repository.Drop("a", force: true).TrashDirectory!;
        var fresh = repository.Make("a");

        _repo.Commit("in the trash", tree);
        TempRepository.TryGit(tree, "checkout", "-q", "-b", "from-the-trash").Exit.Should().Be(0);

        _repo.GitIn(fresh.Directory, "status", "--porcelain").Should().BeEmpty();
        _repo.Git("rev-parse", "wt/a").Should().Be(fresh.Worktree.BaseCommit);
        repository.Row("a").Ahead.Should().Be(0);
        repository.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void Git_knows_nothing_of_it_and_branches_go_on()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "echo x > new.txt && git add . && git commit -qm work");
        repository.Drop("a");

        _repo.Git("worktree", "prune", "--expire=now");
        _repo.Git("worktree", "list", "--porcelain").Should().NotContain("worktree-mcp").And.NotContain("locked");
        _repo.Git("checkout", "-q", "wt/a");
        _repo.Git("checkout", "-q", "main");
        _repo.Git("branch", "-q", "-D", "wt/a");
        repository.Make("a").Already.Should().BeFalse();
    }

    [Fact]
    public void A_branch_without_a_commit_in_the_trash_holds_no_name()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        _repo.Git("update-ref", "-d", "refs/heads/wt/a");
        var status = Status(made.Directory);

        var tree = repository.Drop("a", force: true).TrashDirectory!;

        Status(tree).Should().Be(status);
        repository.Make("a").Worktree.Branch.Should().Be("wt/a");
        _repo.GitIn(tree, "rev-parse", "--git-dir").Should().Contain("wtmcp-trash");
    }

    [Fact]
    public void A_branch_whose_rebase_waits_in_the_trash_can_be_attached_again()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        Conflicts.StopRebase(_repo, made.Directory);
        repository.Drop("a", force: true);

        repository.Make("b", branch: "wt/a").Worktree.Branch.Should().Be("wt/a");
    }

    private static void Dirty(Repository repository) => repository.Shell("a", """
        echo own > own.txt && git add . && git commit -qm own &&
        echo modified > README.md && git rm -q --cached src/app.txt && echo staged > staged.txt && git add staged.txt && echo later > staged.txt &&
        echo new > new.txt && chmod +x new.txt && echo secret > secret.ignored && ln -s /nowhere link.ignored
        """).Run.ExitCode.Should().Be(0);

    private string Status(string directory) => _repo.GitIn(directory, "status", "--porcelain=v1", "--untracked-files=all");
}

using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Repositories and checkouts that lie below a worktree: what they hold that is nowhere else is work like any other.</summary>
public sealed class WorkBelowTests : IDisposable
{
    private const string Commit = "git -c user.name=T -c user.email=t@example.org commit -q";

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData($"git init -q nested && cd nested && echo x > f && git add f && {Commit} -m inner && cd .. && git add nested && {Commit} -m outer", "nested", "inner")]
    [InlineData($"git init -q src/tool && cd src/tool && {Commit} --allow-empty -m inner && git checkout -q --detach && {Commit} --allow-empty -m loose && cd ../.. && git add src/tool && {Commit} -m outer", "src/tool", "loose")]
    [InlineData($"git init -q build/tool && cd build/tool && {Commit} --allow-empty -m inner", "build/tool", "inner")]
    [InlineData($"git init -q build/a/b/c/d && cd build/a/b/c/d && {Commit} --allow-empty -m deep", "build/a/b/c/d", "deep")]
    [InlineData($"git init -q build/tool && cd build/tool && {Commit} --allow-empty -m inner && git tag v1 && git update-ref -d HEAD && rm -r .git/logs", "build/tool", "inner")]
    [InlineData($"git init -q build/tool && cd build/tool && {Commit} --allow-empty -m one && {Commit} --allow-empty -m two && git pack-refs --all && git reset -q --hard HEAD~1", "build/tool", "two")]
    [InlineData("git init -q build/new && echo x > build/new/f", "build/new", "f")]
    [InlineData("git init -q build/new && echo x > build/new/f && git -C build/new add f", "build/new", "f")]
    [InlineData("git init -q --bare build/store.git && git push -q build/store.git HEAD:refs/heads/kept", "build/store.git", "first")]
    [InlineData($"mkdir build && git init -q --separate-git-dir build/apart build/tool && cd build/tool && {Commit} --allow-empty -m inner", "build/apart", "inner")]
    [InlineData("git clone -q . build/clone && echo more >> build/clone/README.md", "build/clone", "README.md")]
    [InlineData("git clone -q . build/clone && cd build/clone && echo more >> README.md && git update-index --assume-unchanged README.md", "build/clone", "README.md")]
    [InlineData("git clone -q . build/clone && echo x > build/clone/new.txt", "build/clone", "new.txt")]
    [InlineData("git clone -q . build/clone && cd build/clone && echo more >> README.md && git -c user.name=T -c user.email=t@e stash -q", "build/clone", "WIP")]
    [InlineData($"git clone -q . build/clone && cd build/clone && {Commit} --allow-empty -m unpushed && git config core.splitIndex true && git update-index --split-index", "build/clone", "unpushed")]
    [InlineData("git clone -q . build/clone && echo garbage > build/clone/.git/index", "build/clone", "cannot be read")]
    public void Commits_and_files_of_a_repository_below_refuse(string command, string place, string evidence)
    {
        var repository = Worktree(command);

        var refusal = _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a"));

        refusal.Message.Should().Contain(place).And.Contain(evidence);
    }

    [Theory]
    [InlineData("git clone -q . build/clone")]
    [InlineData("git clone -q . build/clone && git -C build/clone checkout -q --detach HEAD")]
    [InlineData("git clone -q --depth 1 file://$PWD build/clone")]
    [InlineData("git tag v1 && git clone -q --depth 1 --branch v1 file://$PWD build/clone")]
    [InlineData("git clone -q . build/clone && cd build/clone && git reset -q --hard HEAD && git config core.splitIndex true && git update-index --split-index")]
    [InlineData("git init -q build/empty")]
    [InlineData("git init -q --bare build/empty.git")]
    [InlineData("mkdir -p build/objects build/refs && echo nothing > build/HEAD")]
    [InlineData("mkdir -p build/tool && echo 'gitdir: /nowhere' > build/tool/.git && echo x > build/tool/f")]
    public void A_repository_below_that_holds_nothing_of_its_own_goes_along(string command)
    {
        var repository = Worktree(command);

        repository.Drop("a").Ignored.Should().Contain("build/");
    }

    [Fact]
    public void A_bare_repository_whose_files_are_committed_is_no_work()
    {
        _repo.Git("init", "-q", "--bare", "fixtures/one.git");
        _repo.Git("push", "-q", "fixtures/one.git", "HEAD:refs/heads/main");
        _repo.Commit("a repository as files");
        var repository = _repo.Open();
        repository.Make("a");

        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Theory]
    [InlineData("git worktree add -q -b other build/other")]
    [InlineData("git worktree add -q --detach build/other")]
    [InlineData("git clone -q . ../../../apart && git -C ../../../apart worktree add -q -b other $PWD/build/other")]
    public void A_checkout_of_somebody_that_lies_below_refuses_also_with_force(string command)
    {
        var repository = Worktree(command);
        _repo.Write(".worktrees/a/build/other/draft.txt", "words");

        foreach (var force in new[] { false, true })
        {
            _repo.By(RefusalCode.WorktreeBusy, () => repository.Drop("a", force)).Message.Should().Contain("build/other");
        }

        repository.Shell("a", "git -C build/other worktree remove --force .").Run.ExitCode.Should().Be(0);
        repository.Drop("a").TrashDirectory.Should().NotBeNull();
    }

    [Fact]
    public void Another_worktree_of_ours_that_was_moved_below_is_named()
    {
        var repository = Worktree("mkdir build");
        repository.Make("b");
        _repo.Git("worktree", "move", ".worktrees/b", ".worktrees/a/build/b");
        repository.Row("b").Worktree.Path.Should().Be(".worktrees/a/build/b");

        var refusal = _repo.By(RefusalCode.WorktreeBusy, () => repository.Drop("a", force: true));

        refusal.Message.Should().Contain("\"b\"").And.Contain("build/b");
    }

    [Fact]
    public void With_force_a_repository_below_goes_along_as_it_is_and_is_named()
    {
        var repository = Worktree($"git init -q build/tool && cd build/tool && echo x > f && git add f && {Commit} -m inner && echo y > g");
        var inner = _repo.GitIn(".worktrees/a/build/tool", "rev-parse", "HEAD");

        var removed = repository.Drop("a", force: true);

        removed.Step.Warning.Should().Contain("build/tool").And.Contain("inner");
        repository.Worktrees.Restore("a", null, null, Steps.By);
        _repo.GitIn(".worktrees/a/build/tool", "rev-parse", "HEAD").Should().Be(inner);
        _repo.GitIn(".worktrees/a/build/tool", "status", "--porcelain").Should().Be("?? g");
    }

    [Fact]
    public void No_program_of_a_repository_below_runs_while_it_is_looked_at()
    {
        var marker = Path.Join(_repo.Base, "ran");
        var repository = Worktree(
            "git clone -q . build/clone && cd build/clone && echo '* filter=f' > .git/info/attributes && printf '#!/bin/sh\\ntouch %s; cat\\n' " + marker + " > p && chmod +x p"
            + " && git config filter.f.clean $PWD/p && git config core.fsmonitor $PWD/p && git config diff.external $PWD/p && echo changed > README.md");
        File.Delete(marker);

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("build/clone");
        repository.Drop("a", force: true);

        File.Exists(marker).Should().BeFalse();
    }

    [Theory]
    [InlineData("notes")]
    [InlineData("build/notes")]
    public void A_folder_that_cannot_be_read_is_work(string folder)
    {
        Assert.SkipWhen(PlainProcess.Missing is not null, PlainProcess.Missing ?? string.Empty);
        if (PlainProcess.HasRun(typeof(WorkBelowTests)))
        {
            return;
        }

        var repository = Worktree($"mkdir -p {folder} && echo words > {folder}/draft.txt && chmod 000 {folder}");
        var refusal = repository.Invoking(r => r.Drop("a")).Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.WorktreeDirty);
        refusal.Message.Should().Contain(folder).And.Contain("cannot be read");

        repository.Drop("a", force: true).Step.Warning.Should().Contain(folder);
        repository.Worktrees.Restore("a", null, null, Steps.By);
        repository.Shell("a", $"chmod 700 {folder} && cat {folder}/draft.txt").Run.Output.Text.Should().Be("words\n");
    }

    [Fact]
    public void A_folder_in_which_only_names_can_be_looked_up_is_work_too()
    {
        Assert.SkipWhen(PlainProcess.Missing is not null, PlainProcess.Missing ?? string.Empty);
        if (PlainProcess.HasRun(typeof(WorkBelowTests)))
        {
            return;
        }

        var repository = Worktree("mkdir notes && echo words > notes/draft.txt && chmod 100 notes");

        repository.Invoking(r => r.Drop("a")).Should().Throw<Refusal>().Which.Message.Should().Contain("notes");
    }

    private Repository Worktree(string command)
    {
        var repository = _repo.Open();
        repository.Make("a");
        var run = repository.Shell("a", command).Run;
        run.ExitCode.Should().Be(0, run.Error.Text);
        return repository;
    }
}

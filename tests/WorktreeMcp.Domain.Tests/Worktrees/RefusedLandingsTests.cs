using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class RefusedLandingsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(LandingStrategy.Merge)]
    [InlineData(LandingStrategy.Squash)]
    [InlineData(LandingStrategy.Rebase)]
    public void A_conflict_names_the_files_and_changes_nothing(LandingStrategy strategy)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "src/app.txt", "theirs");
        repository.Work("a", "fine.txt", "fine");
        _repo.Write("src/app.txt", "ours\n");
        _repo.Commit("by hand");

        _repo.By(RefusalCode.MergeConflict, () => repository.Land("a", strategy)).Message.Should().Contain("src/app.txt").And.NotContain("fine.txt");

        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.failed"]);
    }

    [Fact]
    public void Uncommitted_work_is_refused_with_the_list()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Shell("a", "echo x > new.txt; echo y > README.md; echo z > staged.txt; git add staged.txt; echo i > some.ignored");

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Land("a")).Message.Should().ContainAll("new.txt", "README.md", "staged.txt").And.NotContain("some.ignored");
    }

    [Fact]
    public void Local_changes_in_files_that_the_landing_touches_refuse_it()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "README.md", "theirs");
        _repo.Write("README.md", "not committed\n");

        _repo.By(RefusalCode.BaseDirty, () => repository.Land("a")).Message.Should().Contain("README.md").And.Contain(_repo.Root);
        _repo.Read("README.md").Should().Be("not committed\n");
    }

    [Theory]
    [InlineData(".env.ignored")]
    [InlineData("untracked.txt")]
    public void A_file_that_the_landing_would_overwrite_refuses_it(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", $"echo theirs > {path} && git add -f {path} && git commit -qm {path}");
        _repo.Write(path, "secret\n");

        _repo.By(RefusalCode.BaseDirty, () => repository.Land("a")).Message.Should().Contain(path);
        _repo.Read(path).Should().Be("secret\n");
    }

    [Fact]
    public void A_base_in_the_middle_of_something_refuses()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Git("branch", "side");
        _repo.Write("README.md", "ours\n");
        _repo.Commit("ours");
        _repo.Git("checkout", "-q", "side");
        _repo.Write("README.md", "theirs\n");
        _repo.Commit("theirs");
        _repo.Git("checkout", "-q", "main");
        TempRepository.TryGit(_repo.Root, "merge", "side").Exit.Should().NotBe(0);

        _repo.By(RefusalCode.BaseDirty, () => repository.Land("a")).Message.Should().Contain("a merge is in progress");
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("HEAD~0")]
    public void A_base_that_is_no_branch_asks_for_one(string baseRef)
    {
        var repository = _repo.Open();
        _repo.Git("tag", "v1");
        repository.Make("a", baseRef: baseRef);
        repository.Work("a", "one.txt", "1");

        _repo.By(RefusalCode.InvalidArgument, () => repository.Land("a")).Hint.ToString().Should().Contain("into").And.Contain("main");
        repository.Land("a", into: "main").Into.Should().Be("main");
    }

    [Fact]
    public void A_branch_that_is_not_there_or_the_own_one_is_refused()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        _repo.By(RefusalCode.NotFound, () => repository.Land("a", into: "nowhere")).Message.Should().Contain("main");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Land("a", into: "wt/a"));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Land("a", into: "--all"));
    }

    [Fact]
    public void A_missing_name_is_named()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Git("config", "--unset", "user.name");
        _repo.Git("config", "--unset", "user.email");
        _repo.Git("config", "user.useConfigOnly", "true");
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _repo.Base };
        using var nobody = Repository.Open(_repo.Root, new RepositorySettings(), environment);

        _repo.By(RefusalCode.GitFailed, () => nobody.Land("a")).Hint.ToString().Should().Contain("user.name");
    }

    [Fact]
    public void A_signing_program_that_the_repository_names_is_not_run()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var ran = Path.Join(_repo.Base, "ran");
        Programs.Write(Path.Join(_repo.Base, "sign"), $"#!/bin/sh\ntouch {ran}\nexit 1\n");
        _repo.Git("config", "commit.gpgsign", "true");
        _repo.Git("config", "gpg.program", Path.Join(_repo.Base, "sign"));

        _repo.By(RefusalCode.GitFailed, () => repository.Land("a")).Message.Should().Contain("gpg.program");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_plain_folder_in_its_place_is_never_taken_for_the_main_checkout()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        File.Delete(Path.Join(made.Directory, ".git"));

        _repo.By(RefusalCode.NotFound, () => repository.Land("a")).Message.Should().Contain("identity");
    }

    [Fact]
    public void A_detached_or_switched_worktree_is_refused()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.GitIn(made.Directory, "checkout", "-q", "--detach");

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Land("a")).Message.Should().Contain("detached");
    }
}

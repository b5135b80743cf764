using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

public sealed class HardenedGitTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Variables_of_git_in_the_environment_are_ignored()
    {
        using var other = new TempRepository();
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            ["HOME"] = _repo.Base,
            ["GIT_DIR"] = Path.Join(other.Root, ".git"),
            ["GIT_WORK_TREE"] = other.Root,
            ["GIT_INDEX_FILE"] = Path.Join(other.Root, "index"),
            ["GIT_CONFIG_COUNT"] = "1",
            ["GIT_CONFIG_KEY_0"] = "core.bare",
            ["GIT_CONFIG_VALUE_0"] = "true",
            ["ONLY_HERE"] = "x",
        };
        using var repository = Repository.Open(_repo.Root, environment: environment);

        repository.Place.Root.Should().Be(_repo.Root);
        repository.Make("a");
        var run = repository.Shell("a", "env; echo home=$HOME").Run.Output.Text;

        run.Should().NotContain("GIT_").And.Contain($"home={_repo.Base}");
        repository.Drop("a");
        other.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
        _repo.Git("config", "--get", "core.bare").Should().Be("false");
    }

    [Fact]
    public void Settings_of_the_repository_run_no_program()
    {
        var ran = Path.Join(_repo.Base, "ran");
        var hooks = Path.Join(_repo.Base, "hooks");
        Directory.CreateDirectory(hooks);
        foreach (var hook in new[] { "post-checkout", "reference-transaction", "post-index-change", "fsmonitor-watchman" })
        {
            Programs.Write(Path.Join(hooks, hook), $"#!/bin/sh\necho {hook} >> '{ran}'\n");
        }

        _repo.Git("config", "core.hooksPath", hooks);
        _repo.Git("config", "core.fsmonitor", Path.Join(hooks, "fsmonitor-watchman"));
        _repo.Git("config", "core.pager", $"touch '{ran}'; cat");
        _repo.Git("config", "core.editor", $"touch '{ran}'");
        _repo.Git("config", "diff.external", $"touch '{ran}'");
        _repo.Git("config", "alias.status", $"!touch '{ran}'");
        _repo.Git("config", "log.showSignature", "true");
        _repo.Git("config", "gpg.program", hooks);
        File.Delete(ran);
        var repository = _repo.Open();

        repository.Make("a");
        repository.Row("a").Drift.Should().BeEmpty();
        File.WriteAllText(Path.Join(_repo.Root, ".worktrees", "a", "README.md"), "changed\n");
        repository.Worktrees.Status("a").Files!.Modified.Should().Equal("README.md");
        repository.Drop("a", force: true);

        File.Exists(ran).Should().BeFalse();
    }

    [Theory]
    [InlineData("smudge", "false")]
    [InlineData("smudge", "true")]
    [InlineData("clean", "true")]
    [InlineData("process", "true")]
    public void A_filter_of_the_repository_itself_runs_for_nobody_and_a_half_smudged_tree_is_not_made(string member, string required)
    {
        var ran = UseFilter("evil=x.y", member, required);
        var repository = _repo.Open();

        var refusal = ((Action)(() => repository.Make("a"))).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.GitFailed);
        _repo.Has(".worktrees/a").Should().BeFalse();
        _repo.Git("branch", "--list", "wt/*").Should().BeEmpty();
        _repo.EventNames().Should().Equal("worktree.create.before", "worktree.create.failed");
        refusal.Message.Should().Contain("\"evil=x.y\"").And.Contain("src/app.txt").And.Contain("allowed_filters");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_filter_that_is_allowed_or_that_no_file_uses_stands_in_nobodys_way()
    {
        var ran = UseFilter("mine", "smudge", "true");
        _repo.Open(settings: new RepositorySettings { AllowedFilters = ["mine"] }).Make("a");
        File.Exists(ran).Should().BeTrue();
        File.Delete(ran);

        _repo.Write(".gitattributes", "*.none filter=mine\n");
        _repo.Commit("no file any more");
        _repo.Open().Make("b");

        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_filter_that_is_set_up_later_does_not_run_when_a_worktree_is_looked_at_or_removed()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var ran = UseFilter("later", "clean", "true");
        _repo.Write(".worktrees/a/.gitattributes", "*.txt filter=later\n");
        _repo.Write(".worktrees/a/src/app.txt", "other\n");

        repository.Worktrees.Status("a").Files!.Modified.Should().Equal("src/app.txt");
        repository.Worktrees.Status("a");
        repository.Drop("a", force: true);

        File.Exists(ran).Should().BeFalse();
    }

    private string UseFilter(string name, string member, string required)
    {
        var ran = Path.Join(_repo.Base, "ran");
        _repo.Write(".gitattributes", $"*.txt filter={name}\n");
        _repo.Commit("attributes");
        _repo.Git("config", $"filter.{name}.{member}", $"touch '{ran}'; cat");
        _repo.Git("config", $"filter.{name}.required", required);
        return ran;
    }
}

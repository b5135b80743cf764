using FluentAssertions;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Repositories within a worktree of which its branch records a hash and nothing else: whoever looks at it or lands it is told.</summary>
public sealed class LoneLinksTests : IDisposable
{
    private const string Inner = "git init -q nested && cd nested && echo x > f && git add f && git -c user.name=T -c user.email=t@e commit -qm inner && cd ..";

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_repository_that_no_gitmodules_names_is_told_at_status_diff_and_landing()
    {
        var repository = Worktree($"{Inner} && git add nested && git commit -qm outer");

        repository.Worktrees.Status("a").LoneLinks.Should().ContainSingle().Which.Should().StartWith("nested is a repository of its own");
        repository.Worktrees.Diff("a", null, patch: false, 1000, null).Notes.Should().ContainSingle().Which.Should().StartWith("nested is a repository of its own");
        var landed = repository.Land("a", remove: true);

        landed.Notes.Should().Contain(note => note.ToString().StartsWith("nested is a repository of its own"));
        landed.Notes.Should().Contain(note => note.ToString().StartsWith("The worktree was not removed") && note.ToString().Contains("inner"));
        _repo.Has(".worktrees/a/nested/f").Should().BeTrue();
    }

    [Fact]
    public void One_that_is_not_committed_yet_is_told_by_the_difference()
    {
        var repository = Worktree(Inner);

        repository.Worktrees.Diff("a", null, patch: true, 1000, null).Notes.Should().ContainSingle().Which.Should().StartWith("nested is a repository of its own");
        repository.Worktrees.Diff("a", "src", patch: false, 1000, null).Notes.Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_submodule_is_told_only_if_no_remote_has_its_commit(bool pushed)
    {
        using var library = new TempRepository();
        library.Git("config", "receive.denyCurrentBranch", "ignore");
        _repo.Git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.Root, "lib");
        _repo.Commit("with a submodule");
        var repository = Worktree(
            "git -c protocol.file.allow=always submodule --quiet update --init && cd lib && git checkout -q -b work && git -c user.name=T -c user.email=t@e commit -q --allow-empty -m deep"
            + (pushed ? " && git push -q origin work" : string.Empty) + " && cd .. && git add lib && git commit -qm outer");

        string?[] told = [.. repository.Worktrees.Status("a").LoneLinks, .. repository.Land("a").Notes.Select(note => note.ToString())];

        if (pushed)
        {
            told.Should().BeEmpty();
        }
        else
        {
            told.Should().HaveCount(2).And.OnlyContain(note => note!.StartsWith("submodule lib is at a commit that no remote of it has") && note.Contains("deep"));
        }
    }

    [Fact]
    public void Links_that_the_base_has_already_are_no_news()
    {
        _repo.Git("init", "-q", "nested");
        _repo.GitIn("nested", "-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "inner");
        _repo.Commit("outer");
        var repository = Worktree("echo x > new && git add new && git commit -qm new");

        repository.Worktrees.Status("a").LoneLinks.Should().BeEmpty();
        repository.Land("a").Notes.Should().BeEmpty();
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

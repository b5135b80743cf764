using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>What lies in a worktree's place is something else: nothing lands from there, and git does not fall through to the main checkout.</summary>
public sealed class LandingFromAFolderTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nothing_lands_from_a_folder_that_took_the_place_of_a_worktree(bool isRepository)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        Directory.Move(made.Directory, Path.Join(_repo.Base, "moved"));
        _repo.Write(".worktrees/a/mine.txt", "mine");
        if (isRepository)
        {
            _repo.GitIn(made.Directory, "init", "-q", "-b", "wt/a");
        }

        var refusal = _repo.By(RefusalCode.NotFound, () => repository.Land("a", remove: true));

        refusal.Message.Should().Contain("\"a\"").And.Contain("identity");
        _repo.Git("log", "--format=%s", "main").Should().Be("first");
        _repo.Has("one.txt").Should().BeFalse();
        _repo.Read(".worktrees/a/mine.txt").Should().Be("mine");
    }
}

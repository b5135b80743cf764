using FluentAssertions;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A landing that changes what decides something here says so.</summary>
public sealed class DecidingFilesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(".worktree-mcp.json", "what is set for commands")]
    [InlineData(".worktreeinclude", "which ignored files come along")]
    [InlineData(".gitattributes", "filters")]
    [InlineData("src/deep/.gitattributes", "filters")]
    [InlineData(".gitmodules", "submodules")]
    [InlineData(".lfsconfig", "LFS")]
    [InlineData(".mcp.json", "how clients start")]
    [InlineData(".vscode/mcp.json", "how clients start")]
    [InlineData(".cursor/mcp.json", "how clients start")]
    [InlineData(".claude/settings.json", "how clients start")]
    [InlineData(".codex/config.toml", "how clients start")]
    public void A_landing_names_the_files_that_decide_something_here_and_what(string path, string what)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", path, "{}");
        repository.Work("a", "src/other.txt", "x");

        repository.Land("a").Notes.Should().ContainSingle().Which.ToString().Should().Contain(path).And.Contain(what).And.NotContain("other.txt");
    }

    [Fact]
    public void It_names_them_when_they_go_too_and_each_once()
    {
        _repo.Write(".worktreeinclude", ".env\n");
        _repo.Write(".gitmodules", "");
        _repo.Commit("to be taken away");
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "git rm -q .worktreeinclude && git mv .gitmodules modules.txt && git commit -qm less").Run.ExitCode.Should().Be(0);

        repository.Land("a").Notes.Should().ContainSingle().Which.ToString().Should().Contain(".worktreeinclude").And.Contain(".gitmodules");
    }

    [Theory]
    [InlineData("docs/.worktree-mcp.json")]
    [InlineData("worktree-mcp.json")]
    [InlineData(".gitattributes.txt")]
    [InlineData("sub/.mcp.json")]
    public void Files_of_such_names_that_decide_nothing_are_no_news(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", path, "{}");

        repository.Land("a").Notes.Should().BeEmpty();
    }
}

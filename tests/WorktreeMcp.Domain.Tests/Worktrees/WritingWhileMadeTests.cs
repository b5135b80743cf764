using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Somebody writes into a worktree while its files are being written: what he wrote is there afterwards.</summary>
public sealed class WritingWhileMadeTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("echo mine > src/app.txt", "src/app.txt")]
    [InlineData("echo mine > zz/last.txt", "zz/last.txt")]
    public void A_file_that_is_there_when_its_turn_comes_stays_and_is_named(string act, string path)
    {
        var repository = Writing(act);

        var made = repository.Make("a");

        _repo.Read($".worktrees/a/{path}").Should().Be("mine\n");
        made.Warning.Should().Contain(path);
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().Be($" M {path}");
        _repo.Read(".worktrees/a/README.md").Should().Be("hello\n");
    }

    [Theory]
    [InlineData("rm -rf zz && echo mine > zz", "zz")]
    public void Where_what_somebody_made_leaves_no_room_the_creation_yields(string act, string path)
    {
        var repository = Writing(act);

        var refusal = repository.Invoking(r => r.Make("a")).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.GitFailed);
        var place = Path.Join(_repo.Layout.Trash, "1");
        refusal.Message.Should().Contain(place);
        File.ReadAllText(Path.Join(place, path)).Should().Be("mine\n");
        repository.Trash().Items(measure: true).Should().ContainSingle().Which.Id.Should().Be(1);
        Writing("true").Make("a").Warning.Should().BeNull();
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_stays_too()
    {
        var made = Writing("mkdir -p README.md && echo mine > README.md/note").Make("a");

        made.Warning.Should().Contain("README.md");
        _repo.Read(".worktrees/a/README.md/note").Should().Be("mine\n");
        _repo.Read(".worktrees/a/src/app.txt").Should().Be("one\ntwo\nthree\n");
    }

    [Fact]
    public void What_somebody_staged_before_is_kept_with_its_index()
    {
        _repo.Write("zz/last.txt", "last\n");
        _repo.Commit("more");
        var repository = WrappedGit.Open(_repo, $$"""
            case " $* " in *" worktree add "*)
              '{{WrappedGit.Real}}' "$@" || exit 9
              cd '{{_repo.Layout.Worktree("a")}}' && echo mine > staged.txt && '{{WrappedGit.Real}}' add staged.txt && echo later > staged.txt
              exit 0
            esac
            """);

        var refusal = repository.Invoking(r => r.Make("a")).Should().Throw<Refusal>().Which;

        refusal.Message.Should().Contain("staged");
        var place = Path.Join(_repo.Layout.Trash, "1");
        File.ReadAllText(Path.Join(place, "staged.txt")).Should().Be("later\n");
        _repo.GitIn(place, "show", ":staged.txt").Should().Be("mine");
    }

    // Before git comes to the files, something happens in the worktree; once.
    private Repository Writing(string act, string step = "read-tree")
    {
        _repo.Write("zz/last.txt", "last\n");
        _repo.Commit("more");
        return WrappedGit.Open(_repo, $$"""
            case " $* " in *" {{step}} "*)
              if mkdir '{{_repo.Base}}/once' 2>/dev/null; then (cd '{{_repo.Layout.Worktree("a")}}' && mkdir -p src zz && {{act}}) || exit 9; fi
            esac
            """);
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>Between the proof of a spare and its claim lies the wait for the lock; what happens then counts, too.</summary>
public sealed class LateDoubtTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("file", true)]
    [InlineData("file", false)]
    [InlineData("attributes", true)]
    [InlineData("setting", true)]
    [InlineData("link", true)]
    public async Task What_happens_after_the_proof_means_the_ordinary_way(string what, bool watched)
    {
        using var held = new HeldGit(_repo, "refs/heads/wt/a");
        using var server = Repository.Open(_repo.Root, new RepositorySettings(), held.Variables);
        using var maker = Repository.Open(_repo.Root, new RepositorySettings(), held.Variables);
        (watched ? server : maker).Tend(1);
        var spare = _repo.SpareFolders().Single();
        var making = Task.Run(() => server.Make("a"), TestContext.Current.CancellationToken);
        await held.Reached();

        switch (what)
        {
            case "file":
                File.AppendAllText(Path.Join(spare, "README.md"), "late\n");
                break;
            case "attributes":
                _repo.Write(".git/info/attributes", "*.md text eol=crlf\n");
                break;
            case "setting":
                _repo.Git("config", "core.autocrlf", "true");
                break;
            default:
                Directory.Move(spare, spare + ".moved");
                File.CreateSymbolicLink(spare, spare + ".moved");
                break;
        }

        held.Release();
        var made = await making.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        made.IsFromSpare().Should().BeFalse();
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be(what is "attributes" or "setting" ? "hello\r\n" : "hello\n");
        new DirectoryInfo(made.Directory).LinkTarget.Should().BeNull();
    }

    [Fact]
    public void A_name_that_stands_for_a_branch_and_a_tag_is_the_same_commit_from_a_spare_as_without()
    {
        _repo.Git("branch", "both");
        _repo.Open().Tend(1);
        _repo.Write(".gitattributes", "*.md text eol=crlf\n");
        _repo.Commit("attributes");
        _repo.Git("tag", "both");
        _repo.Git("reset", "-q", "--hard", "both^");
        using var server = _repo.Open();

        var made = server.Make("a", baseRef: "both");

        _repo.GitIn(made.Directory, "rev-parse", "HEAD").Should().Be(_repo.Git("rev-parse", "both^{commit}"));
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be("hello\r\n");
    }

    [Fact]
    public void A_look_in_the_background_does_not_forget_what_happened_before_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched on Linux only.");
        var server = _repo.Open();
        server.Tend(1);
        var head = _repo.Git("rev-parse", "HEAD");
        using var reservation = server.Spares.Reserve(head)!;
        File.AppendAllText(Path.Join(_repo.SpareFolders().Single(), "README.md"), "late\n");

        server.Spares.WatchOthers(head, CancellationToken.None);

        using var guard = File.OpenHandle(Path.Join(_repo.Root, "README.md"));
        reservation.MoveTo(_repo.Layout.Worktree("a"), "main", head, guard).Should().BeNull();
        _repo.SpareFolders().Should().ContainSingle();
    }

    [Fact]
    public void Where_the_worktrees_were_replaced_by_a_copy_the_copys_spare_is_not_used()
    {
        var server = _repo.Open();
        server.Tend(1);
        var name = Path.GetFileName(_repo.SpareFolders().Single());
        var worktrees = _repo.Layout.Worktrees;
        Directory.Move(worktrees, worktrees + ".old");
        using (var copy = System.Diagnostics.Process.Start("cp", ["-a", worktrees + ".old", worktrees]))
        {
            copy.WaitForExit();
        }

        File.AppendAllText(Path.Join(worktrees, ".spares", name, "README.md"), "late\n");

        var made = server.Make("a");

        made.IsFromSpare().Should().BeFalse();
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be("hello\n");
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Setup;

public sealed class IncludingFilesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Ignored_files_that_are_named_come_along_and_nothing_else()
    {
        Commit(".env*\nsecret/\nhuge/\n*.pem\n", ".env*\n!.env.local\n/secret/**/*.txt\n");
        _repo.Write(".env", "TOKEN=1\n");
        _repo.Write(".env.local", "not this\n");
        _repo.Write("app/.env", "deep\n");
        _repo.Write("secret/a/key.txt", "key\n");
        _repo.Write("secret/a/key.pem", "not named\n");
        _repo.Write("huge/file", "not named\n");

        var step = Create("alpha");

        FilesOf(step, ".env", "app/.env", "secret/a/key.txt").Should().Equal("TOKEN=1\n", "deep\n", "key\n");
        step.IncludedFiles.Should().Be(3);
        step.Warning.Should().BeNull();
        foreach (var other in new[] { ".env.local", "secret/a/key.pem", "huge" })
        {
            Path.Exists(Path.Join(step.Directory, other)).Should().BeFalse(other);
        }

        _repo.GitIn(step.Directory, "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void Modes_are_kept()
    {
        Commit(".env\n", ".env\n");
        _repo.Write(".env", "x");
        File.SetUnixFileMode(Path.Join(_repo.Root, ".env"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var step = Create("alpha");

        File.GetUnixFileMode(Path.Join(step.Directory, ".env")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    [Fact]
    public void A_link_is_not_followed_and_not_made()
    {
        Commit("*.link\nouter/\n", "*.link\nouter/*\n");
        File.WriteAllText(Path.Join(_repo.Base, "outside"), "outside");
        File.CreateSymbolicLink(Path.Join(_repo.Root, "a.link"), Path.Join(_repo.Base, "outside"));
        Directory.CreateSymbolicLink(Path.Join(_repo.Root, "outer"), _repo.Base);

        var step = Create("alpha");

        step.IncludedFiles.Should().Be(0);
        step.Warning.Should().Contain("a.link: it is a link");
        Directory.GetFileSystemEntries(step.Directory).Select(Path.GetFileName).Should().NotContain(["a.link", "outer"]);
    }

    [Fact]
    public void A_link_that_the_branch_holds_leads_nothing_out_of_the_worktree()
    {
        Directory.CreateDirectory(Path.Join(_repo.Base, "elsewhere"));
        Directory.CreateSymbolicLink(Path.Join(_repo.Root, "config"), Path.Join(_repo.Base, "elsewhere"));
        Commit("config/.env\n.env\n", ".env\n");
        _repo.Git("checkout", "-q", "-b", "plain");
        _repo.Git("rm", "-q", "--cached", "config");
        Directory.Delete(Path.Join(_repo.Root, "config"));
        _repo.Git("commit", "-q", "-m", "no link");
        _repo.Write("config/.env", "secret");

        var step = _repo.Open().Worktrees.Create(new NewWorktree("alpha", BaseRef: "main"), "tester");

        Directory.GetFileSystemEntries(Path.Join(_repo.Base, "elsewhere")).Should().BeEmpty();
        step.IncludedFiles.Should().Be(0);
        step.Warning.Should().NotBeNull();
    }

    [Fact]
    public void What_the_worktree_tracks_or_does_not_ignore_is_left_alone()
    {
        _repo.Write("settings", "tracked in main\n");
        Commit("", "settings\nnotes\n");
        _repo.Git("checkout", "-q", "-b", "local");
        _repo.Git("rm", "-q", "--cached", "settings");
        _repo.Write(".gitignore", "settings\nnotes\n");
        _repo.Commit("ignored here");
        _repo.Write("settings", "my own\n");
        _repo.Write("notes", "mine\n");

        var step = _repo.Open().Worktrees.Create(new NewWorktree("alpha", BaseRef: "main"), "tester");

        FilesOf(step, "settings").Should().Equal("tracked in main\n");
        Path.Exists(Path.Join(step.Directory, "notes")).Should().BeFalse();
        step.Warning.Should().Contain("2 because they are tracked or not ignored in the worktree");
        _repo.GitIn(step.Directory, "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void Nothing_of_the_board_or_of_other_worktrees_comes_along()
    {
        Commit("", "*\n");
        var first = Create("alpha");
        File.WriteAllText(Path.Join(first.Directory, "of-alpha.ignored"), "x");
        _repo.Write("mine.ignored", "x");

        var second = Create("beta");

        second.IncludedFiles.Should().Be(1);
        Directory.GetFileSystemEntries(second.Directory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(second.Directory, path)).Should().BeEquivalentTo(
                ".git", ".gitignore", ".worktreeinclude", "README.md", "src", "src/app.txt", "mine.ignored");
    }

    [Fact]
    public void One_file_too_many_is_left_out_and_said()
    {
        Commit("many/\n", "many/\n");
        Directory.CreateDirectory(Path.Join(_repo.Root, "many"));
        for (var number = 0; number <= 5_000; number++)
        {
            File.Create(Path.Join(_repo.Root, "many", $"{number}")).Dispose();
        }

        var step = Create("alpha");

        step.IncludedFiles.Should().Be(5_000);
        step.Warning.Should().Contain("1 because at most 5000 files");
    }

    [Fact]
    public void Without_the_file_nothing_is_looked_for()
    {
        _repo.Write("a.ignored", "x");

        Create("alpha").IncludedFiles.Should().Be(0);
    }

    [Theory]
    [InlineData(SandboxMode.Off)]
    [InlineData(SandboxMode.Required)]
    public void A_command_that_verifies_a_landing_finds_them_too(SandboxMode sandbox)
    {
        Assert.SkipWhen(sandbox == SandboxMode.Required && Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        Commit(ignored: ".env\n", included: ".env\n");
        _repo.Write(".env", "of the main checkout");
        var repository = _repo.Open(settings: new RepositorySettings { Run = new RunSettings { Sandbox = sandbox } });
        var made = repository.Make("alpha");
        File.WriteAllText(Path.Join(made.Directory, ".env"), "of the worktree");
        repository.Work("alpha", "one.txt", "1");

        var landed = repository.Land("alpha", verify: "cat .env && git status --porcelain && echo changed > .env");

        landed.Verified!.Output.Text.Should().Be("of the main checkout");
        File.ReadAllText(Path.Join(_repo.Root, ".env")).Should().Be("of the main checkout");
    }

    [Theory]
    [InlineData("the path itself")]
    [InlineData("a folder around it")]
    [InlineData("a link that leads there")]
    [InlineData("another name of the same file")]
    [InlineData("another name of a file in a hidden folder")]
    [InlineData("a usual one by another name")]
    public void What_is_hidden_from_commands_never_comes_along(string by)
    {
        var home = Directory.CreateDirectory(Path.Join(_repo.Base, "home")).FullName;
        Commit("*.env\nkeys/\n", "*.env\nkeys/\n");
        _repo.Write("plain.env", "plain");
        _repo.Write("keys/deep/a.env", "secret");
        var secret = Path.Join(_repo.Root, "keys", "deep", "a.env");
        var hidden = Path.Join(home, "hidden");
        switch (by)
        {
            case "the path itself":
                hidden = secret;
                break;
            case "a folder around it":
                hidden = Path.Join(_repo.Root, "keys");
                break;
            case "a link that leads there":
                File.CreateSymbolicLink(hidden, Path.Join(_repo.Root, "keys"));
                break;
            case "another name of the same file":
                HardLink(secret, hidden);
                break;
            case "another name of a file in a hidden folder":
                Directory.CreateDirectory(Path.Join(hidden, "below"));
                HardLink(secret, Path.Join(hidden, "below", "x"));
                break;
            default:
                HardLink(secret, Path.Join(home, ".netrc"));
                break;
        }

        var settings = new RepositorySettings { Run = new RunSettings { SecretPaths = [hidden] } };
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = home };
        var step = _repo.Open(settings: settings, environment: environment).Worktrees.Create(new NewWorktree("alpha"), "tester");

        File.Exists(Path.Join(step.Directory, "keys", "deep", "a.env")).Should().BeFalse();
        File.ReadAllText(Path.Join(step.Directory, "plain.env")).Should().Be("plain");
        step.IncludedFiles.Should().Be(1);
        step.Warning.Should().Contain("keys/deep/a.env: it is hidden from commands");
    }

    private static void HardLink(string existing, string name)
    {
        using var made = System.Diagnostics.Process.Start("ln", [existing, name]);
        made.WaitForExit();
        made.ExitCode.Should().Be(0);
    }

    private void Commit(string ignored, string included)
    {
        _repo.Write(".gitignore", "*.ignored\n" + ignored);
        _repo.Write(".worktreeinclude", included);
        _repo.Commit("patterns");
    }

    private WorktreeStep Create(string name) => _repo.Open().Worktrees.Create(new NewWorktree(name), "tester");

    private static IEnumerable<string> FilesOf(WorktreeStep step, params string[] paths) =>
        paths.Select(path => File.ReadAllText(Path.Join(step.Directory, path)));
}

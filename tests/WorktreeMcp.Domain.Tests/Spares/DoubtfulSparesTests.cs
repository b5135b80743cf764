using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>Any doubt about a spare means the ordinary way, and what somebody did in one is never lost.</summary>
public sealed class DoubtfulSparesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    public static TheoryData<string, bool> Hands => new()
    {
        { "echo changed >> README.md", true },
        { "echo mine > mine.txt", true },
        { "echo mine > mine.ignored", true },
        { "mkdir empty", true },
        { "chmod +x README.md", true },
        { "rm README.md", true },
        { "ln -s /etc/passwd link", true },
        { "git update-index --assume-unchanged README.md", true },
        { "git switch -q -c mine", true },
        { "chmod 700 src", true },
        { "chmod u+s README.md", true },
        { "git init -q src && git -C src commit -q --allow-empty -m mine", true },
        { "touch -r README.md ../stamp && printf 'HELLO\\n' > README.md && touch -r ../stamp README.md && rm ../stamp", true },
        { "git update-ref refs/worktree/mine HEAD", true },
        { "git commit -q --allow-empty -m mine", true },
        { "git worktree unlock .", false },
        { "cd / && git --git-dir=\"$REPO/.git\" worktree prune --expire=now", false },
        { "rm .git", true },
        { "cd .. && mv \"$SPARE\" \"$SPARE.moved\"", true },
        { "cd .. && rm -rf \"$SPARE\"", true },
        { "rm -rf \"$REPO/.git/worktrees/\"spare-*", true },
    };

    [Theory]
    [MemberData(nameof(Hands))]
    public void A_spare_that_somebody_touched_never_becomes_a_worktree(string command, bool spoils)
    {
        // Once seen by the server whose watch is broken by it, once by one that has no watch and must look.
        foreach (var watched in new[] { true, false })
        {
            using var repo = new TempRepository();
            var maker = repo.Open();
            maker.Tend(1);
            var server = watched ? maker : repo.Open();
            var folder = repo.SpareFolders().Single();
            Sh(folder, command, repo.Root);

            var made = server.Make("a");

            made.IsFromSpare().Should().Be(!spoils, $"watched {watched}");
            repo.GitIn(".worktrees/a", "status", "--porcelain", "--ignored").Should().BeEmpty();
            repo.Portrait(made.Directory).Should().Be(Fresh(repo));
        }
    }

    [Theory]
    [InlineData("echo mine > mine.txt", "mine.txt")]
    [InlineData("echo changed >> README.md", "README.md")]
    [InlineData("git switch -q -c mine && echo x > x.ignored", "x.ignored")]
    public void Work_in_a_spare_is_set_aside_when_the_spare_goes(string command, string file)
    {
        var repository = _repo.Open();
        repository.Tend(1);
        var folder = _repo.SpareFolders().Single();
        Sh(folder, command, _repo.Root);
        var content = File.ReadAllText(Path.Join(folder, file));

        repository.Tend(0);

        _repo.SpareFolders().Should().BeEmpty();
        var aside = Directory.EnumerateDirectories(_repo.Layout.TrashBeside).Single();
        File.ReadAllText(Path.Join(aside, file)).Should().Be(content);
        _repo.GitIn(aside, "status", "--porcelain", "--ignored").Should().Contain(file == "x.ignored" ? "!! x.ignored" : file);
    }

    [Fact]
    public void What_git_knows_of_a_spare_that_was_set_aside_leaves_its_sight_with_the_next_sweep()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        Sh(_repo.SpareFolders().Single(), "git commit -q --allow-empty -m mine && echo staged > s.txt && git add s.txt && rm s.txt", _repo.Root);
        repository.Tend(0);
        var aside = Directory.EnumerateDirectories(_repo.Layout.TrashBeside).Single();

        repository.Trash().Sweep(Steps.By, CancellationToken.None);

        _repo.Git("worktree", "list").Should().NotContain("\n");
        _repo.Git("reflog", "expire", "--expire=now", "--all");
        _repo.Git("gc", "--quiet", "--prune=now");
        _repo.GitIn(aside, "log", "-1", "--format=%s").Should().Be("mine");
        _repo.GitIn(aside, "show", ":s.txt").Should().Be("staged");
    }

    [Fact]
    public void A_file_with_a_second_name_elsewhere_never_becomes_a_worktrees()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux is asked how many names a file has.");
        using (var maker = _repo.Open())
        {
            maker.Tend(1);
        }

        Sh(_repo.SpareFolders().Single(), "ln README.md \"$REPO/.git/second\"", _repo.Root);

        _repo.Open().Make("a").IsFromSpare().Should().BeFalse();
    }

    [Fact]
    public void A_repository_in_a_folder_of_a_spare_is_set_aside_when_the_spare_goes()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        Sh(_repo.SpareFolders().Single(), "git init -q src && git -C src commit -q --allow-empty -m mine", _repo.Root);

        repository.Tend(0);

        var aside = Directory.EnumerateDirectories(_repo.Layout.TrashBeside).Single();
        _repo.GitIn(Path.Join(aside, "src"), "log", "--format=%s").Should().Be("mine");
    }

    [Theory]
    [InlineData("git config core.autocrlf true")]
    [InlineData("git config core.symlinks false")]
    [InlineData("mkdir -p .git/info && echo '*.md eol=crlf' > .git/info/attributes")]
    [InlineData("git config filter.x.smudge 'tr a-z A-Z' && mkdir -p .git/info && echo '*.md filter=x' > .git/info/attributes")]
    public void Settings_that_changed_since_mean_the_ordinary_way(string command)
    {
        var repository = _repo.Open();
        repository.Tend(1);
        Sh(_repo.Root, command, _repo.Root);

        var act = () => repository.Make("a");

        // What the ordinary way makes of these settings is its own affair.
        try
        {
            var made = act();
            made.IsFromSpare().Should().BeFalse();
            _repo.Portrait(made.Directory).Should().Be(Fresh(_repo));
        }
        catch (Refusal refusal)
        {
            refusal.Code.Should().Be(RefusalCode.GitFailed);
        }
    }

    [Theory]
    [InlineData("git config branch.main.remote origin")]
    [InlineData("git remote add origin https://example.org/x.git")]
    [InlineData("git config user.name Somebody")]
    public void Settings_that_say_nothing_about_files_do_not_matter(string command)
    {
        var repository = _repo.Open();
        repository.Tend(1);
        Sh(_repo.Root, command, _repo.Root);

        repository.Make("a").IsFromSpare().Should().BeTrue();
    }

    [Fact]
    public void Attributes_that_changed_between_the_spare_and_the_base_mean_the_ordinary_way()
    {
        var repository = _repo.Open();
        repository.Tend(1);
        _repo.Write(".gitattributes", "*.md text eol=crlf\n");
        _repo.Commit("attributes");

        var made = repository.Make("a");

        made.IsFromSpare().Should().BeFalse();
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be("hello\r\n");
    }

    [Theory]
    [InlineData("git config core.sparseCheckout true")]
    [InlineData("git config filter.x.smudge cat")]
    [InlineData("echo '*.md filter=x' > .gitattributes && git add . && git commit -q -m attributes")]
    [InlineData("git init -q sub && git -C sub commit -q --allow-empty -m sub && git -c protocol.file.allow=always submodule --quiet add ./sub sub2 && git add . && git commit -q -m submodule")]
    public void Repositories_with_special_checkouts_get_no_spares(string command)
    {
        Sh(_repo.Root, command, _repo.Root);

        _repo.Open().Tend(1);

        _repo.SpareFolders().Should().BeEmpty();
        _repo.SpareRecords().Should().BeEmpty();
    }

    private static string Fresh(TempRepository repo)
    {
        repo.Git("worktree", "add", "-q", "-b", $"theirs-{Guid.NewGuid():N}", Path.Join(repo.Base, "theirs"), "HEAD");
        return repo.Portrait(Path.Join(repo.Base, "theirs"));
    }

    private static void Sh(string folder, string command, string root)
    {
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = folder };
        start.Environment["REPO"] = root;
        start.Environment["SPARE"] = folder;
        using var process = System.Diagnostics.Process.Start(start)!;
        process.WaitForExit();
        process.ExitCode.Should().Be(0, command);
    }
}

using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class DiffTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_name_that_is_not_utf8_is_listed_and_cannot_be_asked_for_by_itself()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Names are any bytes on Linux only.");
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "mkdir sub && printf x > \"$(printf 'sub/caf\\351.txt')\" && git add -A && git commit -qm odd");

        repository.Worktrees.Diff("a", null, patch: false, 1000, null).Files.Should().ContainSingle().Which.Path.Should().Be("sub/caf\uFFFD.txt");
        repository.Worktrees.Diff("a", "sub", patch: true, 1000, null).Files.Should().ContainSingle();
        ((Action)(() => repository.Worktrees.Diff("a", "sub/caf\uFFFD.txt", patch: true, 1000, null))).Should().Throw<Refusal>().Which.Message.Should().Contain("not UTF-8");

        // The library cannot delete it.
        repository.Shell("a", "rm -r sub");
    }

    [Fact]
    public void Committed_staged_modified_untracked_and_deleted_files_are_all_there()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "committed.txt", "1");
        repository.Shell("a", "echo s > staged.txt && git add staged.txt && echo m >> README.md && echo u > 'un tracked ü.txt' && rm src/app.txt && echo i > x.ignored");

        var difference = Diff(repository);

        difference.Files.Select(file => (file.Path, file.Change, file.Added, file.Deleted, file.Uncommitted)).Should().BeEquivalentTo(new (string, string, int?, int?, bool)[]
        {
            ("committed.txt", "added", 1, 0, false),
            ("staged.txt", "added", 1, 0, true),
            ("README.md", "modified", 1, 0, true),
            ("un tracked ü.txt", "added", 1, 0, true),
            ("src/app.txt", "deleted", 0, 3, true),
        });
    }

    [Fact]
    public void What_the_base_did_since_is_not_shown()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Write("other.txt", "by hand\n");
        _repo.Commit("by hand");

        Diff(repository).Files.Select(file => file.Path).Should().Equal("one.txt");
    }

    [Fact]
    public void Nothing_is_written_into_the_repository_or_the_worktree()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Shell("a", "echo u > new.txt && echo m >> README.md && git add README.md && echo n >> README.md");
        var index = Path.Join(_repo.Root, ".git", "worktrees", "a", "index");
        var before = (_repo.Snapshot(), Objects(), Convert.ToHexString(File.ReadAllBytes(index)), _repo.GitIn(made.Directory, "status", "--porcelain=v2"));

        Diff(repository, patch: true).Patch.Should().Contain("+u").And.Contain("+m").And.Contain("+n");

        (_repo.Snapshot(), Objects(), Convert.ToHexString(File.ReadAllBytes(index)), _repo.GitIn(made.Directory, "status", "--porcelain=v2")).Should().Be(before);
    }

    [Fact]
    public void A_patch_comes_in_pages_that_make_the_whole()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "seq 1 2000 | sed 's/$/ grüße/' > long.txt");
        var whole = Diff(repository, patch: true, bytes: 1_000_000);

        var text = new StringBuilder();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = Diff(repository, patch: true, bytes: 5_000, cursor: cursor);
            Encoding.UTF8.GetByteCount(page.Patch!).Should().BeLessThanOrEqualTo(5_000);
            text.Append(page.Patch);
            cursor = page.NextCursor;
            pages++;
        }
        while (cursor is not null);

        text.ToString().Should().Be(whole.Patch);
        pages.Should().BeGreaterThan(5);
        whole.PatchBytes.Should().Be(Encoding.UTF8.GetByteCount(whole.Patch!));
    }

    [Fact]
    public void A_page_of_another_state_is_refused()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "seq 1 2000 > long.txt");
        var cursor = Diff(repository, patch: true, bytes: 1_000).NextCursor;
        repository.Shell("a", "echo more > more.txt");

        _repo.By(RefusalCode.InvalidArgument, () => Diff(repository, patch: true, cursor: cursor)).Message.Should().Contain("changed");
        _repo.By(RefusalCode.InvalidArgument, () => Diff(repository, patch: true, cursor: "x"));
    }

    [Fact]
    public void A_path_limits_it_and_is_taken_as_it_is()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Shell("a", "mkdir -p sub && echo 1 > sub/one.txt && echo 2 > 'sub/*.txt' && echo 3 > three.txt");

        Paths("sub").Should().BeEquivalentTo("sub/one.txt", "sub/*.txt");
        Paths("sub/*.txt").Should().Equal("sub/*.txt");
        Paths(Path.Join(made.Directory, "three.txt")).Should().Equal("three.txt");
        _repo.By(RefusalCode.InvalidArgument, () => Paths("../b"));
        _repo.By(RefusalCode.InvalidArgument, () => Paths("/etc/passwd"));

        IEnumerable<string> Paths(string path) => Diff(repository, path).Files.Select(file => file.Path);
    }

    [Fact]
    public void Binary_files_are_named_and_not_printed()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "printf 'a\\000b' > data.bin");

        var difference = Diff(repository, patch: true);

        difference.Files.Should().ContainSingle().Which.Added.Should().BeNull();
        difference.Patch.Should().Contain("Binary files").And.NotContain("\0");
    }

    [Fact]
    public void Large_files_are_known_by_name_only()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "head -c 11000000 /dev/zero > large.bin && echo 1 > one.txt");

        var difference = Diff(repository);

        difference.TooLarge.Should().Equal("large.bin");
        difference.Files.Select(file => file.Path).Should().Equal("one.txt");
    }

    [Fact]
    public void Programs_of_the_repositorys_settings_do_not_run()
    {
        var repository = _repo.Open();
        var ran = Path.Join(_repo.Base, "ran");
        Programs.Write(Path.Join(_repo.Base, "tool"), $"#!/bin/sh\ntouch {ran}\ncat \"$1\" 2>/dev/null\n");
        var made = repository.Make("a");
        File.WriteAllText(Path.Join(made.Directory, ".gitattributes"), "*.txt diff=tool filter=tool\n");
        foreach (var key in new[] { "diff.external", "diff.tool.command", "diff.tool.textconv", "filter.tool.clean", "filter.tool.smudge", "core.fsmonitor", "core.pager" })
        {
            _repo.Git("config", key, Path.Join(_repo.Base, "tool"));
        }

        File.WriteAllText(Path.Join(made.Directory, "src", "app.txt"), "changed\n");
        File.WriteAllText(Path.Join(made.Directory, "new.txt"), "new\n");
        File.Delete(ran);

        Diff(repository, patch: true).Patch.Should().Contain("+changed").And.Contain("+new");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void Files_that_became_folders_or_links_are_understood()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "rm README.md && mkdir README.md && echo 1 > README.md/one.txt && rm -r src && ln -s /nowhere src && git mv .gitignore ignored-list");

        Diff(repository).Files.Select(file => $"{file.Change} {file.Path}").Should().BeEquivalentTo(
            "deleted README.md", "added README.md/one.txt", "deleted src/app.txt", "added src", "renamed ignored-list");
    }

    [Fact]
    public void A_worktree_in_the_middle_of_a_conflict_is_shown_as_it_is()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        Conflicts.StopMerge(_repo, made.Directory);

        Diff(repository, patch: true).Patch.Should().Contain("+<<<<<<<");
    }

    private static WorktreeDifference Diff(Repository repository, string? path = null, bool patch = false, int bytes = 100_000, string? cursor = null) =>
        repository.Worktrees.Diff("a", path, patch, bytes, cursor);

    private string Objects() => string.Join('\n', Directory.EnumerateFiles(Path.Join(_repo.Root, ".git", "objects"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
}

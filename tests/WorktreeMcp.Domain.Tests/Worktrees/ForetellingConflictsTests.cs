using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class ForetellingConflictsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Worktrees_that_touch_different_files_do_not_collide()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        repository.Work("a", "one.txt", "1");
        repository.Shell("b", "echo 2 > two.txt");

        var forecast = repository.Worktrees.Forecast(null);

        forecast.Worktrees.Should().Be(2);
        forecast.Pairs.Should().BeEmpty();
        forecast.WithBase.Should().BeEmpty();
    }

    [Fact]
    public void The_same_line_conflicts_and_another_line_does_not_committed_or_not()
    {
        var repository = _repo.Open();
        _repo.Write("src/app.txt", string.Concat(Enumerable.Range(1, 30).Select(line => $"{line}\n")));
        _repo.Commit("long");
        foreach (var name in new[] { "a", "b", "c" })
        {
            repository.Make(name);
        }

        repository.Shell("a", "sed -i 's/^2$/a/' src/app.txt && git commit -qam a");
        repository.Shell("b", "sed -i 's/^2$/b/' src/app.txt");
        repository.Shell("c", "sed -i 's/^28$/c/' src/app.txt && git add .");

        var pairs = repository.Worktrees.Forecast(null).Pairs;

        pairs.Select(pair => (pair.Left, pair.Right, pair.Conflicts!.Count)).Should().Equal(("a", "b", 1), ("a", "c", 0), ("b", "c", 0));
        pairs.Should().OnlyContain(pair => pair.Files.SequenceEqual(new[] { "src/app.txt" }));
    }

    [Fact]
    public void One_worktree_is_compared_with_the_others_only()
    {
        var repository = _repo.Open();
        foreach (var name in new[] { "a", "b", "c" })
        {
            repository.Make(name);
            repository.Shell(name, $"echo {name} > new.txt");
        }

        repository.Worktrees.Forecast("b").Pairs.Select(pair => pair.Left + pair.Right).Should().BeEquivalentTo("ab", "bc");
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Forecast("none"));
    }

    [Fact]
    public void A_conflict_with_the_base_as_it_is_now_is_foretold()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        repository.Shell("a", "echo theirs > README.md");
        repository.Work("b", "one.txt", "1");
        _repo.Write("README.md", "ours\n");
        _repo.Commit("ours");

        var found = repository.Worktrees.Forecast(null).WithBase.Should().ContainSingle().Which;

        (found.Name, found.Base).Should().Be(("a", "main"));
        found.Conflicts.Should().Equal("README.md");
    }

    [Fact]
    public void A_file_where_the_other_has_a_folder_and_a_renamed_folder_are_seen()
    {
        var repository = _repo.Open();
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            repository.Make(name);
        }

        repository.Shell("a", "echo 1 > thing");
        repository.Shell("b", "mkdir thing && echo 1 > thing/one.txt");
        repository.Shell("c", "git mv src lib && git commit -qm moved");
        repository.Work("d", "src/new.txt", "1");

        var pairs = repository.Worktrees.Forecast(null).Pairs;

        pairs.Should().Contain(pair => pair.Left == "a" && pair.Right == "b" && pair.Conflicts!.Count > 0);
        pairs.Should().Contain(pair => pair.Left == "c" && pair.Right == "d" && pair.Conflicts!.Count > 0);
    }

    [Fact]
    public void Nothing_is_written_and_no_merge_driver_runs()
    {
        var repository = _repo.Open();
        _repo.Write(".gitattributes", "*.txt merge=evil\n");
        _repo.Commit("attributes");
        var ran = Path.Join(_repo.Base, "ran");
        _repo.Git("config", "merge.evil.driver", $"touch {ran}");
        foreach (var name in new[] { "a", "b" })
        {
            repository.Make(name);
            repository.Shell(name, $"echo {name} > src/app.txt");
        }

        var before = (_repo.Snapshot(), Objects());

        repository.Worktrees.Forecast(null).Pairs.Should().ContainSingle().Which.Conflicts.Should().Equal("src/app.txt");

        (_repo.Snapshot(), Objects()).Should().Be(before);
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_large_file_is_known_by_name_only()
    {
        var repository = _repo.Open();
        foreach (var name in new[] { "a", "b" })
        {
            repository.Make(name);
            repository.Shell(name, $"head -c 11000000 /dev/zero > large.bin; echo {name} >> large.bin");
        }

        var pair = repository.Worktrees.Forecast(null).Pairs.Should().ContainSingle().Which;

        pair.Files.Should().Equal("large.bin");
        pair.TooLarge.Should().Equal("large.bin");
    }

    [Fact]
    public void A_worktree_that_cannot_be_read_is_named_and_does_not_hide_the_others()
    {
        var repository = _repo.Open();
        foreach (var name in new[] { "a", "b", "c" })
        {
            repository.Make(name);
            repository.Shell(name, $"echo {name} > new.txt");
        }

        File.Delete(Path.Join(_repo.Root, ".worktrees", "c", ".git"));

        var forecast = repository.Worktrees.Forecast(null);

        forecast.Pairs.Should().ContainSingle();
        forecast.NotRead.Should().ContainSingle().Which.Should().StartWith("c:");
    }

    private string Objects() => string.Join('\n', Directory.EnumerateFiles(Path.Join(_repo.Root, ".git", "objects"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
}

using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class IdentityTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_worktree_without_its_git_file_is_not_touched()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        File.WriteAllText(Path.Join(made.Directory, "work.txt"), "work");
        File.Delete(Path.Join(made.Directory, ".git"));

        RefusedEverywhere(repository, "a", ".git file");
    }

    [Fact]
    public void A_plain_folder_in_its_place_is_not_touched()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        Directory.Move(made.Directory, Path.Join(_repo.Base, "moved"));
        _repo.Write(".worktrees/a/mine.txt", "mine");

        RefusedEverywhere(repository, "a", ".git file");
    }

    [Fact]
    public void A_link_in_its_place_is_not_followed()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        var target = Path.Join(_repo.Base, "target");
        Directory.Move(made.Directory, target);
        Directory.CreateSymbolicLink(made.Directory, target);
        File.WriteAllText(Path.Join(target, "mine.txt"), "mine");
        var files = Directory.GetFileSystemEntries(target);

        RefusedEverywhere(repository, "a", "link");
        Directory.GetFileSystemEntries(target).Should().BeEquivalentTo(files);
    }

    [Fact]
    public void A_git_file_that_names_another_worktree_is_not_believed()
    {
        var repository = _repo.Open();
        var (a, b) = (repository.Make("a"), repository.Make("b"));
        File.Copy(Path.Join(b.Directory, ".git"), Path.Join(a.Directory, ".git"), overwrite: true);

        RefusedEverywhere(repository, "a", "another directory");
        repository.Row("b").Drift.Should().BeEmpty();
    }

    [Theory]
    [InlineData("gitdir: /nowhere\0at all\n")]
    [InlineData("gitdir: \n")]
    [InlineData("garbage")]
    [InlineData("")]
    [InlineData("gitdir: ../../.git\n")]
    public void A_git_file_with_garbage_is_a_refusal_and_no_fault(string text)
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        File.WriteAllText(Path.Join(made.Directory, ".git"), text);

        RefusedEverywhere(repository, "a", ".git file");
    }

    [Fact]
    public void A_rewritten_git_file_makes_nothing_run()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        var ran = Path.Join(_repo.Base, "ran");
        var fake = Path.Join(made.Directory, "build", "fake");
        _repo.Git("clone", "-q", "--bare", _repo.Root, fake);
        _repo.GitIn(fake, "config", "core.bare", "false");
        _repo.GitIn(fake, "config", "core.fsmonitor", $"touch '{ran}'");
        File.WriteAllText(Path.Join(made.Directory, ".git"), $"gitdir: {fake}\n");

        RefusedEverywhere(repository, "a", ".git file");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_record_whose_common_directory_was_rewritten_makes_nothing_run()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        var ran = Path.Join(_repo.Base, "ran");
        var fake = Path.Join(_repo.Base, "fake");
        _repo.Git("clone", "-q", "--bare", _repo.Root, fake);
        _repo.GitIn(fake, "config", "core.bare", "false");
        _repo.GitIn(fake, "config", "filter.x.clean", $"touch '{ran}'; cat");
        _repo.GitIn(fake, "update-ref", "refs/heads/wt/a", "HEAD");
        File.WriteAllText(Path.Join(made.Directory, ".gitattributes"), "* filter=x\n");
        File.WriteAllText(Path.Join(made.Directory, "README.md"), "changed\n");
        File.WriteAllText(Path.Join(_repo.Root, ".git", "worktrees", "a", "commondir"), fake + "\n");

        RefusedEverywhere(repository, "a", "common directory");
        File.Exists(ran).Should().BeFalse();
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData(".")]
    [InlineData(".worktrees/../../outside")]
    public void An_entry_that_points_out_of_the_repository_is_refused_and_the_rest_works(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        Directory.CreateDirectory(Path.Join(_repo.Base, "outside"));
        Edit("a", entry => entry["path"] = path);

        foreach (var call in Calls(repository, "a"))
        {
            _repo.By(RefusalCode.CorruptFile, call).Message.Should().Contain("\"a\"");
        }

        repository.Drift().Should().Contain(line => line.Contains("\"a\"", StringComparison.Ordinal));
        repository.Row("b").Drift.Should().BeEmpty();
        repository.Make("c");
        repository.Drop("b");
        Directory.Exists(Path.Join(_repo.Base, "outside")).Should().BeTrue();
    }

    [Fact]
    public void A_worktree_behind_a_link_is_not_worked_in()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        var outside = Path.Join(_repo.Base, "outside");
        Directory.CreateDirectory(outside);
        Directory.Move(made.Directory, Path.Join(outside, "a"));
        Directory.CreateSymbolicLink(Path.Join(_repo.Root, "sub"), outside);
        File.WriteAllText(Path.Join(_repo.Root, ".git", "worktrees", "a", "gitdir"), Path.Join(_repo.Root, "sub", "a", ".git") + "\n");
        Edit("a", entry => entry["path"] = "sub/a");

        RefusedEverywhere(repository, "a", "link");
        Directory.Exists(Path.Join(outside, "a")).Should().BeTrue();
    }

    [Theory]
    [InlineData(".git")]
    [InlineData(".git/refs")]
    [InlineData(".worktrees")]
    [InlineData(".worktrees/.trash/1")]
    [InlineData(".tasks")]
    public void An_entry_that_points_at_a_folder_of_gits_or_ours_is_set_aside(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Task();
        Edit("a", entry => entry["path"] = path);

        foreach (var call in Calls(repository, "a"))
        {
            _repo.By(RefusalCode.CorruptFile, call).Message.Should().Contain("path");
        }
    }

    [Theory]
    [InlineData("src")]
    public void An_entry_that_points_at_a_folder_of_the_repository_is_refused(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Task();
        Edit("a", entry => entry["path"] = path);

        RefusedEverywhere(repository, "a", ".git file");
    }

    [Fact]
    public void A_worktree_that_git_moved_is_said_to_be_elsewhere_and_left_there()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        var elsewhere = Path.Join(_repo.Base, "elsewhere");
        File.WriteAllText(Path.Join(made.Directory, "work.txt"), "work");
        _repo.Git("worktree", "move", made.Directory, elsewhere);

        repository.Row("a").Drift.Should().ContainSingle().Which.Should().Contain(elsewhere);
        _repo.By(RefusalCode.NotFound, () => repository.Shell("a", "true")).Message.Should().Contain(elsewhere);
        repository.Drop("a").BranchKept.Should().Contain(elsewhere);
        File.ReadAllText(Path.Join(elsewhere, "work.txt")).Should().Be("work");
        _repo.GitIn(elsewhere, "status", "--porcelain").Should().Be("?? work.txt");
    }

    private void RefusedEverywhere(Repository repository, string name, string evidence)
    {
        foreach (var call in Calls(repository, name))
        {
            _repo.By(RefusalCode.NotFound, call).Message.Should().Contain(evidence);
        }

        repository.Row(name).Drift.Should().ContainSingle().Which.Should().Contain(evidence);
        repository.Row(name).Changes.Should().BeNull();
        repository.Worktrees.Status(name).View.Drift.Should().ContainSingle();
    }

    private static Action[] Calls(Repository repository, string name) =>
    [
        () => repository.Shell(name, "touch ran"),
        () => repository.Drop(name),
        () => repository.Drop(name, force: true),
    ];

    private void Edit(string name, Action<JsonObject> edit)
    {
        var index = JsonNode.Parse(File.ReadAllText(_repo.Layout.Index))!;
        edit(index["worktrees"]!.AsArray().OfType<JsonObject>().Single(entry => (string?)entry["name"] == name));
        File.WriteAllText(_repo.Layout.Index, index.ToJsonString());
    }
}

using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Doctor;

public sealed class BrokenRecordsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    private string MakeWithWork()
    {
        using var repository = _repo.Open();
        var directory = repository.Make("a").Directory;
        File.WriteAllText(Path.Join(directory, "README.md"), "changed\n");
        File.WriteAllText(Path.Join(directory, "new.txt"), "new\n");
        _repo.GitIn(directory, "add", "new.txt");
        return directory;
    }

    [Fact]
    public void A_sound_repository_has_nothing_to_report()
    {
        MakeWithWork();
        using var repository = _repo.Open();

        repository.Examine().Should().BeEmpty();
        repository.Repair().Should().BeEmpty();
    }

    [Theory]
    [InlineData("commondir", "")]
    [InlineData("commondir", null)]
    [InlineData("HEAD", "")]
    [InlineData("HEAD", null)]
    [InlineData("HEAD", "0000000000000000000000000000000000000000\n")]
    [InlineData("gitdir", "")]
    [InlineData("gitdir", null)]
    [InlineData("index", null)]
    [InlineData("index", "torn")]
    public void A_broken_record_of_ours_is_completed_and_no_work_is_lost(string file, string? content)
    {
        var directory = MakeWithWork();
        var path = Path.Join(_repo.Record("a"), file);
        File.Delete(path);
        if (content is not null)
        {
            File.WriteAllText(path, content);
        }

        _repo.Repairs("record_broken");

        _repo.Git("worktree", "list").Should().Contain("[wt/a]");
        _repo.GitIn(directory, "status", "--porcelain").Should().Be(file == "index" ? " M README.md\n?? new.txt" : " M README.md\nA  new.txt", "what is staged stays where the index is whole");
        File.ReadAllText(Path.Join(directory, "README.md")).Should().Be("changed\n");
        _repo.Git("worktree", "prune");
        _repo.GitIn(directory, "branch", "--show-current").Should().Be("wt/a");
    }

    [Fact]
    public void An_empty_commondir_makes_git_fail_and_tasks_still_work()
    {
        MakeWithWork();
        File.WriteAllText(Path.Join(_repo.Record("a"), "commondir"), string.Empty);
        TempRepository.TryGit(_repo.Root, "worktree", "list").Exit.Should().Be(128);

        using var repository = _repo.Open();
        repository.Task().Should().Be(1);
        _repo.Finds("record_broken").Message.Should().Contain("commondir").And.Contain("\"a\"").And.Contain("git worktree list");
    }

    [Fact]
    public void A_record_that_was_pruned_is_made_anew_around_its_files()
    {
        var directory = MakeWithWork();
        Directory.Delete(_repo.Record("a"), recursive: true);

        _repo.Repairs("record_missing");

        _repo.GitIn(directory, "status", "--porcelain").Should().Be(" M README.md\n?? new.txt");
        _repo.GitIn(directory, "branch", "--show-current").Should().Be("wt/a");
    }

    [Fact]
    public void A_broken_record_of_somebody_else_is_only_named()
    {
        using (var repository = _repo.Open())
        {
            repository.Task();
        }

        _repo.Git("worktree", "add", "-q", Path.Join(_repo.Base, "theirs"));
        File.WriteAllText(Path.Join(_repo.Record("theirs"), "commondir"), string.Empty);

        _repo.LeavesToAPerson("record_broken", FindingSeverity.Error).Subject.Should().Be(_repo.Record("theirs"));
        File.ReadAllText(Path.Join(_repo.Record("theirs"), "commondir")).Should().BeEmpty();
    }

    [Fact]
    public void A_record_with_our_name_that_belongs_to_another_directory_is_not_ours()
    {
        MakeWithWork();
        _repo.Git("worktree", "remove", "--force", ".worktrees/a");
        _repo.Git("worktree", "add", "-q", "--force", Path.Join(_repo.Base, "a"), "wt/a");
        File.WriteAllText(Path.Join(_repo.Record("a"), "HEAD"), string.Empty);

        _repo.Finds("record_broken").Repairable.Should().BeFalse();
    }

    [Fact]
    public void What_a_killed_creation_left_of_a_record_is_set_aside()
    {
        MakeWithWork();
        using (var repository = _repo.Open())
        {
            repository.Drop("a", force: true);
        }

        Directory.CreateDirectory(_repo.Record("a1"));
        File.WriteAllText(Path.Join(_repo.Record("a1"), "locked"), "initializing");
        File.WriteAllText(Path.Join(_repo.Record("a1"), "commondir"), string.Empty);

        _repo.Repairs("record_half_made");

        Directory.Exists(_repo.Record("a1")).Should().BeFalse();
        Directory.GetDirectories(_repo.Layout.Quarantine, "record-a1-*").Should().ContainSingle();
        _repo.Git("worktree", "list").Should().NotBeEmpty();
    }

    [Fact]
    public void A_broken_record_in_the_trash_is_completed_with_its_commit()
    {
        MakeWithWork();
        string tree;
        using (var repository = _repo.Open())
        {
            tree = repository.Drop("a", force: true).TrashDirectory!;
        }

        File.WriteAllText(Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1", "commondir"), string.Empty);
        File.WriteAllText(Path.Join(_repo.Layout.TrashedRecords, "wtmcp-trash-1", "HEAD"), string.Empty);

        _repo.Repairs("record_broken");

        _repo.GitIn(tree, "status", "--porcelain").Should().Be(" M README.md\nA  new.txt");
        _repo.GitIn(tree, "branch", "--show-current").Should().BeEmpty();
    }
}

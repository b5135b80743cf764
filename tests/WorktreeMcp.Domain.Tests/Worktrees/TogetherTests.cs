using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Tests.Spares;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Spares, trash, restoration, landings, runs and the doctor in one repository: none takes the other's things for its own.</summary>
public sealed class TogetherTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_worktree_from_a_spare_goes_through_its_whole_life_and_the_doctor_finds_nothing()
    {
        using var repository = _repo.Open();
        repository.Tend(2);
        Healthy(repository);
        var made = repository.Make("a", repository.Task());
        made.IsFromSpare().Should().BeTrue();
        repository.Tend(2);
        repository.Work("a", "one.txt", "1");
        File.WriteAllText(Path.Join(made.Directory, "kept.ignored"), "mine");
        Healthy(repository);

        repository.Drop("a");
        repository.Tend(2);
        Healthy(repository);
        repository.Worktrees.Restore("a", null, null, Steps.By).Detached.Should().BeNull();
        repository.Tend(2);
        File.ReadAllText(Path.Join(made.Directory, "kept.ignored")).Should().Be("mine");
        Healthy(repository);

        repository.Land("a", LandingStrategy.Squash, verify: "test -e one.txt", remove: true).Removal.Should().NotBeNull();
        repository.Tend(1);
        Healthy(repository);
        repository.Trash().Empty(repository.Trash().Items(measure: true), Steps.By).Should().ContainSingle();
        Healthy(repository);
        _repo.Git("fsck", "--full", "--strict").Should().NotContain("missing");
        _repo.SpareFolders().Should().ContainSingle();
    }

    [Fact]
    public void What_a_confined_command_leaves_is_nothing_to_the_doctor()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        using var repository = _repo.Open(settings: new RepositorySettings { Run = new RunSettings { Sandbox = SandboxMode.Required } });
        repository.Tend(1);
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        Healthy(repository);
    }

    [Fact]
    public void A_spare_that_a_killed_server_left_half_made_is_nothing_to_the_doctor()
    {
        using var repository = _repo.Open();
        repository.Tend(1);
        var name = SpareShelf.NewName();
        _repo.Git("worktree", "add", "-q", "--detach", "--no-checkout", "--lock", Path.Join(_repo.Layout.Spares, name));
        File.WriteAllText(Path.Join(_repo.Layout.CommonDirectory, "worktrees", name, "index.lock"), string.Empty);
        var other = Path.Join(_repo.Layout.CommonDirectory, "worktrees", SpareShelf.NewName());
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Join(other, "locked"), "initializing");
        File.WriteAllText(Path.Join(other, "commondir"), "../..\n");

        Healthy(repository);
    }

    [Fact]
    public void A_record_of_a_spare_that_stops_all_of_git_is_set_aside()
    {
        using var repository = _repo.Open();
        repository.Make("a");
        var record = Path.Join(_repo.Layout.CommonDirectory, "worktrees", SpareShelf.NewName());
        Directory.CreateDirectory(record);
        File.WriteAllText(Path.Join(record, "commondir"), string.Empty);

        repository.Examine().Should().ContainSingle().Which.Code.Should().Be("record_half_made");
        repository.Repair();

        Healthy(repository);
        Directory.Exists(record).Should().BeFalse();
    }

    [Fact]
    public void A_spare_that_was_set_aside_leaves_the_trash_in_its_time()
    {
        using var repository = _repo.Open();
        repository.Tend(1);
        File.WriteAllText(Path.Join(_repo.SpareFolders().Single(), "mine.txt"), "mine");
        repository.Tend(0);

        var item = repository.Trash().Items(measure: true).Should().ContainSingle().Which;
        _repo.GitIn(Path.Join(_repo.Layout.TrashBeside, $"{item.Id}"), "status", "--porcelain").Should().Be("?? mine.txt");
        repository.Make("a").Worktree.Id.Should().NotBe(item.Id);
        repository.Trash().Empty([item], Steps.By).Should().ContainSingle();

        Healthy(repository);
        _repo.Git("worktree", "list").Split('\n').Should().HaveCount(2);
    }

    [Fact]
    public void A_repository_that_is_moved_with_spares_and_trash_works_on()
    {
        using (var before = _repo.Open())
        {
            before.Tend(2);
            before.Make("a").IsFromSpare().Should().BeTrue();
            before.Make("b").IsFromSpare().Should().BeTrue();
            before.Work("b", "one.txt", "1");
            before.Drop("b");
            before.Tend(2);
        }

        var root = Path.Join(_repo.Base, "elsewhere");
        Directory.Move(_repo.Root, root);
        using var repository = Repository.Open(root);

        repository.Worktrees.Status("a").View.Drift.Should().BeEmpty();
        repository.Worktrees.Restore("b", null, null, Steps.By).Detached.Should().BeNull();
        repository.Tend(1);

        Healthy(repository);
        _repo.GitIn(root, "worktree", "list", "--porcelain").Should().NotContain("prunable").And.NotContain(_repo.Root + "/");
        Directory.GetDirectories(Path.Join(root, ".worktrees/.spares")).Should().ContainSingle();
        Directory.Move(root, _repo.Root);
    }

    [Fact]
    public void A_copy_of_a_repository_leaves_the_spares_of_the_original_alone()
    {
        using var repository = _repo.Open();
        repository.Tend(1);
        var spare = _repo.SpareFolders().Single();
        var copy = Path.Join(_repo.Base, "copy");
        System.Diagnostics.Process.Start("cp", ["-a", _repo.Root, copy]).WaitForExit();

        using var other = Repository.Open(copy);
        other.Tend(1);
        other.Make("a");

        _repo.SpareFolders().Should().Equal(spare);
        repository.Make("b").IsFromSpare().Should().BeTrue();
        Healthy(repository);
    }

    [Fact]
    public void Worktrees_are_adopted_and_spares_are_not()
    {
        int task;
        using (var before = _repo.Open())
        {
            before.Tend(2);
            task = before.Task();
            before.Make("a", task).IsFromSpare().Should().BeTrue();
            before.Tend(2);
        }

        foreach (var path in new[] { _repo.Layout.Index, _repo.Layout.OperationLog, _repo.Layout.Events })
        {
            File.Delete(path);
        }

        using var repository = _repo.Open();

        repository.Worktrees.List(null, 50, null).Worktrees.Should().ContainSingle().Which.Worktree.TaskId.Should().Be(task);
        repository.Tend(1);
        Healthy(repository);
        _repo.SpareFolders().Should().ContainSingle();
    }

    [Fact]
    public void A_thorough_clean_of_the_main_checkout_leaves_worktrees_spares_and_trash()
    {
        using var repository = _repo.Open();
        repository.Tend(2);
        repository.Make("a").IsFromSpare().Should().BeTrue();
        repository.Make("b").IsFromSpare().Should().BeTrue();
        repository.Work("b", "one.txt", "1");
        repository.Drop("b");
        repository.Tend(2);

        _repo.Git("clean", "-fdxq");

        repository.Worktrees.Restore("b", null, null, Steps.By).Detached.Should().BeNull();
        repository.Make("c").IsFromSpare().Should().BeTrue();
        repository.Worktrees.Names.Should().Equal("a", "b", "c");
        Healthy(repository);
    }

    private static void Healthy(Repository repository) => repository.Examine().Should().BeEmpty();
}

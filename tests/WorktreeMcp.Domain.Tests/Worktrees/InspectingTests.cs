using FluentAssertions;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class InspectingTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Where_commits_get_other_parents_it_is_counted_anew_how_far_they_are()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "git commit -q --allow-empty -m one && git commit -q --allow-empty -m two");
        repository.Row("a").Ahead.Should().Be(2);

        repository.Shell("a", "git replace --graft HEAD main").Run.ExitCode.Should().Be(0);

        repository.Row("a").Ahead.Should().Be(1);
    }

    [Fact]
    public void A_row_counts_what_is_uncommitted_and_how_far_it_is_from_its_base_now()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Shell("a", "echo 1 > one && git add one && git commit -qm one && echo 2 > two && git add two && git commit -qm two");
        repository.Shell("a", "echo 3 > staged && git add staged && echo 4 > README.md && echo 5 > untracked && echo 6 > x.ignored");
        _repo.Write("base.txt", "moved");
        _repo.Commit("base moved");

        var row = repository.Row("a");

        row.Changes.Should().Be(new ChangeCounts(Staged: 1, Modified: 1, Untracked: 1, Conflicted: 0, Count: 3));
        var files = repository.Worktrees.Status("a").Files!;
        files.Staged.Should().Equal("staged");
        files.Modified.Should().Equal("README.md");
        files.Untracked.Should().Equal("untracked");
        files.Ignored.Should().BeEmpty();
        (row.Ahead, row.Behind).Should().Be((2, 1));
        row.Owner.Should().Be(Steps.By);
        row.Drift.Should().BeEmpty();
        repository.Worktrees.Status("a").Commits.Select(c => c.Subject).Should().Equal("two", "one");
        repository.Worktrees.Of(repository.Board.Get(task).Task)!.Ahead.Should().Be(2);
    }

    [Fact]
    public void A_conflict_with_the_base_is_predicted_without_touching_anything()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        repository.Shell("a", "sed -i s/two/TWO/ src/app.txt && git commit -qam theirs");
        repository.Shell("b", "echo 1 > other && git add . && git commit -qm other");
        _repo.Write("src/app.txt", "one\nzwei\nthree\n");
        _repo.Commit("ours");
        var objects = Directory.GetFiles(Path.Join(_repo.Root, ".git", "objects"), "*", SearchOption.AllDirectories).Length;

        repository.Worktrees.Status("a").Conflicts.Should().Equal("src/app.txt");
        repository.Worktrees.Status("b").Conflicts.Should().BeEmpty();
        Directory.GetFiles(Path.Join(_repo.Root, ".git", "objects"), "*", SearchOption.AllDirectories).Should().HaveCount(objects);
    }

    [Fact]
    public void A_merge_driver_of_the_repository_does_not_run_when_a_conflict_is_predicted()
    {
        var ran = Path.Join(_repo.Base, "ran");
        _repo.Git("config", "merge.mine.driver", $"touch '{ran}'; true");
        _repo.Write(".gitattributes", "* merge=mine\n");
        _repo.Commit("attributes");
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", "sed -i s/two/TWO/ src/app.txt && git commit -qam theirs");
        _repo.Write("src/app.txt", "one\nzwei\nthree\n");
        _repo.Commit("ours");

        repository.Worktrees.Status("a").Conflicts.Should().NotBeNull();
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void Rows_are_filtered_and_paged_oldest_first()
    {
        var repository = _repo.Open();
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            repository.Make(name);
        }

        repository.Drop("b");
        repository.Worktrees.Keep("c", null, completeTask: false, Steps.By);

        var first = repository.Worktrees.List(null, 2, null);
        first.Worktrees.Select(r => r.Worktree.Name).Should().Equal("a", "c");
        first.Total.Should().Be(3);
        var second = repository.Worktrees.List(null, 2, first.NextCursor);
        second.Worktrees.Select(r => r.Worktree.Name).Should().Equal("d");
        second.NextCursor.Should().BeNull();
        repository.Worktrees.List(WorktreeState.Kept, 9, null).Worktrees.Single().Worktree.Name.Should().Be("c");
        repository.Worktrees.List(WorktreeState.Removed, 9, null).Worktrees.Single().Worktree.Name.Should().Be("b");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.List(null, 2, "nonsense")).Message.Should().Contain("cursor");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.List(null, 0, null)).Message.Should().Contain("limit");
    }

    [Fact]
    public void A_status_of_what_is_not_there_names_what_is()
    {
        var repository = _repo.Open();
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Status("a")).Message.Should().Contain("no worktrees");
        repository.Make("b");
        repository.Make("gone");
        repository.Drop("gone");

        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Status("a")).Message.Should().Contain("\"b\"");
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Status("gone")).Message.Should().Contain("removed");
    }

    [Fact]
    public void A_damaged_index_of_one_worktree_leaves_the_other_rows_alone()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        File.WriteAllText(Path.Join(_repo.Root, ".git", "worktrees", "a", "index"), "garbage");

        repository.Row("a").Drift.Should().ContainSingle().Which.Should().Contain("index");
        repository.Row("b").Drift.Should().BeEmpty();
    }

    [Fact]
    public void A_lock_in_git_is_shown()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        _repo.Git("worktree", "lock", "--reason", "on a stick", made.Directory);

        repository.Worktrees.Status("a").Locked.Should().Be("on a stick");
    }
}

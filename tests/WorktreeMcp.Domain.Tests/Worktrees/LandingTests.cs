using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class LandingTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_merge_lands_the_branch_and_moves_the_clean_checkout_with_it()
    {
        var repository = _repo.Open();
        var task = repository.Task("Add the greeting");
        repository.Make("a", task);
        repository.Work("a", "greeting.txt", "hello");
        _repo.Write("other.txt", "by hand\n");
        var before = _repo.Commit("by hand");

        var landed = repository.Land("a");

        landed.From.Should().Be(before);
        _repo.Git("rev-parse", "main").Should().Be(landed.To);
        _repo.Git("log", "-1", "--format=%s%n%P").Should().Be($"Merge wt/a: Add the greeting (task 1)\n{before} {_repo.Git("rev-parse", "wt/a")}");
        _repo.Read("greeting.txt").Should().Be("hello\n");
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        landed.Checkout.Should().Be(_repo.Root);
        (landed.Commits, landed.Files, landed.Step.Task!.Status).Should().Be((1, 1, TaskState.InProgress));
        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.after"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_commits_that_a_squash_leaves_behind_survive_a_gc_that_overlooks_gits_record_of_the_worktree(bool remove)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Work("a", "two.txt", "2");
        var tip = _repo.Git("rev-parse", "wt/a");

        repository.Land("a", LandingStrategy.Squash, remove: remove);
        if (!remove)
        {
            repository.Drop("a").BranchDeleted.Should().BeTrue("its reflog goes with it");
        }

        foreach (var record in Directory.GetDirectories(Path.Join(_repo.Layout.CommonDirectory, "worktrees")))
        {
            Directory.Move(record, Path.Join(_repo.Base, Path.GetFileName(record)));
        }

        _repo.Git("prune", "--expire=now");

        _repo.Git("branch", "--all", "--contains", tip).Should().BeEmpty();
        _repo.Git("log", "--format=%s", "-2", tip).Should().Be("two.txt\none.txt");
    }

    [Fact]
    public void A_squash_makes_one_commit_and_moves_the_branch_to_it()
    {
        var repository = _repo.Open();
        var made = repository.Make("a", repository.Task("Two steps"));
        repository.Work("a", "one.txt", "1");
        repository.Work("a", "two.txt", "2");
        _repo.Write("other.txt", "by hand\n");
        var before = _repo.Commit("by hand");
        File.WriteAllText(Path.Join(made.Directory, "kept.ignored"), "mine\n");

        var landed = repository.Land("a", LandingStrategy.Squash);

        _repo.Git("log", "--format=%s%n%b", $"{before}..main").Trim().Should().Be("Two steps (task 1)\n* one.txt\n* two.txt");
        _repo.Git("rev-parse", "main^").Should().Be(before);
        landed.BranchMoved.Should().BeTrue();
        _repo.Git("rev-parse", "wt/a").Should().Be(landed.To);
        _repo.GitIn(made.Directory, "status", "--porcelain", "--branch").Should().Be("## wt/a");
        File.ReadAllText(Path.Join(made.Directory, "kept.ignored")).Should().Be("mine\n");
        File.ReadAllText(Path.Join(made.Directory, "other.txt")).Should().Be("by hand\n");
        repository.Row("a").Drift.Should().BeEmpty();
    }

    [Fact]
    public void A_rebase_keeps_each_commit_with_its_author_and_message()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        File.WriteAllText(Path.Join(made.Directory, "two.txt"), "2\n");
        _repo.GitIn(made.Directory, "add", ".");
        _repo.GitIn(made.Directory, "commit", "-q", "--author=Ann <ann@example.org>", "--date=2020-01-02T03:04:05+0200", "-m", "second\n\n  A body.");
        _repo.Write("other.txt", "by hand\n");
        var before = _repo.Commit("by hand");

        var landed = repository.Land("a", LandingStrategy.Rebase);

        landed.Commits.Should().Be(2);
        _repo.Git("rev-list", "--count", "--merges", "main").Should().Be("0");
        _repo.Git("log", "-1", "--format=%an %ae %aI%n%B", "main").Should().Be("Ann ann@example.org 2020-01-02T03:04:05+02:00\nsecond\n\n  A body.");
        _repo.Git("rev-parse", "main~2").Should().Be(before);
        _repo.GitIn(made.Directory, "status", "--porcelain", "--branch").Should().Be("## wt/a");
        _repo.Git("rev-parse", "wt/a").Should().Be(landed.To);
    }

    [Theory]
    [InlineData(LandingStrategy.Merge)]
    [InlineData(LandingStrategy.Squash)]
    public void The_commit_bears_the_callers_message_and_the_name_that_git_is_configured_with(LandingStrategy strategy)
    {
        var repository = _repo.Open();
        repository.Make("a", repository.Task("Not this"));
        repository.Work("a", "one.txt", "1");
        _repo.Git("config", "user.name", "Ann");
        _repo.Git("config", "user.email", "ann@example.org");

        repository.Worktrees.Land(new LandingRequest("a", null, strategy, " Say hello\n\nBecause it is polite.\n", null, TimeSpan.FromMinutes(2), CompleteTask: false, Remove: false), Steps.By, _ => { }, CancellationToken.None);

        _repo.Git("log", "-1", "--format=%an %ae %cn %ce%n%B", "main").Should().Be("Ann ann@example.org Ann ann@example.org\nSay hello\n\nBecause it is polite.");
    }

    [Fact]
    public void A_rebase_onto_an_unmoved_base_takes_the_commits_as_they_are()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var tip = _repo.Git("rev-parse", "wt/a");

        repository.Land("a", LandingStrategy.Rebase).To.Should().Be(tip);
    }

    [Fact]
    public void Local_changes_elsewhere_stay_as_they_are()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Write("README.md", "not committed\n");
        _repo.Write("untracked.txt", "mine\n");
        _repo.Write("src/app.txt", "staged\n");
        _repo.Git("add", "src/app.txt");
        var status = _repo.Git("status", "--porcelain");

        repository.Land("a");

        _repo.Git("status", "--porcelain").Should().Be(status);
        _repo.Read("one.txt").Should().Be("1\n");
    }

    [Fact]
    public void A_base_that_is_checked_out_elsewhere_moves_there()
    {
        var repository = _repo.Open();
        _repo.Git("branch", "release");
        var elsewhere = Path.Join(_repo.Base, "elsewhere");
        _repo.Git("worktree", "add", "-q", elsewhere, "release");
        repository.Make("a", baseRef: "release");
        repository.Work("a", "one.txt", "1");

        var landed = repository.Land("a");

        landed.Checkout.Should().Be(elsewhere);
        File.ReadAllText(Path.Join(elsewhere, "one.txt")).Should().Be("1\n");
        _repo.GitIn(elsewhere, "status", "--porcelain").Should().BeEmpty();
        _repo.Has("one.txt").Should().BeFalse();
    }

    [Fact]
    public void A_base_that_is_nowhere_checked_out_moves_alone()
    {
        var repository = _repo.Open();
        _repo.Git("branch", "release");
        repository.Make("a", baseRef: "release");
        repository.Work("a", "one.txt", "1");

        var landed = repository.Land("a");

        landed.Checkout.Should().BeNull();
        _repo.Git("rev-parse", "release").Should().Be(landed.To);
        _repo.Git("status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void The_whole_life_ends_in_one_call()
    {
        var repository = _repo.Open();
        var first = repository.Task("first");
        var waits = repository.Board.Create(new NewTask("second", BlockedBy: [first]), Steps.By).View.Task.Id;
        repository.Make("a", first);
        repository.Work("a", "one.txt", "1");

        var landed = repository.Land("a", LandingStrategy.Squash, complete: true, remove: true);

        landed.Step.Task!.Status.Should().Be(TaskState.Completed);
        landed.Step.NowReady.Should().Equal(waits);
        landed.Removal!.BranchDeleted.Should().BeTrue();
        _repo.Git("branch", "--list", "wt/*").Should().BeEmpty();
        _repo.Has(".worktrees/a").Should().BeFalse();
        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.after", "task.completed", "worktree.remove.before", "worktree.remove.after"]);
    }

    [Fact]
    public void A_worktree_with_nothing_to_land_says_so()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Work("a", "one.txt", "1");
        repository.Land("a");

        var again = repository.Land("a", complete: true);

        again.Step.Already.Should().BeTrue();
        again.To.Should().Be(again.From);
        again.Step.Task!.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public void Landed_again_after_more_work_only_the_new_commits_count()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Land("a", LandingStrategy.Squash);
        repository.Work("a", "one.txt", "2");

        repository.Land("a", LandingStrategy.Squash).Commits.Should().Be(1);
        _repo.Read("one.txt").Should().Be("2\n");
    }

    [Fact]
    public void A_squash_does_not_move_the_branch_of_a_worktree_that_is_in_use()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Work("a", "two.txt", "2");
        var tip = _repo.Git("rev-parse", "wt/a");
        using var lease = WorktreeLock.Try(_repo.Layout, made.Worktree.Id, shared: true);

        var landed = repository.Land("a", LandingStrategy.Squash);

        landed.BranchMoved.Should().BeFalse();
        landed.Notes.Should().ContainSingle().Which.ToString().Should().Contain("wt/a still holds its own commits");
        _repo.Git("rev-parse", "wt/a").Should().Be(tip);
        _repo.By(RefusalCode.WorktreeBusy, () => repository.Land("a", remove: true));
    }

    [Fact]
    public void Skipped_hooks_are_named_and_do_not_run()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var ran = Path.Join(_repo.Base, "ran");
        foreach (var hook in new[] { "pre-commit", "commit-msg", "post-merge", "reference-transaction" })
        {
            Directory.CreateDirectory(Path.Join(_repo.Root, ".git", "hooks"));
            Programs.Write(Path.Join(_repo.Root, ".git", "hooks", hook), $"#!/bin/sh\necho {hook} >> {ran}\n");
        }

        repository.Land("a").Notes.Should().ContainSingle().Which.ToString().Should().ContainAll("pre-commit", "commit-msg", "post-merge");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_merge_driver_of_the_repository_does_not_run()
    {
        var repository = _repo.Open();
        _repo.Write(".gitattributes", "*.txt merge=evil\n");
        _repo.Commit("attributes");
        var ran = Path.Join(_repo.Base, "ran");
        _repo.Git("config", "merge.evil.driver", $"touch {ran} && cp %B %A");
        repository.Make("a");
        repository.Work("a", "src/app.txt", "theirs");
        _repo.Write("src/app.txt", "ours\n");
        _repo.Commit("ours");

        _repo.By(RefusalCode.MergeConflict, () => repository.Land("a"));
        File.Exists(ran).Should().BeFalse();
    }
}

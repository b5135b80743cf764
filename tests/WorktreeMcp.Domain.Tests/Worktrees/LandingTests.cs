using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Worktrees;
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

    [Fact]
    public void A_rebase_onto_an_unmoved_base_takes_the_commits_as_they_are()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var tip = _repo.Git("rev-parse", "wt/a");

        repository.Land("a", LandingStrategy.Rebase).To.Should().Be(tip);
    }

    [Theory]
    [InlineData(LandingStrategy.Merge)]
    [InlineData(LandingStrategy.Squash)]
    [InlineData(LandingStrategy.Rebase)]
    public void A_conflict_names_the_files_and_changes_nothing(LandingStrategy strategy)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "src/app.txt", "theirs");
        repository.Work("a", "fine.txt", "fine");
        _repo.Write("src/app.txt", "ours\n");
        _repo.Commit("by hand");

        _repo.By(RefusalCode.MergeConflict, () => repository.Land("a", strategy)).Message.Should().Contain("src/app.txt").And.NotContain("fine.txt");

        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.failed"]);
    }

    [Fact]
    public void Uncommitted_work_is_refused_with_the_list()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Shell("a", "echo x > new.txt; echo y > README.md; echo z > staged.txt; git add staged.txt; echo i > some.ignored");

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Land("a")).Message.Should().ContainAll("new.txt", "README.md", "staged.txt").And.NotContain("some.ignored");
    }

    [Fact]
    public void Local_changes_in_files_that_the_landing_touches_refuse_it()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "README.md", "theirs");
        _repo.Write("README.md", "not committed\n");

        _repo.By(RefusalCode.BaseDirty, () => repository.Land("a")).Message.Should().Contain("README.md").And.Contain(_repo.Root);
        _repo.Read("README.md").Should().Be("not committed\n");
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

    [Theory]
    [InlineData(".env.ignored")]
    [InlineData("untracked.txt")]
    public void A_file_that_the_landing_would_overwrite_refuses_it(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Shell("a", $"echo theirs > {path} && git add -f {path} && git commit -qm {path}");
        _repo.Write(path, "secret\n");

        _repo.By(RefusalCode.BaseDirty, () => repository.Land("a")).Message.Should().Contain(path);
        _repo.Read(path).Should().Be("secret\n");
    }

    [Fact]
    public void A_base_in_the_middle_of_something_refuses()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Git("branch", "side");
        _repo.Write("README.md", "ours\n");
        _repo.Commit("ours");
        _repo.Git("checkout", "-q", "side");
        _repo.Write("README.md", "theirs\n");
        _repo.Commit("theirs");
        _repo.Git("checkout", "-q", "main");
        TempRepository.TryGit(_repo.Root, "merge", "side").Exit.Should().NotBe(0);

        _repo.By(RefusalCode.BaseDirty, () => repository.Land("a")).Message.Should().Contain("a merge is in progress");
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

    [Theory]
    [InlineData("v1")]
    [InlineData("HEAD~0")]
    public void A_base_that_is_no_branch_asks_for_one(string baseRef)
    {
        var repository = _repo.Open();
        _repo.Git("tag", "v1");
        repository.Make("a", baseRef: baseRef);
        repository.Work("a", "one.txt", "1");

        _repo.By(RefusalCode.InvalidArgument, () => repository.Land("a")).Hint.Should().Contain("into").And.Contain("main");
        repository.Land("a", into: "main").Into.Should().Be("main");
    }

    [Fact]
    public void A_branch_that_is_not_there_or_the_own_one_is_refused()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        _repo.By(RefusalCode.NotFound, () => repository.Land("a", into: "nowhere")).Message.Should().Contain("main");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Land("a", into: "wt/a"));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Land("a", into: "--all"));
    }

    [Fact]
    public void A_failing_command_changes_nothing_and_its_end_is_shown()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        var refusal = _repo.By(RefusalCode.VerifyFailed, () => repository.Land("a", verify: "cat one.txt; echo \"broken\" >&2; exit 3"));

        refusal.Message.Should().Contain("exit code 3").And.Contain("1\nbroken");
        var next = NamedCall.Parse(refusal.Next!);
        next.Tool.Should().Be("worktree_run");
        next.Arguments!["name"]!.GetValue<string>().Should().Be("a");
        next.Arguments["command"]!.GetValue<string>().Should().Be("cat one.txt; echo \"broken\" >&2; exit 3");
        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.failed"]);
        Leftovers().Should().BeEmpty();
    }

    [Fact]
    public void A_secret_in_a_command_that_verifies_is_not_put_on_record()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        var refusal = _repo.By(RefusalCode.VerifyFailed, () => repository.Land("a", verify: "MY_TOKEN=abcdef123456 sh -c 'exit 3'"));

        refusal.Message.Should().Contain("MY_TOKEN=***");
        refusal.Next.Should().Be("worktree_run(name: \"a\", command: \"...\")");

        string.Join('\n', _repo.EventLines()).Should().Contain("MY_TOKEN=***").And.NotContain("abcdef123456");
    }

    [Fact]
    public void The_command_runs_at_the_merged_commit_in_a_checkout_that_git_does_not_list()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Write("other.txt", "by hand\n");
        _repo.Commit("by hand");

        var landed = repository.Land("a", verify: "cat one.txt other.txt && git rev-parse HEAD && git status --porcelain && git worktree list | wc -l && git describe --all --contains HEAD~1 && echo junk > junk.txt");

        landed.Verified!.Output.Text.Split('\n').Should().StartWith(["1", "by hand", landed.To, "2"]);
        Leftovers().Should().BeEmpty();
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
        using var lease = WorktreeMcp.Domain.Storage.Lease.Try(_repo.Layout, made.Worktree.Id, shared: true);

        var landed = repository.Land("a", LandingStrategy.Squash);

        landed.BranchMoved.Should().BeFalse();
        landed.Notes.Should().ContainSingle().Which.Should().Contain("wt/a still holds its own commits");
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
            Steps.Script(Path.Join(_repo.Root, ".git", "hooks", hook), $"#!/bin/sh\necho {hook} >> {ran}\n");
        }

        repository.Land("a").Notes.Should().ContainSingle().Which.Should().ContainAll("pre-commit", "commit-msg", "post-merge");
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

    [Fact]
    public void A_missing_name_is_named()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Git("config", "--unset", "user.name");
        _repo.Git("config", "--unset", "user.email");
        _repo.Git("config", "user.useConfigOnly", "true");
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _repo.Base };
        using var nobody = Repository.Open(_repo.Root, new RepositorySettings(), environment);

        _repo.By(RefusalCode.GitFailed, () => nobody.Land("a")).Hint.Should().Contain("user.name");
    }

    [Fact]
    public void A_signing_program_that_the_repository_names_is_not_run()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var ran = Path.Join(_repo.Base, "ran");
        Steps.Script(Path.Join(_repo.Base, "sign"), $"#!/bin/sh\ntouch {ran}\nexit 1\n");
        _repo.Git("config", "commit.gpgsign", "true");
        _repo.Git("config", "gpg.program", Path.Join(_repo.Base, "sign"));

        _repo.By(RefusalCode.GitFailed, () => repository.Land("a")).Message.Should().Contain("gpg.program");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_plain_folder_in_its_place_is_never_taken_for_the_main_checkout()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        File.Delete(Path.Join(made.Directory, ".git"));

        _repo.By(RefusalCode.NotFound, () => repository.Land("a")).Message.Should().Contain("identity");
    }

    [Fact]
    public void A_detached_or_switched_worktree_is_refused()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.GitIn(made.Directory, "checkout", "-q", "--detach");

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Land("a")).Message.Should().Contain("detached");
    }

    [Fact]
    public void A_base_that_advances_while_the_command_runs_is_merged_again()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        var landed = repository.Land("a", verify: "cd \"$MAIN_CHECKOUT\" && test -e other.txt || { echo x > other.txt && git add other.txt && git commit -qm 'by hand'; }");

        _repo.Git("log", "-1", "--format=%s", landed.From).Should().Be("by hand");
        _repo.Git("rev-parse", "main").Should().Be(landed.To);
        _repo.Git("status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void A_branch_that_goes_on_while_the_command_runs_does_not_land()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var main = _repo.Git("rev-parse", "main");

        var land = () => repository.Land("a", verify: $"cd {made.Directory} && git commit -q --allow-empty -m more");

        land.Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.WorktreeBusy);
        _repo.Git("rev-parse", "main").Should().Be(main);
    }

    [Fact]
    public void Two_landings_of_the_same_file_go_one_after_the_other()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        repository.Work("a", "src/app.txt", "a");
        repository.Work("b", "src/app.txt", "b");
        var outcomes = new string[2];

        Parallel.Invoke(Land("a", 0), Land("b", 1));

        outcomes.Should().BeEquivalentTo("landed", "MergeConflict");
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        _repo.Read("src/app.txt").Should().Be(outcomes[0] == "landed" ? "a\n" : "b\n");

        Action Land(string name, int place) => () =>
        {
            try
            {
                _repo.Open().Land(name, verify: "true");
                outcomes[place] = "landed";
            }
            catch (Refusal refusal)
            {
                outcomes[place] = refusal.Code.ToString();
            }
        };
    }

    [Fact]
    public void Who_does_not_wait_is_told_who_lands()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        using var other = WorktreeMcp.Domain.Storage.LandingLock.Acquire(_repo.Layout, TimeSpan.FromSeconds(1), TimeProvider.System, "landing b", _ => { }, CancellationToken.None);

        _repo.By(RefusalCode.Busy, () => repository.Land("a", patience: 0)).Message.Should().Contain("landing b");
    }

    private IEnumerable<string> Leftovers() =>
        Directory.EnumerateDirectories(Path.Join(_repo.Root, ".worktrees"), ".verify*").Concat(Directory.Exists(_repo.Layout.Verification) ? Directory.EnumerateFileSystemEntries(_repo.Layout.Verification) : []);
}

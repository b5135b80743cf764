using System.Collections.Concurrent;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class CreatingWorktreesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_directory_that_is_not_ours_is_left_as_it_is()
    {
        var repository = _repo.Open();
        repository.Task();
        _repo.Write(".worktrees/a/notes.txt", "mine");
        File.CreateSymbolicLink(Path.Join(_repo.Root, ".worktrees", "b"), "/nowhere");
        _repo.Write(".worktrees/c", "a file");

        foreach (var name in new[] { "a", "b", "c" })
        {
            _repo.By(RefusalCode.AlreadyExists, () => repository.Make(name)).Message.Should().Contain($".worktrees/{name}");
        }
    }

    [Fact]
    public void A_task_that_is_over_or_waits_or_is_not_there_gets_no_worktree()
    {
        var repository = _repo.Open();
        var (done, gone, open) = (repository.Task("done"), repository.Task("gone"), repository.Task("open"));
        repository.Board.Update(done, new TaskEdit { Status = TaskState.Completed }, Steps.By);
        repository.Board.Update(gone, new TaskEdit { Status = TaskState.Deleted }, Steps.By);
        var blocked = repository.Board.Create(new NewTask("blocked", BlockedBy: [open]), Steps.By).View.Task.Id;

        _repo.By(RefusalCode.BadTransition, () => repository.Make("a", done)).Message.Should().Contain("completed");
        _repo.By(RefusalCode.BadTransition, () => repository.Make("a", gone)).Message.Should().Contain("deleted");
        _repo.By(RefusalCode.TaskBlocked, () => repository.Make("a", blocked)).Message.Should().Contain("open");
        foreach (var id in new[] { 0, -1, 99, int.MaxValue })
        {
            _repo.By(RefusalCode.NotFound, () => repository.Make("a", id)).Message.Should().Contain($"task_id {id} names no task");
        }
    }

    [Fact]
    public void A_second_worktree_for_a_task_is_refused_and_the_same_name_answers_with_the_first()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var first = repository.Make("a", task);

        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("b", task)).Message.Should().Contain("\"a\"");
        var again = repository.Make("a", task);

        again.Already.Should().BeTrue();
        again.Worktree.Id.Should().Be(first.Worktree.Id);
        repository.Make(null, task).Worktree.Id.Should().Be(first.Worktree.Id);
        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a")).Message.Should().Contain("\"a\"").And.Contain($"task {task}");
        var other = repository.Task("another");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("a", other)).Message.Should().Contain($"task {task}");
    }

    [Fact]
    public void A_kept_worktree_is_opened_again_by_the_same_call()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        repository.Make("a", task);
        repository.Worktrees.Keep("a", "later", completeTask: false, Steps.By);

        var again = repository.Make("a", task);

        again.Already.Should().BeTrue();
        again.Worktree.Status.Should().Be(WorktreeState.Active);
        again.Task!.WorktreeState.Should().Be("active");
        _repo.EventNames()[^1].Should().Be("worktree.bound");
    }

    [Fact]
    public void A_repeated_request_does_nothing_and_answers_with_the_first_result()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var request = new NewWorktree("a", task, RequestId: "r1");

        var first = repository.Worktrees.Create(request, Steps.By);
        var events = _repo.EventLines().Count;
        var second = _repo.Open().Worktrees.Create(request, Steps.By);

        second.Already.Should().BeTrue();
        second.Worktree.Id.Should().Be(first.Worktree.Id);
        second.Directory.Should().Be(first.Directory);
        _repo.EventLines().Should().HaveCount(events);
    }

    [Fact]
    public void A_repeated_request_that_found_its_worktree_there_finds_it_again()
    {
        var repository = _repo.Open();
        var task = repository.Task();
        var first = repository.Make("a", task);
        var request = new NewWorktree("a", task, RequestId: "r1");

        repository.Worktrees.Create(request, Steps.By).Already.Should().BeTrue();
        var again = repository.Worktrees.Create(request, Steps.By);

        again.Already.Should().BeTrue();
        again.Worktree.Id.Should().Be(first.Worktree.Id);
    }

    [Fact]
    public void A_hook_of_the_repository_does_not_run()
    {
        var ran = Path.Join(_repo.Base, "ran");
        foreach (var hook in new[] { "post-checkout", "reference-transaction", "post-index-change" })
        {
            Programs.Write(Path.Join(_repo.Root, ".git", "hooks", hook), $"#!/bin/sh\necho {hook} >> '{ran}'\nexit 1\n");
        }

        var repository = _repo.Open();
        var made = repository.Make("a");

        File.Exists(ran).Should().BeFalse();
        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        File.Exists(Path.Join(made.Directory, "src", "app.txt")).Should().BeTrue();
        repository.Drop("a");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_checkout_that_fails_is_taken_back_whole()
    {
        var home = Path.Join(_repo.Base, "home");
        Directory.CreateDirectory(home);
        var config = Path.Join(home, ".gitconfig");
        File.WriteAllText(config, "[filter \"broken\"]\n\tsmudge = false\n\tclean = cat\n\trequired = true\n");
        _repo.Write("zebra.bin", "data\n");
        _repo.Write(".gitattributes", "zebra.bin filter=broken\n");
        _repo.Commit("with a filter");
        using var repository = OpenAt(home);
        var task = repository.Task();
        var before = Essence();

        var refusal = ((Action)(() => repository.Make("a", task))).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.GitFailed);
        refusal.Message.Should().Contain("broken");
        Essence().Should().Be(before);
        _repo.EventNames().Should().Equal("task.created", "worktree.create.before", "worktree.create.failed");
        Directory.GetDirectories(_repo.Layout.Trash).Should().ContainSingle().Which.Should().Match(tree => File.Exists(Path.Join(tree, ".git")));
        repository.Board.Get(task).Task.Status.Should().Be(TaskState.Pending);

        File.WriteAllText(config, string.Empty);
        repository.Make("a", task).Worktree.Status.Should().Be(WorktreeState.Active);
    }

    [Fact]
    public void A_creation_that_git_refuses_because_of_anothers_broken_record_is_taken_back_and_says_why()
    {
        var repository = _repo.Open();
        var made = repository.Make("before");
        _repo.Git("worktree", "add", "-q", "-b", "users", Path.Join(_repo.Base, "other"));
        File.WriteAllText(Path.Join(_repo.Root, ".git", "worktrees", "other", "commondir"), string.Empty);
        var before = Essence();

        var refusal = ((Action)(() => repository.Make("a"))).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.GitFailed);
        refusal.Message.Should().Contain("other/commondir");
        refusal.Hint.ToString().Should().Contain("worktree-mcp doctor");
        Essence().Should().Be(before);
        _repo.EventNames().TakeLast(2).Should().Equal("worktree.create.before", "worktree.create.failed");

        repository.Row("before").Drift.Should().BeEmpty();
        repository.Worktrees.Status("before").View.Changes!.IsClean.Should().BeTrue();
        repository.Shell("before", "echo x > new.txt").Run.ExitCode.Should().Be(0);
        repository.Task();
        repository.Drop("before", force: true).Uncommitted.Should().Equal("new.txt");
        made.Directory.Should().NotBeNull();
    }

    [Theory]
    [InlineData("rm -rf \"$1/.git/worktrees/a\" \"$1/.worktrees/a\"; exit 128")]
    [InlineData("rm -rf \"$1/.git/worktrees/a\"; exit 128")]
    [InlineData("rm -rf \"$1/.git/worktrees/a\"; exit 0")]
    public void A_creation_whose_record_a_prune_deletes_under_gits_hands_is_begun_once_more(string pruned)
    {
        using var repository = OpenWithGit("worktree add", $"\"$@\"; set -- '{_repo.Root}'; {pruned}");
        var task = repository.Task();

        var made = repository.Make("a", task);

        made.Worktree.Status.Should().Be(WorktreeState.Active);
        repository.Row("a").Drift.Should().BeEmpty();
        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        _repo.EventNames().Should().Equal("task.created", "worktree.create.before", "worktree.create.after", "task.claimed");
        _repo.Git("worktree", "list", "--porcelain").Should().Contain("branch refs/heads/wt/a").And.NotContain("prunable");
        repository.Drop("a").BranchKept.Should().BeNull();
    }

    [Fact]
    public void A_record_that_a_killed_git_left_locked_is_not_taken_for_made()
    {
        using var repository = OpenWithGit("worktree add", $"\"$@\"; echo initializing > '{_repo.Root}/.git/worktrees/a/locked'; kill -9 $$");

        ((Action)(() => repository.Make("a"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.GitFailed);

        _repo.EventNames().Should().Equal("worktree.create.before", "worktree.create.failed");
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        _repo.Has(".worktrees/a").Should().BeFalse();
        _repo.Has(".git/worktrees/a").Should().BeFalse();
        _repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
        repository.Make("a").Worktree.Status.Should().Be(WorktreeState.Active);
        repository.Drop("a").BranchKept.Should().BeNull();
    }

    [Fact]
    public void A_worktree_of_the_user_beside_ours_is_no_trouble()
    {
        var repository = _repo.Open();
        repository.Make("a");
        _repo.Git("worktree", "add", "-q", "-b", "users", Path.Join(_repo.Base, "other"));

        repository.Make("b");
        repository.Worktrees.List(null, 50, null).Total.Should().Be(2);
        repository.Drop("a");
        _repo.GitIn(Path.Join(_repo.Base, "other"), "status", "--porcelain").Should().BeEmpty();
        _repo.Git("worktree", "remove", Path.Join(_repo.Base, "other"));
        repository.Row("b").Drift.Should().BeEmpty();
    }

    [Fact]
    public void A_worktree_of_the_user_with_the_same_folder_name_makes_no_mix_up()
    {
        var users = Path.Join(_repo.Base, "elsewhere", "a");
        _repo.Git("worktree", "add", "-q", "-b", "users", users);
        var repository = _repo.Open();

        var made = repository.Make("a");

        made.Worktree.AdminId.Should().NotBe("a");
        repository.Shell("a", "echo x > new.txt && git add -A && git commit -qm work").Run.ExitCode.Should().Be(0);
        File.WriteAllText(Path.Join(users, "users.txt"), "mine");
        repository.Row("a").Ahead.Should().Be(1);
        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        repository.Drop("a").BranchKept.Should().NotBeNull();
        _repo.GitIn(users, "status", "--porcelain").Should().Be("?? users.txt");
        _repo.GitIn(users, "branch", "--show-current").Should().Be("users");
    }

    [Fact]
    public void A_creation_that_failed_and_cannot_be_taken_back_now_says_why_it_failed_and_the_next_call_takes_it_back()
    {
        using var repository = OpenWithGit("worktree add", $"\"$@\"; echo initializing > '{_repo.Root}/.git/worktrees/a/locked'; kill -9 $$");
        Directory.CreateDirectory(_repo.Layout.Private);
        File.WriteAllText(_repo.Layout.Trash, "in the way");
        File.WriteAllText(Path.Join(Directory.CreateDirectory(_repo.Layout.Worktrees).FullName, ".trash"), "in the way");

        var refusal = ((Action)(() => repository.Make("a"))).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.GitFailed);
        File.Delete(_repo.Layout.Trash);
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        _repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
        _repo.Has(".worktrees/a").Should().BeFalse();
    }

    private Repository OpenAt(string home) => Repository.Open(_repo.Root, environment: new Dictionary<string, string>
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
        ["HOME"] = home,
    });

    // The first git of that subcommand is the script, to which the real one and its words are handed; any other is git itself.
    private Repository OpenWithGit(string subcommand, string script)
    {
        var folder = Path.Join(_repo.Base, "git");
        var used = Path.Join(folder, "used");
        Directory.CreateDirectory(folder);
        var path = Environment.GetEnvironmentVariable("PATH")!;
        var real = path.Split(':').Select(entry => Path.Join(entry, "git")).First(File.Exists);
        Programs.Write(Path.Join(folder, "git"), $"""
            #!/bin/sh
            case " $* " in *" {subcommand} "*)
              if test ! -e '{used}'; then : > '{used}'; set -- '{real}' "$@"; {script}; fi
            esac
            exec '{real}' "$@"

            """);
        return Repository.Open(_repo.Root, environment: new Dictionary<string, string> { ["PATH"] = $"{folder}:{path}", ["HOME"] = _repo.Base });
    }

    // The registry's revision may grow: an intent was written and taken back.
    private string Essence() => string.Join('\n', _repo.Snapshot().Split('\n').Where(line =>
        !line.StartsWith(".worktrees/index.json", StringComparison.Ordinal) && !line.StartsWith("wtmcp-trash-", StringComparison.Ordinal) && !line.Contains("refs/worktree-mcp/trash/", StringComparison.Ordinal)));
}

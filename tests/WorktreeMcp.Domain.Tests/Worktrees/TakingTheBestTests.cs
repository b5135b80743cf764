using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A worktree for no task in particular: the best free one is claimed with it.</summary>
public sealed class TakingTheBestTests : IDisposable
{
    private const string Bob = "bob";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void The_ready_task_of_the_highest_priority_is_claimed_and_has_its_worktree_in_one_call()
    {
        var repository = _repo.Open();
        repository.Task("later");
        var urgent = repository.Board.Create(new NewTask("urgent", Priority: TaskPriority.High), Steps.By).View.Task.Id;

        var step = repository.Make(null);

        step.Task.Should().Match<BoardTask>(task => task.Id == urgent && task.Owner == Steps.By && task.Status == TaskState.InProgress && task.Epoch == 1 && task.Worktree == step.Worktree.Name && task.WorktreeState == "active");
        step.Worktree.Should().Match<Worktree>(worktree => worktree.TaskId == urgent && worktree.ClaimEpoch == null && worktree.Status == WorktreeState.Active);
        _repo.EventNames().Should().Equal("task.created", "task.created", "worktree.create.before", "task.claimed", "worktree.create.after");
        repository.Make(null).Task!.Subject.Should().Be("later");
    }

    [Fact]
    public void Of_many_who_ask_at_once_each_gets_another_and_nobody_is_refused_while_one_is_free()
    {
        const int Many = 12;
        var servers = new[] { _repo.Open(), _repo.Open(), _repo.Open() };
        for (var task = 0; task < Many; task++)
        {
            servers[0].Task("The same goal");
        }

        var made = new WorktreeStep[Many];
        Parallel.For(0, Many, new ParallelOptions { MaxDegreeOfParallelism = Many }, i => made[i] = servers[i % servers.Length].Worktrees.Create(new NewWorktree(null), $"agent-{i}"));

        made.Select(step => step.Task!.Id).Should().BeEquivalentTo(Enumerable.Range(1, Many));
        made.Select(step => step.Worktree.Name).Should().OnlyHaveUniqueItems();
        made.Select((step, i) => step.Task!.Owner == $"agent-{i}" && step.Task.Epoch == 1).Should().OnlyContain(isOwn => isOwn);
        _repo.EventNames().Count(name => name == "task.claimed").Should().Be(Many);
        servers[1].Examine().Should().BeEmpty();
    }

    [Fact]
    public async Task While_its_files_come_the_task_is_held_so_nobody_else_takes_it()
    {
        using var git = new HeldGit(_repo, "checkout-index --all");
        var slow = _repo.Open(environment: git.Variables);
        var (first, second) = (slow.Task("first"), slow.Task("second"));
        var making = Task.Run(() => slow.Make(null), TestContext.Current.CancellationToken);
        await git.Reached();
        var quick = _repo.Open();

        _repo.By(RefusalCode.TaskClaimed, () => quick.Board.Claim(first, null, Bob)).Message.Should().Contain("claimed by tester");
        _repo.By(RefusalCode.TaskClaimed, () => quick.Worktrees.Create(new NewWorktree("mine", first), Bob));
        quick.Worktrees.Create(new NewWorktree(null), Bob).Task!.Id.Should().Be(second);

        git.Release();
        (await making.WaitAsync(Limit, TestContext.Current.CancellationToken)).Task!.Id.Should().Be(first);
    }

    [Fact]
    public async Task A_task_whose_worktree_somebody_is_just_making_is_not_the_best_for_others()
    {
        using var git = new HeldGit(_repo, "checkout-index --all");
        var slow = _repo.Open(environment: git.Variables);
        var (first, second) = (slow.Task("first"), slow.Task("second"));
        var making = Task.Run(() => slow.Make("mine", first), TestContext.Current.CancellationToken);
        await git.Reached();

        _repo.Open().Worktrees.Create(new NewWorktree(null), Bob).Task!.Id.Should().Be(second);

        git.Release();
        (await making.WaitAsync(Limit, TestContext.Current.CancellationToken)).Task!.Id.Should().Be(first);
    }

    [Fact]
    public void A_creation_that_fails_frees_the_task_that_it_took()
    {
        var repository = _repo.Open();
        var id = repository.Task();
        var failing = WrappedGit.Open(_repo, "case \" $* \" in *' checkout-index '*|*' reset '*) echo broken >&2; exit 1;; esac");

        failing.Invoking(server => server.Make(null)).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.GitFailed);

        repository.Board.Get(id).Task.Should().Match<BoardTask>(task => task.Status == TaskState.Pending && task.Owner == null && task.Claim == null && task.Worktree == null);
        _repo.EventNames().Should().Equal("task.created", "worktree.create.before", "task.claimed", "task.released", "worktree.create.failed");
        repository.Worktrees.Create(new NewWorktree(null), Bob).Task!.Id.Should().Be(id);
    }

    [Fact]
    public void What_was_claimed_before_stays_with_its_owner_when_the_creation_fails()
    {
        var repository = _repo.Open();
        var id = repository.Task();
        repository.Board.Claim(id, null, Steps.By);
        var failing = WrappedGit.Open(_repo, "case \" $* \" in *' checkout-index '*|*' reset '*) echo broken >&2; exit 1;; esac");

        failing.Invoking(server => server.Make(null)).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.GitFailed);

        repository.Board.Get(id).Task.Should().Match<BoardTask>(task => task.Status == TaskState.InProgress && task.Owner == Steps.By && task.Epoch == 1);
    }

    [Fact]
    public void A_task_that_the_caller_holds_without_a_worktree_comes_before_another()
    {
        var repository = _repo.Open();
        repository.Board.Create(new NewTask("urgent", Priority: TaskPriority.High), Steps.By);
        var held = repository.Task("held");
        repository.Board.Claim(held, null, Steps.By);

        var step = repository.Make(null);

        step.Task.Should().Match<BoardTask>(task => task.Id == held && task.Epoch == 1);
        repository.Make(null).Task!.Subject.Should().Be("urgent");
    }

    [Fact]
    public void What_was_left_behind_is_taken_last_with_the_worktree_that_it_has()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var repository = _repo.Open(time: time);
        var left = repository.Task("left");
        var there = repository.Make("there", left);
        time.Advance(TimeSpan.FromHours(2));
        var ready = repository.Task("ready");

        repository.Worktrees.Create(new NewWorktree(null), Bob).Task!.Id.Should().Be(ready);
        var step = repository.Worktrees.Create(new NewWorktree(null), Bob);

        step.Should().Match<WorktreeStep>(taken => taken.Already && taken.Directory == there.Directory && taken.Task!.Owner == Bob && taken.Task.Epoch == 2);
        JsonNode.Parse(_repo.EventLines()[^1])!["taken_from"]!.GetValue<string>().Should().Be(Steps.By);
    }

    [Fact]
    public void One_that_cannot_be_worked_on_where_it_lies_keeps_nobody_from_the_next()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var repository = _repo.Open(time: time);
        var damaged = repository.Make("damaged", repository.Task("damaged"));
        var whole = repository.Make("whole", repository.Task("whole"));
        time.Advance(TimeSpan.FromHours(2));
        File.WriteAllText(Path.Join(damaged.Directory, ".git"), "gitdir: /nowhere\n");

        repository.Worktrees.Create(new NewWorktree(null), Bob).Directory.Should().Be(whole.Directory);
        _repo.By(RefusalCode.NotFound, () => repository.Worktrees.Create(new NewWorktree(null), Bob)).Message.Should().Contain("identity check");
    }

    [Fact]
    public void Where_nothing_is_free_the_refusal_says_who_works_on_what_and_to_wait()
    {
        var repository = _repo.Open();
        repository.Worktrees.Create(new NewWorktree(null, repository.Task("Parse the file")), Bob);
        repository.Board.Create(new NewTask("Print it", BlockedBy: [1]), Steps.By);
        var asks = repository.Task("Which port");
        repository.Board.Update(asks, new TaskEdit { Attention = TaskAttention.NeedsInput }, Steps.By);

        var refusal = _repo.By(RefusalCode.NotFound, () => repository.Make(null));

        refusal.Message.Should().Be("No task is ready: of 3 open ones 1 are claimed, 1 wait for others, 1 need a person. bob works on 1 \"Parse the file\". 2 \"Print it\" waits for 1. 3 \"Which port\" has attention needs_input.");
        refusal.Next.Should().BeOfType<NextStep.ShowBoard>();
        _repo.By(RefusalCode.NotFound, () => repository.Board.Claim(null, null, Steps.By)).Message.Should().Be(refusal.Message);
    }

    [Fact]
    public void On_a_board_where_all_is_over_the_refusal_says_so()
    {
        _repo.By(RefusalCode.NotFound, () => _repo.Open().Make(null)).Hint.ToString().Should().Contain("Everything on the board is done");
    }

    [Fact]
    public void A_branch_alone_is_for_no_task()
    {
        var repository = _repo.Open();
        repository.Task();
        _repo.Git("branch", "topic");

        _repo.By(RefusalCode.InvalidArgument, () => repository.Make(null, branch: "topic")).Message.Should().Contain("with branch");
    }

    [Fact]
    public void A_repetition_with_the_same_request_id_takes_no_second_task()
    {
        var repository = _repo.Open();
        repository.Task("first");
        repository.Task("second");

        var made = repository.Worktrees.Create(new NewWorktree(null, RequestId: "once"), Steps.By);
        var again = repository.Worktrees.Create(new NewWorktree(null, RequestId: "once"), Steps.By);

        again.Should().Match<WorktreeStep>(step => step.Already && step.Task!.Id == made.Task!.Id && step.FirstAnswer == null);
        repository.Board.Get(2).IsReady.Should().BeTrue();
    }
}

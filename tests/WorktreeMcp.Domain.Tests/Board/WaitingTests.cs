using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

/// <summary>One server waits, another one changes the board.</summary>
public sealed class WaitingTests : IDisposable
{
    private const string Ann = "ann";
    private const string Bob = "bob";

    private static readonly TimeSpan Patient = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(5);

    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Repository _waiting;
    private readonly Repository _other;

    public WaitingTests() => (_waiting, _other) = (_repo.Open(time: _time), _repo.Open(time: _time));

    public void Dispose()
    {
        _waiting.Dispose();
        _other.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public async Task A_task_whose_blocker_is_completed_wakes_who_waits()
    {
        var first = _other.Task();
        var second = _other.Board.Create(new NewTask("second", BlockedBy: [first]), Bob).View.Task.Id;
        _other.Board.Claim(first, null, Bob);

        var woke = await While(() => _other.Board.Update(first, new TaskEdit { Status = TaskState.Completed }, Bob));

        woke.Should().Equal(new Waking(WakingKind.Ready, second));
    }

    [Fact]
    public async Task A_new_task_and_one_that_is_put_back_wake_who_waits()
    {
        (await While(() => _other.Task())).Should().Equal(new Waking(WakingKind.Ready, 1));
        _other.Board.Claim(1, null, Bob);

        var woke = await While(() => _other.Board.Update(1, new TaskEdit { Status = TaskState.Pending }, Bob));

        woke.Should().Equal(new Waking(WakingKind.Ready, 1));
    }

    [Fact]
    public async Task An_answer_written_into_the_file_by_hand_wakes_who_asked()
    {
        var id = _other.Task();
        _waiting.Board.Claim(id, null, Ann);
        _waiting.Board.Update(id, new TaskEdit { Question = "tabs or spaces?" }, Ann);

        var woke = await While(() => File.WriteAllText(
            _repo.Layout.Task(id), File.ReadAllText(_repo.Layout.Task(id)).Replace("\"needs_input\"", "\"none\"", StringComparison.Ordinal)));

        woke.Should().Equal(new Waking(WakingKind.News));
        _waiting.Board.Get(id).Task.Question.Should().BeNull();
    }

    [Fact]
    public async Task Who_knows_nothing_is_told_at_once_what_stands_on_the_board()
    {
        var id = _other.Task();

        var awaited = await Begin(since: null).WaitAsync(Patient, TestContext.Current.CancellationToken);

        awaited.Woke.Should().Equal(new Waking(WakingKind.Ready, id));
    }

    [Fact]
    public async Task What_came_after_the_event_that_is_known_is_told_at_once_and_what_came_before_is_not()
    {
        _other.Task();
        var known = Seq();
        _other.Task("later");

        var awaited = await Begin(known).WaitAsync(Patient, TestContext.Current.CancellationToken);

        awaited.Woke.Should().Equal(new Waking(WakingKind.Ready, 2));
        Begin(Seq()).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_lease_that_ends_wakes_who_waits_and_only_once()
    {
        var id = _other.Task();
        _other.Board.Claim(id, 60, Bob);

        var woke = await While(() => _time.Advance(TimeSpan.FromMinutes(61)));

        woke.Should().Equal(new Waking(WakingKind.ClaimEnded, id, Bob));
        Begin(Seq()).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_lease_that_is_renewed_meanwhile_wakes_at_its_new_end()
    {
        var id = _other.Task();
        _other.Board.Claim(id, 60, Bob);
        var wait = Begin(Seq());
        _time.Advance(TimeSpan.FromMinutes(40));
        _other.Board.Claim(id, null, Bob);
        _time.Advance(TimeSpan.FromMinutes(40));
        wait.IsCompleted.Should().BeFalse();

        _time.Advance(TimeSpan.FromMinutes(21));

        (await wait.WaitAsync(Patient, TestContext.Current.CancellationToken)).Woke.Should().Equal(new Waking(WakingKind.ClaimEnded, id, Bob));
    }

    [Fact]
    public async Task A_claim_that_ends_with_its_server_wakes_who_waits()
    {
        var id = _other.Task();
        var dying = _repo.Open(time: _time, endsWithThisProcess: _ => true);
        dying.Board.Claim(id, null, Bob);

        var woke = await While(dying.Dispose);

        woke.Should().Equal(new Waking(WakingKind.ClaimEnded, id, Bob));
    }

    [Fact]
    public async Task The_last_task_that_is_over_wakes_who_waits()
    {
        var id = _other.Task();
        _other.Board.Claim(id, null, Bob);

        var woke = await While(() => _other.Board.Update(id, new TaskEdit { Status = TaskState.Completed }, Bob));

        woke.Should().Equal(new Waking(WakingKind.AllDone));
        (await Begin(since: null).WaitAsync(Patient, TestContext.Current.CancellationToken)).Woke.Should().Equal(new Waking(WakingKind.AllDone));
        Begin(Seq()).IsCompleted.Should().BeFalse("who knows that may wait for new goals");
    }

    [Fact]
    public async Task A_note_wakes_whose_task_it_is_about_and_nobody_else()
    {
        var id = _other.Task();
        _waiting.Board.Update(id, new TaskEdit { Owner = Ann, Status = TaskState.InProgress }, Ann);
        var carl = _waiting.Waiting.Wait(new WaitOrder("carl", Longest, Seq()), TestContext.Current.CancellationToken);

        var woke = await While(() => _other.Board.Update(id, new TaskEdit { Note = "yes, do" }, Bob));

        woke.Should().Equal(new Waking(WakingKind.News));
        carl.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task What_a_person_takes_away_wakes_who_had_it_and_who_could_take_it()
    {
        var id = _other.Task();
        _waiting.Board.Claim(id, null, Ann);
        var bob = _waiting.Waiting.Wait(new WaitOrder(Bob, Longest, Seq()), TestContext.Current.CancellationToken);

        // A claim keeps others' changes out, but not those of a person who frees it first; the owner's own are no news.
        _waiting.Board.Update(id, new TaskEdit { Note = "mine" }, Ann);
        var woke = await While(() => _other.Board.Release(id, "a person"));

        woke.Should().Contain(new Waking(WakingKind.News));
        (await bob.WaitAsync(Patient, TestContext.Current.CancellationToken)).Woke.Should().Equal(new Waking(WakingKind.Ready, id));
    }

    [Fact]
    public async Task Its_own_claim_that_is_about_to_end_wakes_who_waits()
    {
        _waiting.Board.Claim(_other.Task(), 60, Ann);

        var woke = await While(() => _time.Advance(TimeSpan.FromMinutes(51)));

        woke.Should().Equal(new Waking(WakingKind.News));
    }

    [Fact]
    public async Task What_concerns_somebody_else_does_not_end_the_wait_and_the_time_does()
    {
        var (held, other) = (_other.Task(), _other.Task());
        _other.Board.Claim(held, 600, Bob);
        _other.Board.Claim(other, 600, Bob);
        var wait = Begin(Seq());

        _other.Board.Update(held, new TaskEdit { Note = "going on" }, Bob);
        _time.Advance(TimeSpan.FromMinutes(299));
        wait.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMinutes(2));

        var awaited = await wait.WaitAsync(Patient, TestContext.Current.CancellationToken);
        awaited.Should().Match<Awaited>(over => over.TimedOut && over.Woke.Count == 0);
    }

    [Fact]
    public async Task A_cancelled_wait_ends_at_once()
    {
        using var cancel = new CancellationTokenSource();
        var wait = _waiting.Waiting.Wait(new WaitOrder(Ann, Longest, 0), cancel.Token);

        await cancel.CancelAsync();

        await FluentActions.Awaiting(() => wait.WaitAsync(Patient, TestContext.Current.CancellationToken)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task An_event_from_the_future_is_refused_by_its_number()
    {
        _other.Task();

        var refusal = (await FluentActions.Awaiting(() => Begin(2)).Should().ThrowAsync<Refusal>()).Which;

        refusal.Code.Should().Be(RefusalCode.InvalidArgument);
        refusal.Message.Should().Be("since_seq is 2, and the newest event is 1: that is in the future.");
    }

    [Fact]
    public async Task Many_may_wait_in_one_process_and_all_are_woken()
    {
        var waits = Enumerable.Range(0, 20).Select(i => _waiting.Waiting.Wait(new WaitOrder($"agent-{i}", Longest, 0), TestContext.Current.CancellationToken)).ToList();
        waits.Should().OnlyContain(wait => !wait.IsCompleted);

        _other.Task();

        var all = await Task.WhenAll(waits).WaitAsync(Patient, TestContext.Current.CancellationToken);
        all.Should().OnlyContain(awaited => awaited.Woke.Single() == new Waking(WakingKind.Ready, 1, null));
    }

    private long Seq() => _waiting.Overview.Glance(new GlanceLimits()).LastSeq;

    private Task<Awaited> Begin(long? since) => _waiting.Waiting.Wait(new WaitOrder(Ann, Longest, since), TestContext.Current.CancellationToken);

    private async Task<IReadOnlyList<Waking>> While(Action change)
    {
        var wait = Begin(Seq());
        wait.IsCompleted.Should().BeFalse();
        change();
        return (await wait.WaitAsync(Patient, TestContext.Current.CancellationToken)).Woke;
    }
}

using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class ClaimingTests : IDisposable
{
    private const string Ann = "ann";
    private const string Bob = "bob";

    private readonly TempRepository _repo = new();
    private readonly SetClock _time = new();
    private readonly Repository _repository;

    public ClaimingTests() => _repository = _repo.Open(time: _time);

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_claim_has_an_owner_a_lease_and_a_number_and_puts_the_task_in_progress()
    {
        var id = _repository.Task("Parse the file");

        var taken = _repository.Board.Claim(id, null, Ann);

        taken.View.Task.Should().Match<BoardTask>(task => task.Status == TaskState.InProgress && task.Owner == Ann && task.Epoch == 1);
        taken.View.Task.LeaseUntil.Should().Be(_time.GetUtcNow().ToUnixTimeSeconds() + 3600);
        taken.Should().Match<TaskTaken>(t => !t.Renewed && t.TakenFrom == null && t.AlsoHeld.Count == 0);
        _repository.Board.LeaseLeft(taken.View.Task).Should().Be(3600);
        _repo.EventNames().Should().Equal("task.created", "task.claimed");
        JsonNode.Parse(_repo.EventLines()[^1])!["owner"]!.GetValue<string>().Should().Be(Ann);
    }

    [Fact]
    public void A_claim_names_who_holds_the_task_until_when_and_what_else_to_do()
    {
        var id = Claimed(Ann);
        _time.Advance(TimeSpan.FromMinutes(18));

        var refusal = _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(id, null, Bob));

        refusal.Message.Should().Contain("\"A goal\"").And.Contain("claimed by ann for another 42 minutes").And.Contain("you are bob");
        refusal.Hint.ToString().Should().Contain("ClaimTask").And.Contain($"worktree-mcp release {id}");
    }

    [Fact]
    public void A_repeated_claim_renews_and_counts_once()
    {
        var id = Claimed(Ann);
        _time.Advance(TimeSpan.FromMinutes(50));

        var again = _repository.Board.Claim(id, null, Ann);

        again.Renewed.Should().BeTrue();
        again.View.Task.Epoch.Should().Be(1);
        _repository.Board.LeaseLeft(again.View.Task).Should().Be(3600);
        _repo.EventNames().Should().Equal("task.created", "task.claimed");
    }

    [Fact]
    public void A_lease_can_be_asked_for_and_keeps_its_length_when_it_is_renewed()
    {
        var id = _repository.Task();
        _repository.Board.Claim(id, 5, Ann);
        _time.Advance(TimeSpan.FromMinutes(4));

        _repository.Board.Update(id, new TaskEdit { Note = "going on" }, Ann);

        Left(id).Should().Be(300);
        _repo.By(RefusalCode.InvalidArgument, () => _repository.Board.Claim(id, 1441, Ann)).Message.Should().Contain("lease_minutes");
        _repo.By(RefusalCode.InvalidArgument, () => _repository.Board.Claim(id, 0, Ann));
    }

    [Fact]
    public void The_configured_lease_holds_when_the_caller_does_not_say()
    {
        var repository = _repo.Open(time: _time, settings: new() { LeaseMinutes = 7 });
        var id = repository.Task();

        repository.Board.LeaseLeft(repository.Board.Claim(id, null, Ann).View.Task).Should().Be(7 * 60);
    }

    [Fact]
    public void After_the_lease_another_takes_the_task_over_and_the_late_write_of_the_first_is_refused()
    {
        var id = Claimed(Ann);
        _time.Advance(TimeSpan.FromMinutes(61));

        var taken = _repository.Board.Claim(id, null, Bob);

        taken.Should().Match<TaskTaken>(t => t.TakenFrom == Ann && t.View.Task.Epoch == 2 && t.View.Task.Owner == Bob);
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Update(id, new TaskEdit { Status = TaskState.Completed }, Ann)).Message.Should().Contain("claimed by bob");
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(id, null, Ann));
        JsonNode.Parse(_repo.EventLines()[^1])!["taken_from"]!.GetValue<string>().Should().Be(Ann);
    }

    [Fact]
    public void An_owner_who_comes_back_before_anybody_took_over_has_the_task_again()
    {
        var id = Claimed(Ann);
        _time.Advance(TimeSpan.FromMinutes(90));

        _repository.Board.Update(id, new TaskEdit { Note = "back" }, Ann);

        Left(id).Should().Be(3600);
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(id, null, Bob));
    }

    [Fact]
    public void A_clock_that_is_set_back_keeps_no_task_from_others()
    {
        var id = Claimed(Ann);
        _time.Set(TimeSpan.FromHours(-5));
        _time.Advance(TimeSpan.FromMinutes(61));

        _repository.Board.Claim(id, null, Bob).TakenFrom.Should().Be(Ann);
    }

    [Fact]
    public void A_clock_that_is_set_forward_takes_no_task_from_its_owner()
    {
        var id = Claimed(Ann);

        _time.Set(TimeSpan.FromHours(5));

        Left(id).Should().Be(3600);
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(id, null, Bob));
    }

    [Theory]
    [InlineData(-10, 40 * 60, "the time of day says that it goes on")]
    [InlineData(31, 0, "the time of day says that it has ended")]
    [InlineData(-300, 0, "it cannot have longer to go than it was given for, so the clock was set back")]
    public void After_a_boot_a_lease_goes_by_the_time_of_day_for_no_longer_than_it_was_given(int minutes, double left, string why)
    {
        var id = Claimed(Ann);
        _time.Advance(TimeSpan.FromMinutes(30));
        InFile(id, task => task["claim"]!["boot"] = "another-boot");
        _time.Set(TimeSpan.FromMinutes(minutes));

        var now = _repo.Open(time: _time);

        now.Board.LeaseLeft(now.Board.Get(id).Task).Should().Be(left, why);
        now.Board.IsLeftBehind(now.Board.Get(id).Task).Should().Be(left == 0);
    }

    [Fact]
    public void A_lease_that_a_person_wrote_into_the_file_counts()
    {
        var id = _repository.Task();
        InFile(id, task =>
        {
            task["status"] = "in_progress";
            task["owner"] = "carol";
            task["lease_until"] = _time.GetUtcNow().ToUnixTimeSeconds() + 600;
        });
        _repository.Task("makes the log learn of the edit");

        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(id, null, Bob)).Message.Should().Contain("carol for another 10 minutes");
        _time.Advance(TimeSpan.FromMinutes(11));
        _repository.Board.Claim(id, null, Bob).TakenFrom.Should().Be("carol");
    }

    [Fact]
    public void A_claim_under_a_name_of_this_process_ends_with_it()
    {
        var first = _repo.Open(time: _time, endsWithThisProcess: name => name == Ann);
        var (dies, stays) = (first.Task(), first.Task());
        first.Board.Claim(dies, null, Ann);
        first.Board.Claim(stays, null, "named");
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(dies, null, Bob));

        first.Dispose();

        _repository.Board.Claim(dies, null, Bob).TakenFrom.Should().Be(Ann);
        _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Claim(stays, null, Bob));
    }

    [Fact]
    public void A_session_that_somebody_wrote_into_the_file_leads_nowhere()
    {
        var id = Claimed(Ann);
        InFile(id, task => task["claim"]!["session"] = "../../../index");

        _repository.Board.Claim(id, null, Bob).TakenFrom.Should().Be(Ann);
    }

    [Fact]
    public void Back_on_the_board_a_task_is_free_and_its_release_is_on_record()
    {
        var id = Claimed(Ann);

        var free = _repository.Board.Update(id, new TaskEdit { Status = TaskState.Pending }, Ann).View;

        free.Task.Should().Match<BoardTask>(task => task.Owner == null && task.LeaseUntil == null && task.Claim == null && task.Epoch == 1);
        free.IsReady.Should().BeTrue();
        _repo.EventNames()[^1].Should().Be("task.released");
        JsonNode.Parse(_repo.Read($".tasks/task_{id}.json"))!.AsObject().ContainsKey("claim").Should().BeFalse();
        _repository.Board.Claim(id, null, Bob).Should().Match<TaskTaken>(t => t.TakenFrom == null && t.View.Task.Epoch == 2);
    }

    [Fact]
    public void A_person_frees_a_task_whoever_holds_it()
    {
        var id = Claimed(Ann);

        _repository.Board.Release(id, "person").View.Task.Should().Match<BoardTask>(task => task.Status == TaskState.Pending && task.Owner == null);

        _repo.EventNames()[^1].Should().Be("task.released");
        _repository.Board.Release(id, "person").Changed.Should().BeEmpty();
        _repository.Board.Update(id, new TaskEdit { Status = TaskState.Completed }, Bob);
        _repo.By(RefusalCode.BadTransition, () => _repository.Board.Release(id, "person"));
    }

    [Fact]
    public void A_task_that_is_done_is_held_by_nobody_and_cannot_be_claimed()
    {
        var id = Claimed(Ann);
        _repository.Board.Update(id, new TaskEdit { Status = TaskState.Completed }, Ann);

        _repository.Board.Get(id).Task.Should().Match<BoardTask>(task => task.Owner == Ann && task.LeaseUntil == null);
        _repository.Board.Update(id, new TaskEdit { Note = "seen" }, Bob);
        _repo.By(RefusalCode.BadTransition, () => _repository.Board.Claim(id, null, Bob)).Next.Should().Be(new NextStep.ReopenTask(id));
    }

    [Fact]
    public void Giving_a_task_to_another_ends_the_claim_of_the_giver()
    {
        var id = Claimed(Ann);

        _repository.Board.Update(id, new TaskEdit { Owner = Bob }, Ann);

        Left(id).Should().Be(0);
        _repo.EventNames()[^1].Should().Be("task.released");
        _repository.Board.Claim(id, null, Bob).View.Task.Epoch.Should().Be(2);
    }

    [Fact]
    public void A_task_that_waits_for_others_is_not_claimed_but_its_holder_may_renew()
    {
        var (first, second) = (_repository.Task("first"), _repository.Task("second"));
        _repository.Board.Claim(second, null, Ann);
        _repository.Board.Update(second, new TaskEdit { AddBlockedBy = [first] }, Ann);

        _repository.Board.Claim(second, null, Ann).Renewed.Should().BeTrue();
        _repository.Board.Update(second, new TaskEdit { Status = TaskState.Pending }, Ann);
        _repo.By(RefusalCode.TaskBlocked, () => _repository.Board.Claim(second, null, Ann)).Message.Should().Contain("\"first\"");
    }

    private int Claimed(string by)
    {
        var id = _repository.Task();
        _repository.Board.Claim(id, null, by);
        return id;
    }

    private double Left(int id) => _repository.Board.LeaseLeft(_repository.Board.Get(id).Task);

    private void InFile(int id, Action<JsonObject> edit)
    {
        var path = _repo.Layout.Task(id);
        var file = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(file);
        File.WriteAllText(path, file.ToJsonString());
    }

    // AdjustTime moves what is measured as well; whoever sets a real clock moves only the time of day.
    private sealed class SetClock : FakeTimeProvider
    {
        private TimeSpan _setBy;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _setBy;

        public override long GetTimestamp() => base.GetUtcNow().UtcTicks;

        internal void Set(TimeSpan by) => _setBy += by;
    }
}

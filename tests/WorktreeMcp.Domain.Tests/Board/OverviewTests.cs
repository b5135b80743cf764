using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class OverviewTests : IDisposable
{
    private static readonly TimeSpan Patient = TimeSpan.FromMinutes(1);

    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Repository _repository;

    public OverviewTests() => _repository = _repo.Open(time: _time);

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void It_tells_ready_blocked_begun_and_done_apart()
    {
        var (ready, begun, done) = (_repository.Task("ready"), _repository.Task("begun"), _repository.Task("done"));
        _repository.Board.Create(new NewTask("blocked", BlockedBy: [ready]), Steps.By);
        _repository.Board.Claim(begun, 30, Steps.By);
        _repository.Board.Update(done, new TaskEdit { Status = TaskState.Completed }, Steps.By);

        var glance = Look();

        glance.Ready.Items.Select(view => view.Task.Id).Should().Equal(ready);
        glance.InProgress.Items.Should().ContainSingle().Which.Should().Match<HeldTask>(held => held.Task.Id == begun && held.LeaseLeft == 1800 && !held.LeftBehind);
        (glance.Blocked, glance.Completed).Should().Be((1, 1));
        glance.Events[^1].GetProperty("event").GetString().Should().Be("task.completed");
    }

    [Fact]
    public void A_worktree_shows_its_uncommitted_files_its_commits_and_what_its_base_has_gained()
    {
        var made = _repository.Make("a", _repository.Task());
        _repo.Commit("own", made.Directory);
        File.WriteAllText(Path.Join(made.Directory, "new.txt"), "x");
        _repo.Commit("base goes on");

        var seen = Look().Worktrees.Items.Should().ContainSingle().Which;

        (seen.Changes!.Count, seen.Ahead, seen.Behind, seen.StatusAge).Should().Be((1, 1, 1, 0));
    }

    [Fact]
    public void What_there_is_no_time_to_look_at_is_told_as_it_was_and_how_long_ago()
    {
        var made = _repository.Make("a");
        Look().Worktrees.Items[0].Changes!.Count.Should().Be(0);
        File.WriteAllText(Path.Join(made.Directory, "new.txt"), "x");
        _time.Advance(TimeSpan.FromSeconds(40));

        var late = _repository.Overview.Look(new GlanceLimits(), TimeSpan.Zero).Worktrees.Items[0];

        // The look may have been begun all the same; what counts is that an old answer is not told as a new one.
        (late.StatusAge == 40 ? late.Changes!.Count == 0 : late.Changes!.Count == 1).Should().BeTrue($"it is {late.StatusAge} seconds old");
        Look().Worktrees.Items[0].Should().Match<WorktreeView>(seen => seen.Changes!.Count == 1 && seen.StatusAge == 0);
    }

    [Fact]
    public void Each_part_has_a_limit_and_counts_all_there_is()
    {
        for (var i = 0; i < 5; i++)
        {
            _repository.Task();
            _repository.Make($"lane-{i}");
        }

        var glance = _repository.Overview.Look(new GlanceLimits(Ready: 2, Worktrees: 3), Patient);

        (glance.Ready.Items.Count, glance.Ready.Total).Should().Be((2, 5));
        (glance.Worktrees.Items.Count, glance.Worktrees.Total).Should().Be((3, 5));
    }

    [Fact]
    public void A_worktree_with_drift_comes_first_and_names_it()
    {
        _repository.Make("old");
        _time.Advance(TimeSpan.FromSeconds(1));
        _repository.Make("young");
        File.Delete(Path.Join(_repo.Layout.Worktree("old"), ".git"));

        var first = _repository.Overview.Look(new GlanceLimits(Worktrees: 1), Patient).Worktrees.Items[0];

        first.Worktree.Name.Should().Be("old");
        first.Drift.Should().ContainSingle().Which.Should().Contain(".git file is missing");
    }

    [Fact]
    public void A_person_is_needed_by_flagged_tasks_damaged_files_and_work_that_was_left_behind()
    {
        var (asks, leaves, tidy) = (_repository.Task("asks"), _repository.Task("leaves"), _repository.Task("tidy"));
        _repository.Board.Update(asks, new TaskEdit { Attention = TaskAttention.NeedsInput, Note = "which port?" }, Steps.By);
        File.WriteAllText(Path.Join(_repository.Make("a", leaves).Directory, "new.txt"), "x");
        _repository.Make("b", tidy);
        _repo.Write(".tasks/task_9.json", "{");
        _time.Advance(TimeSpan.FromMinutes(61));

        var concerns = Look().Concerns.Items;

        concerns.Select(concern => (concern.Kind, concern.TaskId)).Should().Equal((ConcernKind.DamagedFile, 9), (ConcernKind.NeedsInput, asks), (ConcernKind.LeftBehind, leaves), (ConcernKind.LeftBehind, tidy));
        concerns[1].Text.Should().Be("which port?");
        concerns[2].Text.Should().Be("tester's lease has ended; 1 uncommitted files, 0 commits of its own");
        Look().InProgress.Items.Should().OnlyContain(held => held.LeftBehind);
    }

    [Fact]
    public void A_look_changes_nothing()
    {
        _repository.Make("a", _repository.Task());
        var before = _repo.Snapshot();
        var events = _repo.EventLines().Count;

        Look();

        _repo.Snapshot().Should().Be(before);
        _repo.EventLines().Should().HaveCount(events);
    }

    private BoardGlance Look() => _repository.Overview.Look(new GlanceLimits(), Patient);
}

using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class NotesTests : IDisposable
{
    private const string Ann = "ann";
    private const string Bob = "bob";

    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly Repository _repository;

    public NotesTests() => _repository = _repo.Open(time: _time);

    public void Dispose()
    {
        _repository.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_note_alone_is_taken_from_everybody_and_says_who_wrote_it()
    {
        var id = Claimed(Ann);

        var changed = _repository.Board.Update(id, new TaskEdit { Note = "I have renamed the parser" }, Bob);

        changed.Changed.Should().Equal("notes");
        _repo.Open().Board.Get(id).Task.Notes.Should().ContainSingle().Which.Should().Match<TaskNote>(note => note.By == Bob && note.Text == "I have renamed the parser");
        var told = JsonNode.Parse(_repo.EventLines()[^1])!;
        told["event"]!.GetValue<string>().Should().Be("task.updated");
        told["by"]!.GetValue<string>().Should().Be(Bob);
        told["changed"]!.AsArray().Select(member => member!.GetValue<string>()).Should().Equal("notes");
    }

    [Fact]
    public void A_note_of_another_neither_renews_a_claim_nor_takes_it()
    {
        var id = Claimed(Ann);
        var before = _repository.Board.Get(id).Task;
        _time.Advance(TimeSpan.FromMinutes(50));

        var after = _repository.Board.Update(id, new TaskEdit { Note = "seen", AddBlockedBy = [], RemoveBlockedBy = [] }, Bob).View.Task;

        after.Should().Match<BoardTask>(task => task.Owner == Ann && task.Epoch == before.Epoch && task.LeaseUntil == before.LeaseUntil && task.Claim == before.Claim && task.Status == before.Status);
        _repository.Board.LeaseLeft(after).Should().Be(600);
        _repository.Board.Claim(id, null, Ann).Renewed.Should().BeTrue();
    }

    [Fact]
    public void A_note_of_the_owner_still_renews_its_claim()
    {
        var id = Claimed(Ann);
        _time.Advance(TimeSpan.FromMinutes(50));

        _repository.Board.LeaseLeft(_repository.Board.Update(id, new TaskEdit { Note = "half way" }, Ann).View.Task).Should().Be(3600);
    }

    [Fact]
    public void Anything_beside_a_note_is_refused_on_a_task_of_another_and_the_refusal_says_what_is_welcome()
    {
        var id = Claimed(Ann);
        var other = _repository.Task("another");

        foreach (var edit in new TaskEdit[]
        {
            new() { Note = "n", Attention = TaskAttention.None },
            new() { Note = "n", Status = TaskState.InProgress },
            new() { Note = "n", Owner = Bob },
            new() { Note = "n", Subject = "A goal" },
            new() { Note = "n", Labels = [] },
            new() { Note = "n", AddBlockedBy = [other] },
            new() { Note = "n", RemoveBlockedBy = [other] },
            new() { Priority = TaskPriority.High },
        })
        {
            var refusal = _repo.By(RefusalCode.TaskClaimed, () => _repository.Board.Update(id, edit, Bob));
            refusal.Hint.ToString().Should().Contain("A note alone").And.Contain("ChangeTask");
        }
    }

    [Theory]
    [InlineData(TaskState.Completed)]
    [InlineData(TaskState.Deleted)]
    [InlineData(TaskState.Pending)]
    public void A_note_finds_its_task_in_every_state_and_leaves_it_there(TaskState state)
    {
        var id = Claimed(Ann);
        _repository.Board.Update(id, new TaskEdit { Status = state }, Ann);

        var view = _repository.Board.Update(id, new TaskEdit { Note = "for whoever reads this later" }, Bob).View;

        view.Task.Status.Should().Be(state);
        view.Task.Notes.Should().ContainSingle().Which.By.Should().Be(Bob);
        view.Task.Owner.Should().Be(state == TaskState.Pending ? null : Ann);
    }

    [Fact]
    public void A_note_holds_to_its_bounds_and_to_the_revision_that_was_seen()
    {
        var id = Claimed(Ann);
        var revision = _repository.Board.Get(id).Task.Revision;

        _repo.By(RefusalCode.InvalidArgument, () => _repository.Board.Update(id, new TaskEdit { Note = new string('x', 64 * 1024) }, Bob)).Message.Should().Contain("note has 65536 characters");
        _repo.By(RefusalCode.InvalidArgument, () => _repository.Board.Update(id, new TaskEdit { Note = " \n" }, Bob));
        _repo.By(RefusalCode.TaskChanged, () => _repository.Board.Update(id, new TaskEdit { Note = "x", ExpectedRevision = revision - 1 }, Bob));
        _repository.Board.Update(id, new TaskEdit { Note = new string('x', 4000), ExpectedRevision = revision }, Bob).Changed.Should().Equal("notes");
    }

    [Fact]
    public void Of_more_notes_than_a_task_keeps_the_oldest_give_way_and_the_answer_says_so()
    {
        var id = Claimed(Ann);
        _repository.Board.Update(id, new TaskEdit { Note = "the first" }, Ann);
        var path = _repo.Layout.Task(id);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        for (var n = 1; n < 999; n++)
        {
            file["notes"]!.AsArray().Add(new JsonObject { ["at"] = 1, ["by"] = "hand", ["text"] = $"note {n}" });
        }

        File.WriteAllText(path, file.ToJsonString());

        var changed = _repository.Board.Update(id, new TaskEdit { Note = "note 1000" }, Bob);

        changed.View.Task.Notes.Should().HaveCount(500);
        changed.View.Task.Notes[^1].Text.Should().Be("note 1000");
        changed.Warning.Should().Contain("500 notes").And.Contain("of ann");
    }

    private int Claimed(string by)
    {
        var id = _repository.Task();
        _repository.Board.Claim(id, null, by);
        return id;
    }
}

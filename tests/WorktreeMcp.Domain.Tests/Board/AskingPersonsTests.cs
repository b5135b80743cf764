using System.Text.Json;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class AskingPersonsTests : IDisposable
{
    private readonly TempRepository _repo = new(commit: false);
    private readonly Repository _opened;

    public AskingPersonsTests() => _opened = _repo.Open();

    public void Dispose()
    {
        _opened.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_question_needs_input_and_its_answer_is_a_persons_note_that_clears_it()
    {
        var id = Claimed();
        var asked = Update(id, new TaskEdit { Question = "Quote every field?" });
        asked.Changed.Should().Equal("attention", "question");
        _repo.Open().Board.Get(id).Task.Question.Should().BeEquivalentTo(new { Text = "Quote every field?", By = "claude-1" });

        var answered = _opened.Board.Questions.Answer(id, "Only where there is a comma.", "Ada");

        answered.View.Task.Should().Match<BoardTask>(task => task.Question == null && task.Attention == TaskAttention.None && task.Owner == "claude-1" && task.HasClaim);
        var note = _repo.Open().Board.Get(id).Task.Notes.Should().ContainSingle().Which;
        (note.By, note.Text, note.IsPersons, note.Answers).Should().Be(("Ada", "Only where there is a comma.", true, "Quote every field?"));
        var logged = JsonElement.Parse(_repo.EventLines()[^1]);
        logged.GetProperty("event").GetString().Should().Be("task.answered");
        logged.GetProperty("by").GetString().Should().Be("Ada");
        logged.GetProperty("person").GetBoolean().Should().BeTrue();
        logged.GetProperty("asked_by").GetString().Should().Be("claude-1");
        logged.GetProperty("text").GetString().Should().Be("Only where there is a comma.");
        _repo.Read(".tasks/task_1.json").Should().NotContain("\"question\"");
    }

    [Fact]
    public void Asking_again_replaces_the_question()
    {
        var id = Claimed();
        Update(id, new TaskEdit { Question = "first?" });

        Update(id, new TaskEdit { Question = "second?" }).Changed.Should().Equal("question");

        _opened.Board.Get(id).Task.Question!.Text.Should().Be("second?");
    }

    [Fact]
    public void Whoever_takes_the_attention_away_takes_the_question_back()
    {
        var id = Claimed();
        Update(id, new TaskEdit { Question = "Which?" });

        Update(id, new TaskEdit { Attention = TaskAttention.None }).Changed.Should().Equal("attention", "question");

        _repo.By(RefusalCode.BadTransition, () => _opened.Board.Questions.Answer(id, "x", "Ada"));
    }

    [Fact]
    public void An_answer_to_a_task_that_asks_nothing_is_refused_and_a_note_is_offered()
    {
        var id = Claimed();

        var refusal = _repo.By(RefusalCode.BadTransition, () => _opened.Board.Questions.Answer(id, "yes", "Ada"));

        refusal.Message.Should().Contain("asks nothing");
        refusal.Hint.ToString().Should().Contain($"worktree-mcp task note {id}");
        Update(id, new TaskEdit { Question = "Which?" });
        _opened.Board.Questions.Answer(id, "This.", "Ada");
        _repo.By(RefusalCode.BadTransition, () => _opened.Board.Questions.Answer(id, "That.", "Ben")).Message.Should().Contain("Ada has answered");
    }

    [Fact]
    public void A_task_that_needs_input_without_a_question_is_answered_all_the_same()
    {
        var id = Claimed();
        Update(id, new TaskEdit { Attention = TaskAttention.NeedsInput, Note = "Which one?" });

        _opened.Board.Questions.Answer(id, "This.", "Ada").View.Task.Notes[^1].Should().Match<TaskNote>(note => note.IsPersons && note.Answers == null);
    }

    [Fact]
    public void A_persons_note_needs_no_claim_and_takes_none_away()
    {
        var id = Claimed();

        var noted = _opened.Board.Questions.Remark(id, "Look at the bank's import.", "Ada");

        noted.View.Task.Should().Match<BoardTask>(task => task.Owner == "claude-1" && task.HasClaim);
        noted.View.Task.Notes[^1].Should().Match<TaskNote>(note => note.IsPersons && note.By == "Ada");
        JsonElement.Parse(_repo.EventLines()[^1]).GetProperty("person").GetBoolean().Should().BeTrue();
    }

    [Fact]
    public void What_cannot_be_asked_or_said_is_refused()
    {
        var id = Claimed();
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit { Question = " " }));
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit { Question = new string('x', 4_001) }));
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit { Question = "x", Attention = TaskAttention.Review }));
        _repo.By(RefusalCode.InvalidArgument, () => Update(id, new TaskEdit { Question = "x", Status = TaskState.Completed })).Message.Should().Contain("completed");
        _repo.By(RefusalCode.TaskClaimed, () => _opened.Board.Update(id, new TaskEdit { Question = "x" }, "somebody else"));
        _repo.By(RefusalCode.InvalidArgument, () => _opened.Board.Questions.Answer(id, " \n", "Ada"));
        _repo.By(RefusalCode.InvalidArgument, () => _opened.Board.Questions.Remark(id, new string('x', 64 * 1024), "Ada"));
        _repo.By(RefusalCode.NotFound, () => _opened.Board.Questions.Answer(99, "x", "Ada"));
    }

    [Theory]
    [InlineData("\"Which?\"")]
    [InlineData("{\"by\":\"a\",\"at\":1}")]
    [InlineData("{\"text\":\"\",\"by\":\"a\"}")]
    [InlineData("{\"text\":\"x\",\"at\":\"yesterday\"}")]
    [InlineData("{\"text\":7}")]
    public void A_question_in_a_file_that_nobody_would_have_asked_damages_that_task_alone(string question)
    {
        var id = Claimed();
        _repo.Write(".tasks/task_1.json", $$"""{"id":1,"subject":"x","status":"in_progress","attention":"needs_input","question":{{question}}}""");

        _repo.By(RefusalCode.CorruptFile, () => _opened.Board.Get(id)).Message.Should().Contain("question");
    }

    [Fact]
    public void The_board_shows_the_question_to_the_person()
    {
        var id = Claimed();
        Update(id, new TaskEdit { Note = "an older note", Question = "Quote every field?" });

        _opened.Overview.Look(new()).Concerns.Items.Should().ContainSingle().Which.Text.Should().Be("Quote every field?");
    }

    private int Claimed()
    {
        var id = _opened.Board.Create(new NewTask("task"), "claude-1").View.Task.Id;
        _opened.Board.Claim(id, null, "claude-1");
        return id;
    }

    private TaskChange Update(int id, TaskEdit edit) => _opened.Board.Update(id, edit, "claude-1");
}

using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Board;

/// <summary>What an agent asks a person, until it is answered.</summary>
/// <param name="Text">The question.</param>
/// <param name="By">Who asks.</param>
/// <param name="At">Since when, in unix seconds.</param>
public sealed record TaskQuestion(string Text, string By, double At);

/// <summary>
/// What agents ask and what persons say. Invariants:
/// - a question stands only in an open task that needs input; whoever takes the attention away takes the question back;
/// - a person's word needs no claim, and takes none away;
/// - an answer, what it answers and the end of the attention are one change with its event.
/// </summary>
public sealed class TaskQuestions
{
    private readonly TaskBoard _board;
    private readonly StateStore _store;

    internal TaskQuestions(TaskBoard board, StateStore store) => (_board, _store) = (board, store);

    /// <summary>A task after an edit that may ask something or take a question back.</summary>
    internal static BoardTask Asked(BoardTask task, TaskEdit edit, string by, double now)
    {
        if (edit.Question is null)
        {
            return task.Attention == TaskAttention.NeedsInput ? task : task with { Question = null };
        }

        if (edit.Attention is { } other and not TaskAttention.NeedsInput)
        {
            throw TaskRules.Invalid("attention", $"is {other.Word()} beside a question", "Leave it out: a question sets needs_input.");
        }

        if (!task.IsOpen)
        {
            throw TaskRules.Invalid("question", $"is asked about a task that is {task.Status.Word()}: nobody would wait for the answer", "Ask before you close it, or leave a note.");
        }

        var question = new TaskQuestion(TaskRules.Question(edit.Question), by, now);
        return task with { Attention = TaskAttention.NeedsInput, Question = question };
    }

    /// <summary>A person's answer to what an agent asked, whoever holds the task.</summary>
    /// <param name="id">The task's number.</param>
    /// <param name="text">The answer.</param>
    /// <param name="person">Who answers.</param>
    /// <returns>The task, which needs nobody any more.</returns>
    public TaskChange Answer(int id, string text, string person)
    {
        var words = TaskRules.PersonsWords("The answer", text);
        using var change = _store.Begin("task.answer", person);
        var old = _board.Require(id);
        if (old.Attention != TaskAttention.NeedsInput)
        {
            throw new Refusal(
                RefusalCode.BadTransition,
                $"Task {id} \"{old.Subject}\" asks nothing{(old.Notes.LastOrDefault(note => note.Answers is not null) is { } last ? $": {last.By} has answered it" : string.Empty)}. Nothing was changed.",
                $"As a plain note it reaches whoever works on it: worktree-mcp task note {id} \"...\".",
                new NextStep.ShowTask(id));
        }

        var asked = old.Question;
        var task = TaskBoard.Put(change, With(old, words, change, asked?.Text) with { Attention = TaskAttention.None, Question = null });
        var answered = Spoken("task.answered", task, words);
        if (asked is not null)
        {
            answered["asked_by"] = asked.By;
        }

        change.Emit(answered);
        return new TaskChange(_board.View(task), TaskDifferences.Of(old, task), [], change.Commit("task.answer"));
    }

    /// <summary>A person's note, whoever holds the task.</summary>
    /// <param name="id">The task's number.</param>
    /// <param name="text">What the person says.</param>
    /// <param name="person">Who says it.</param>
    /// <returns>The task with the note.</returns>
    public TaskChange Remark(int id, string text, string person)
    {
        var words = TaskRules.PersonsWords("The note", text);
        using var change = _store.Begin("task.note", person);
        var old = _board.Require(id);
        var task = TaskBoard.Put(change, With(old, words, change, null));
        var updated = Spoken("task.updated", task, words);
        updated["changed"] = new JsonArray("notes");
        change.Emit(updated);
        return new TaskChange(_board.View(task), ["notes"], [], change.Commit("task.note"));
    }

    private static BoardTask With(BoardTask task, string words, StateChange change, string? answers)
    {
        var note = new TaskNote(change.Now, change.By, words) { IsPersons = true, Answers = answers };
        return task with { Notes = [.. task.Notes.TakeLast(TaskRules.NoteCount - 1), note] };
    }

    private static JsonObject Spoken(string name, BoardTask task, string words)
    {
        var spoken = TaskBoard.Event(name, task);
        spoken["person"] = true;
        spoken["text"] = words;
        return spoken;
    }
}

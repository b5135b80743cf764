using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// What a hand wrote into a task's file, as a change of the board. It is taken as it is, but for what only grows (revision and number of claims), and
/// for the question, which goes with the attention, and for what only a run or a person at a terminal can say of a contract. A note that comes with the end of that answers it.
/// </summary>
internal static class TaskHandEdit
{
    private const long MostRevisions = long.MaxValue / 4;
    private const int MostNamed = 50;
    private const int NameLength = 100;

    // They say that there was a change, and not what it was.
    private static readonly HashSet<string> OfEveryChange = ["revision", "updated_at"];

    /// <summary>The edit; null when the file is no task that this version may write, or says the same as before.</summary>
    /// <param name="file">The file.</param>
    /// <param name="logged">What we wrote there last.</param>
    /// <param name="now">The time, in unix seconds.</param>
    internal static HandEdit? Of(StoredTask file, JsonObject logged, double now)
    {
        if (Read(file) is not { NewerVersion: null } written || Changed(logged, TaskImage.Write(written)) is not { Count: > 0 } changed)
        {
            return null;
        }

        var before = Read(new StoredTask(file.Id, StateJson.File(logged)));
        var (task, note) = Taken(written, before, now);
        var edited = TaskBoard.Event("task.edited", task);
        edited["by"] = Recovery.Hand;
        edited["changed"] = new JsonArray([.. changed.Take(MostNamed).Select(name => JsonValue.Create(name.Length <= NameLength ? name : name[..NameLength]))]);
        if (note is not null)
        {
            edited["text"] = note.Text.Length <= TaskRules.AnswerLength ? note.Text : note.Text[..TaskRules.AnswerLength];
            edited["note_by"] = note.By;
        }

        if (note?.Answers is not null && before?.Question is { } question)
        {
            edited["asked_by"] = question.By;
        }

        return new HandEdit(file, TaskImage.Write(task), edited);
    }

    private static BoardTask? Read(StoredTask file)
    {
        try
        {
            return TaskImage.Read(file.Id, file.Bytes);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static List<string> Changed(JsonObject before, JsonObject after)
    {
        var changed = before.Select(member => member.Key).Union(after.Select(member => member.Key)).Where(name => !JsonNode.DeepEquals(before[name], after[name])).ToList();
        return changed.Exists(name => !OfEveryChange.Contains(name)) ? [.. changed.Where(name => !OfEveryChange.Contains(name))] : changed;
    }

    private static (BoardTask Task, TaskNote? Newest) Taken(BoardTask written, BoardTask? before, double now)
    {
        var known = (before?.Notes ?? []).ToHashSet();
        var answered = before is { Attention: TaskAttention.NeedsInput, Question: not null } && written.Attention != TaskAttention.NeedsInput ? before.Question.Text : null;
        List<TaskNote> notes = [.. written.Notes.Select(note => known.Contains(note) ? note : Signed(note, now))];
        var newest = notes.FindLastIndex(note => !known.Contains(note));
        if (newest >= 0 && answered is not null)
        {
            notes[newest] = notes[newest] with { Answers = answered };
        }

        var task = written with
        {
            Question = written.Attention == TaskAttention.NeedsInput ? written.Question : null,
            Epoch = Math.Max(written.Epoch, before?.Epoch ?? 0),
            Revision = Math.Min(Math.Max(written.Revision, before?.Revision ?? 0), MostRevisions) + 1,
            UpdatedAt = now,
            Contract = written.Contract.ByHand(before?.Contract ?? TaskContract.None),
            Notes = notes.SequenceEqual(written.Notes) ? written.Notes : notes,
        };
        return (task, newest < 0 ? null : notes[newest]);
    }

    private static TaskNote Signed(TaskNote note, double now) => note with { By = note.By.Length > 0 ? note.By : Recovery.Hand, At = note.At > 0 ? note.At : now };
}

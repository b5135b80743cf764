using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// Changes tasks. Whoever does not hold a claimed task may only say something about it: a note alone is taken from everybody, and leaves
/// the claim as it is.
/// </summary>
internal sealed class TaskChanging(TaskBoard board, StateStore store)
{
    internal TaskChange Update(int id, TaskEdit edit, string by)
    {
        using var change = store.Begin("task.update", by);
        var old = board.Require(id);
        if (edit.IsNoteAlone)
        {
            board.Claims.EnsureKnown(old);
        }
        else
        {
            board.Claims.EnsureMay(old, by);
        }

        EnsureRevision(old, edit.ExpectedRevision);
        var task = Apply(old, edit, by, change.Now);
        var changed = TaskDifferences.Of(old, task);
        if (changed.Count == 0)
        {
            board.Claims.RenewAlone(change, id);
            return new TaskChange(board.View(old), [], [], null);
        }

        task = TaskBoard.Put(change, task);
        var updated = TaskBoard.Event("task.updated", task);
        updated["changed"] = new JsonArray([.. changed.Select(c => JsonValue.Create(c))]);
        change.Emit(updated);
        Claims.EmitReleased(change, old, task);
        TaskBoard.EmitCompleted(change, old, task);
        var warning = change.Commit("task.update") ?? SetAside(old, edit);
        return new TaskChange(board.View(task), changed, board.NowReady(old, task), warning);
    }

    private BoardTask Apply(BoardTask old, TaskEdit edit, string by, double now)
    {
        var task = old with
        {
            Subject = edit.Subject is null ? old.Subject : TaskRules.Subject(edit.Subject),
            Description = edit.Description is null ? old.Description : TaskRules.Description(edit.Description),
            Priority = edit.Priority ?? old.Priority,
            Labels = edit.Labels is null ? old.Labels : TaskRules.Labels(edit.Labels),
            Attention = edit.Attention ?? old.Attention,
            BlockedBy = board.Blockers(old.Id, [.. old.BlockedBy.Except(edit.RemoveBlockedBy ?? [])], edit.AddBlockedBy ?? [], "add_blocked_by"),
            Contract = ContractRules.Edited(old.Contract, edit, by, now),
            Notes = edit.Note is null ? old.Notes : [.. old.Notes.TakeLast(TaskRules.NoteCount - 1), new TaskNote(now, by, TaskRules.Note(edit.Note))],
        };
        if (edit.Status is { } status && status != old.Status)
        {
            if (status == TaskState.InProgress || (status == TaskState.Completed && old.Status == TaskState.Pending))
            {
                board.EnsureNotBlocked(task);
            }

            task = status == TaskState.Completed ? task.CompleteWith(board.WorkOf(task)) : task.MoveTo(status);
        }

        task = TaskQuestions.Asked(task, edit, by, now);
        return edit.Owner is null ? task : task.GivenTo(TaskRules.Owner("owner", edit.Owner) is { Length: > 0 } owner ? owner : null);
    }

    private static string? SetAside(BoardTask old, TaskEdit edit) => edit.Note is not null && old.Notes.Count >= TaskRules.NoteCount
        ? $"A task keeps {TaskRules.NoteCount} notes: the oldest, of {old.Notes[0].By}, gave way to this one."
        : null;

    private static void EnsureRevision(BoardTask task, long? expected)
    {
        if (expected is { } revision && revision != task.Revision)
        {
            throw new Refusal(
                RefusalCode.TaskChanged,
                $"Task {task.Id} has revision {task.Revision}, not {revision}: somebody changed it in between.",
                $"Read it again with {Step.ShowTask}, then repeat with expected_revision {task.Revision}.",
                new NextStep.ShowTask(task.Id));
        }
    }
}

using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Server.Results;

/// <summary>A task in a list.</summary>
public sealed record TaskRow(
    int Id, string Subject, TaskState Status, bool Ready, TaskPriority Priority, string? Owner, string? Worktree, string? WorktreeState,
    IReadOnlyList<int>? WaitsFor, IReadOnlyList<string>? Labels, TaskAttention? Attention)
{
    private const int SubjectLength = 160;

    internal static TaskRow From(TaskView view) => new(
        view.Task.Id,
        CutText.Of(view.Task.Subject, SubjectLength, "task_get has all of it"),
        view.Task.Status,
        view.IsReady,
        view.Task.Priority,
        view.Task.Owner,
        view.Task.Worktree,
        view.Task.WorktreeState,
        view.WaitsFor.Count == 0 ? null : view.WaitsFor,
        view.Task.Labels.Count == 0 ? null : view.Task.Labels,
        view.Task.Attention == TaskAttention.None ? null : view.Task.Attention);
}

/// <summary>A note on a task.</summary>
public sealed record NoteRow(double At, string By, string Text);

/// <summary>Everything about one task.</summary>
public sealed record TaskFull(
    int Id, string Subject, string Description, TaskState Status, bool Ready, TaskPriority Priority, TaskAttention Attention, string? Owner,
    string? Worktree, string? WorktreeState, IReadOnlyList<int> BlockedBy, IReadOnlyList<int> WaitsFor, IReadOnlyList<string> Labels,
    double? LeaseUntil, int Epoch, IReadOnlyList<NoteRow> Notes, int? NotesOmitted, long Revision, double CreatedAt, double UpdatedAt)
{
    private const int DescriptionLength = 8_000;
    private const int NoteLength = 1_000;
    private const int MostNotes = 5;

    internal static TaskFull From(TaskView view)
    {
        var task = view.Task;
        var rest = $"all of it stands in .tasks/task_{task.Id}.json";
        return new TaskFull(
            task.Id, task.Subject, CutText.Of(task.Description, DescriptionLength, rest), task.Status, view.IsReady, task.Priority, task.Attention,
            task.Owner, task.Worktree, task.WorktreeState, task.BlockedBy, view.WaitsFor, task.Labels, task.LeaseUntil, task.Epoch,
            [.. task.Notes.TakeLast(MostNotes).Select(n => new NoteRow(n.At, n.By, CutText.Of(n.Text, NoteLength, rest)))],
            task.Notes.Count > MostNotes ? task.Notes.Count - MostNotes : null,
            task.Revision, task.CreatedAt, task.UpdatedAt);
    }
}

/// <summary>A task file that cannot be understood.</summary>
public sealed record DamagedRow(int Id, string Path, string Problem);

/// <summary>Answer of task_create.</summary>
public sealed record TaskCreated(TaskFull Task, string? Warning, string Next);

/// <summary>Answer of task_list.</summary>
public sealed record TaskListed(IReadOnlyList<TaskRow> Tasks, int Total, string? NextCursor, IReadOnlyList<DamagedRow>? Damaged, string Next);

/// <summary>Answer of task_get.</summary>
public sealed record TaskShown(TaskFull Task, IReadOnlyList<int> Blocks, WorktreeRow? Worktree, IReadOnlyList<System.Text.Json.JsonElement> Events, string Next);

/// <summary>Answer of task_update.</summary>
public sealed record TaskUpdated(TaskFull Task, IReadOnlyList<string> Changed, IReadOnlyList<int> NowReady, string? Warning, string Next);

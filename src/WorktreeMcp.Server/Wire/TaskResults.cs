using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;

namespace WorktreeMcp.Server.Wire;

/// <summary>A task in a list.</summary>
public sealed record TaskRow(
    int Id, string Subject, TaskState Status, bool? Ready, TaskPriority Priority, string? Owner, string? Worktree, string? WorktreeState,
    IReadOnlyList<int>? WaitsFor, IReadOnlyList<string>? Labels, TaskAttention? Attention, string? Omitted)
{
    private const int SubjectBytes = 240;
    private const int LabelBytes = 200;
    private const int Most = 10;

    internal static TaskRow From(TaskView view)
    {
        var labels = CutText.Of(view.Task.Labels, Most, LabelBytes);
        var waits = CutText.Of(view.WaitsFor, Most);
        return new TaskRow(
            view.Task.Id,
            CutText.Of(view.Task.Subject, SubjectBytes, "task_get has all of it"),
            view.Task.Status,
            view.IsReady.OrNull(),
            view.Task.Priority,
            view.Task.Owner,
            view.Task.Worktree,
            view.Task.WorktreeState,
            waits.Items.OrNull(),
            labels.Items.OrNull(),
            view.Task.Attention == TaskAttention.None ? null : view.Task.Attention,
            Omission.Of("task_get has all of them", (waits.Omitted, "tasks it waits for"), (labels.Omitted, "labels")));
    }
}

/// <summary>A note on a task; person is there when one said it, answers when it answers a question.</summary>
public sealed record NoteRow(long At, string By, string Text, bool? Person, string? Answers)
{
    private const int NoteBytes = 640;
    private const int AnswerBytes = 4_000;

    internal static NoteRow From(TaskNote note, bool isNewestAnswer, string rest) => new(
        Slim.Seconds(note.At), note.By, CutText.Of(note.Text, isNewestAnswer ? AnswerBytes : NoteBytes, rest), note.IsPersons ? true : null, note.Answers is null ? null : CutText.Of(note.Answers, NoteBytes, rest));
}

/// <summary>What a person is asked and has not answered.</summary>
public sealed record QuestionRow(string Text, string By, long At)
{
    private const int TextBytes = 2_000;

    internal static QuestionRow? From(TaskQuestion? question, string rest) => question is null ? null : new(CutText.Of(question.Text, TextBytes, rest), question.By, Slim.Seconds(question.At));
}

/// <summary>Everything about one task; what is cut stands in its file in full. Its owner holds it for minutes_left, without it nobody does.</summary>
public sealed record TaskFull(
    int Id, string Subject, string? Description, TaskState Status, bool? Ready, TaskPriority Priority, TaskAttention? Attention, string? Owner,
    string? Worktree, string? WorktreeState, IReadOnlyList<int>? BlockedBy, IReadOnlyList<int>? WaitsFor, IReadOnlyList<string>? Labels,
    int? MinutesLeft, bool? LeaseEnded, QuestionRow? Question, IReadOnlyList<NoteRow>? Notes,
    IReadOnlyList<CriterionRow>? Acceptance, string? Verify, VerifiedRow? Verified, IReadOnlyList<string>? Scope, WaivedRow? Waived, long Revision, long? CreatedAt, long? UpdatedAt, string? Omitted)
{
    private const int DescriptionBytes = 6_000;
    private const int LabelBytes = 2_400;
    private const int MostNotes = 5;

    /// <summary>What whoever has just changed it does not know: nothing that was sent comes back.</summary>
    internal static TaskFull Changed(TaskView view) =>
        From(view) with { Description = null, Labels = null, Question = null, Notes = null, Acceptance = null, Verify = null, Scope = null, CreatedAt = null, UpdatedAt = null, Omitted = null };

    internal static TaskFull From(TaskView view, double? leaseLeft = null)
    {
        var task = view.Task;
        var rest = $".tasks/task_{task.Id}.json in the main checkout has all of it";
        var labels = CutText.Of(task.Labels, task.Labels.Count, LabelBytes);
        var answer = task.Notes.LastOrDefault(note => note.Answers is not null);
        return new TaskFull(
            task.Id, task.Subject, CutText.Of(task.Description, DescriptionBytes, rest).OrNull(), task.Status, view.IsReady.OrNull(), task.Priority,
            task.Attention == TaskAttention.None ? null : task.Attention,
            task.Owner, task.Worktree, task.WorktreeState, task.BlockedBy.OrNull(), view.WaitsFor.OrNull(), labels.Items.OrNull(),
            leaseLeft is > 0 and var seconds ? (int)Math.Ceiling(seconds / 60) : null,
            leaseLeft == 0 && task is { HasClaim: true, Status: TaskState.InProgress } ? true : null,
            QuestionRow.From(task.Question, rest),
            task.Notes.Count == 0 ? null : [.. task.Notes.TakeLast(MostNotes).Select(note => NoteRow.From(note, ReferenceEquals(note, answer), rest))],
            CriterionRow.From(task.Contract, rest), CriterionRow.Verify(task.Contract), VerifiedRow.From(task.Contract.Proof), CriterionRow.Scope(task.Contract), WaivedRow.From(task.Contract.Waiver),
            task.Revision, Slim.Seconds(task.CreatedAt), Slim.Seconds(task.UpdatedAt),
            Omission.Of(rest, (task.Notes.Count - MostNotes, "older notes"), (labels.Omitted, "labels")));
    }
}

/// <summary>A task file that cannot be understood.</summary>
public sealed record DamagedRow(int Id, string Path, string Problem);

/// <summary>Answer of task_create.</summary>
public sealed record TaskCreated(TaskFull Task, string? Warning, bool? Done, string? Next);

/// <summary>Answer of task_list.</summary>
public sealed record TaskListed(
    IReadOnlyList<TaskRow> Tasks, int Total, string? NextCursor, IReadOnlyList<DamagedRow>? Damaged, string? Omitted, bool? Done, string? Next)
{
    private const int MostDamaged = 5;

    internal static TaskListed From(TaskPage page, Onward onward)
    {
        var damaged = CutText.Of([.. page.Damaged.Select(d => new DamagedRow(d.Id, d.Path, CutText.Of(d.Problem, 200)))], MostDamaged);
        return new TaskListed(
            [.. page.Tasks.Select(TaskRow.From)],
            page.Total,
            page.NextCursor,
            damaged.Items.OrNull(),
            Omission.Of("task_get with their numbers says what is wrong", (damaged.Omitted, "damaged files")),
            onward.Done(), onward.Next());
    }
}

/// <summary>Answer of task_get.</summary>
public sealed record TaskShown(
    TaskFull Task, IReadOnlyList<int>? Blocks, WorktreeRow? Worktree, IReadOnlyList<JsonElement>? Events, string? Omitted, bool? Done, string? Next)
{
    private const int MostBlocked = 50;

    internal static TaskShown From(TaskView view, double leaseLeft, IReadOnlyList<int> blocks, WorktreeRow? worktree, IReadOnlyList<JsonElement> events, Onward onward)
    {
        var shown = CutText.Of(blocks, MostBlocked);
        return new TaskShown(
            TaskFull.From(view, leaseLeft), shown.Items.OrNull(), worktree, events.Count == 0 ? null : [.. events.Select(EventRow.From)],
            Omission.Of("each of them says so in its own file in .tasks", (shown.Omitted, "tasks that it blocks")), onward.Done(), onward.Next());
    }
}

/// <summary>Answer of task_update.</summary>
public sealed record TaskUpdated(TaskFull Task, IReadOnlyList<string> Changed, IReadOnlyList<int>? NowReady, string? Asked, string? Warning, bool? Done, string? Next)
{
    private const string Waiting = "A person is asked. The answer ends needs_input, stands in the task's notes (task_get) and in its events; board_show(wait_seconds: 300) waits for it";

    internal static TaskUpdated From(TaskChange changed, Onward onward) => new(
        TaskFull.Changed(changed.View), changed.Changed, changed.NowReady.OrNull(), changed.Changed.Contains("question") && changed.View.Task.Question is not null ? Waiting : null, changed.Warning, onward.Done(), onward.Next());
}

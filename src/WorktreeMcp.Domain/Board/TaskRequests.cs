using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Board;

/// <summary>A task to be recorded.</summary>
/// <param name="Subject">The goal in one line.</param>
/// <param name="Description">The goal in full.</param>
/// <param name="BlockedBy">Tasks it waits for.</param>
/// <param name="Priority">What comes first.</param>
/// <param name="Labels">Free words to find it by.</param>
/// <param name="RequestId">The caller's id: a repetition answers with the first result.</param>
public sealed record NewTask(
    string Subject,
    string? Description = null,
    IReadOnlyList<int>? BlockedBy = null,
    TaskPriority Priority = TaskPriority.Normal,
    IReadOnlyList<string>? Labels = null,
    string? RequestId = null)
{
    /// <summary>What must be so before it is done.</summary>
    public IReadOnlyList<string>? Acceptance { get; init; }

    /// <summary>The command that its work must pass.</summary>
    public string? Verify { get; init; }

    /// <summary>Which files it means to change.</summary>
    public IReadOnlyList<string>? Scope { get; init; }
}

/// <summary>What to change in a task; null leaves a member as it is.</summary>
public sealed record TaskEdit
{
    /// <summary>New goal in one line.</summary>
    public string? Subject { get; init; }

    /// <summary>New goal in full.</summary>
    public string? Description { get; init; }

    /// <summary>New state.</summary>
    public TaskState? Status { get; init; }

    /// <summary>New owner; empty for nobody.</summary>
    public string? Owner { get; init; }

    /// <summary>Tasks it waits for from now on.</summary>
    public IReadOnlyList<int>? AddBlockedBy { get; init; }

    /// <summary>Tasks it no longer waits for.</summary>
    public IReadOnlyList<int>? RemoveBlockedBy { get; init; }

    /// <summary>New priority.</summary>
    public TaskPriority? Priority { get; init; }

    /// <summary>All labels from now on.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>New attention flag.</summary>
    public TaskAttention? Attention { get; init; }

    /// <summary>What must be so from now on; what was met stays met where the words are the same.</summary>
    public IReadOnlyList<string>? Acceptance { get; init; }

    /// <summary>The numbers of criteria that are met.</summary>
    public IReadOnlyList<int>? Met { get; init; }

    /// <summary>The command that its work must pass; empty for none of its own.</summary>
    public string? Verify { get; init; }

    /// <summary>Which files it means to change from now on; empty for any.</summary>
    public IReadOnlyList<string>? Scope { get; init; }

    /// <summary>What a person is to answer.</summary>
    public string? Question { get; init; }

    /// <summary>Something to add to the notes.</summary>
    public string? Note { get; init; }

    /// <summary>The revision the caller has seen; another one refuses.</summary>
    public long? ExpectedRevision { get; init; }

    /// <summary>Whether it only says something about the task. Some clients send an empty list for what is not meant.</summary>
    internal bool IsNoteAlone => Note is not null && AddBlockedBy is null or [] && RemoveBlockedBy is null or []
        && this == new TaskEdit { Note = Note, ExpectedRevision = ExpectedRevision, AddBlockedBy = AddBlockedBy, RemoveBlockedBy = RemoveBlockedBy };

    /// <summary>Refuses a change that changes nothing.</summary>
    internal void RequireSomething()
    {
        if (this == new TaskEdit { ExpectedRevision = ExpectedRevision })
        {
            throw new Refusal(RefusalCode.InvalidArgument, "There is nothing to change: only task_id was given.", "Give at least one of subject, description, status, owner, add_blocked_by, remove_blocked_by, priority, labels, attention, acceptance, met, verify, scope, question, note.");
        }
    }
}

/// <summary>Which tasks are wanted.</summary>
/// <param name="Status">Only this state; null means all but deleted.</param>
/// <param name="Ready">Only tasks that are pending and wait for nothing (true), or the others (false).</param>
/// <param name="Owner">Only this owner's.</param>
/// <param name="Label">Only with this label.</param>
/// <param name="Query">Only with this text in subject, description or notes; the case of letters does not matter.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="Cursor">Where the page before ended.</param>
public sealed record TaskFilter(TaskState? Status, bool? Ready, string? Owner, string? Label, string? Query, int Limit, string? Cursor)
{
    /// <summary>Whether a task is one of them, whatever it waits for.</summary>
    internal bool Matches(BoardTask task) =>
        (Status is { } status ? task.Status == status : task.Status != TaskState.Deleted)
        && (Owner is null || task.Owner == Owner)
        && (Label is null || task.Labels.Contains(Label))
        && (Query is not { } query || Holds(task.Subject, query) || Holds(task.Description, query) || task.Notes.Any(note => Holds(note.Text, query)));

    private static bool Holds(string text, string query) => text.Contains(query, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A task with what follows from other tasks.</summary>
/// <param name="Task">The task.</param>
/// <param name="WaitsFor">Tasks it waits for that are not over.</param>
public sealed record TaskView(BoardTask Task, IReadOnlyList<int> WaitsFor)
{
    /// <summary>Whether somebody can start it now.</summary>
    public bool IsReady => Task.Status == TaskState.Pending && WaitsFor.Count == 0;
}

/// <summary>A task file that cannot be understood; its bytes were left as they are.</summary>
/// <param name="Id">The number in its name.</param>
/// <param name="Path">Where it lies.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record DamagedTask(int Id, string Path, string Problem);

/// <summary>One page of tasks.</summary>
/// <param name="Tasks">Open work first, then by priority and number.</param>
/// <param name="Total">How many match in all.</param>
/// <param name="NextCursor">Where the next page begins, or null.</param>
/// <param name="Damaged">Task files that cannot be understood.</param>
public sealed record TaskPage(IReadOnlyList<TaskView> Tasks, int Total, string? NextCursor, IReadOnlyList<DamagedTask> Damaged);

/// <summary>What a change of a task did.</summary>
/// <param name="View">The task afterwards.</param>
/// <param name="Changed">The members that changed.</param>
/// <param name="NowReady">Tasks that became ready by it.</param>
/// <param name="Warning">Done, but the next call must finish writing it; else null.</param>
public sealed record TaskChange(TaskView View, IReadOnlyList<string> Changed, IReadOnlyList<int> NowReady, string? Warning);

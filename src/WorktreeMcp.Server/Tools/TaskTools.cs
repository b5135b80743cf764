using System.ComponentModel.DataAnnotations;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Server.Results;

namespace WorktreeMcp.Server.Tools;

/// <summary>The board's tools: what is to be done.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class TaskTools(OpenRepository repository, CallerIdentity caller)
{
    private const int EventsShown = 5;
    private const long EventBytesSearched = 512 * 1024;

    /// <summary>
    /// Record a goal on the board. Takes effect at once and makes no directory: worktree_create with the returned id does
    /// that. Refuses an empty subject, unknown blocked_by ids and cycles.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="subject">The goal in one line.</param>
    /// <param name="description">The goal in full: context, files, how to tell that it is done.</param>
    /// <param name="blocked_by">Ids of tasks that must be completed first.</param>
    /// <param name="priority">What comes first; normal if left out.</param>
    /// <param name="labels">Words to find it by.</param>
    /// <param name="request_id">Any unique text; repeating a call with it changes nothing and gives the first answer.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_create", Title = "Create a task", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskCreated))]
    public partial CallToolResult Create(
        RequestContext<CallToolRequestParams> request,
        string subject,
        string? description = null,
        int[]? blocked_by = null,
        TaskPriority? priority = null,
        string[]? labels = null,
        [StringLength(200, MinimumLength = 1)] string? request_id = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var task = new NewTask(subject, description, blocked_by, priority ?? TaskPriority.Normal, labels, request_id);
        var made = repository.Require().Board.Create(task, caller.AgentOf(request, agent));
        return Reply.Of(new TaskCreated(TaskFull.From(made.View), made.Warning, NextCall.After(made.View)));
    }

    /// <summary>
    /// List tasks: open work first, then by priority and number. Rows are slim; task_get has the rest. Deleted tasks show
    /// only with status deleted. Changes nothing.
    /// </summary>
    /// <param name="status">Only tasks in this state.</param>
    /// <param name="ready">true: only tasks that can be started now; false: only the others.</param>
    /// <param name="owner">Only this owner's tasks.</param>
    /// <param name="label">Only tasks with this label.</param>
    /// <param name="query">Only tasks with this text in subject, description or notes, in any case.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cursor">next_cursor of the page before.</param>
    [McpServerTool(
        Name = "task_list", Title = "List tasks", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskListed))]
    public partial CallToolResult List(
        TaskState? status = null,
        bool? ready = null,
        string? owner = null,
        string? label = null,
        string? query = null,
        [Range(1, 100)] int limit = 20,
        string? cursor = null)
    {
        var page = repository.Require().Board.List(new TaskFilter(status, ready, owner, label, query, limit, cursor));
        var damaged = page.Damaged.Select(d => new DamagedRow(d.Id, d.Path, d.Problem)).ToList();
        return Reply.Of(new TaskListed(
            [.. page.Tasks.Select(TaskRow.From)], page.Total, page.NextCursor, damaged.Count == 0 ? null : damaged, NextCall.After(page)));
    }

    /// <summary>
    /// Show everything about one task. That is its goal, notes, what it waits for and blocks, its worktree and its last
    /// events. Take it before you start work on a task. Changes nothing.
    /// </summary>
    /// <param name="task_id">Task id from task_list.</param>
    [McpServerTool(
        Name = "task_get", Title = "Show a task", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskShown))]
    public partial CallToolResult Get(int task_id)
    {
        var served = repository.Require();
        var view = served.Board.Get(task_id);
        var worktree = served.Worktrees.Of(view.Task);
        var events = served.Events(new EventQuery(EventsShown, TaskId: task_id, MaxBytes: EventBytesSearched));
        return Reply.Of(new TaskShown(
            TaskFull.From(view), served.Board.WaitingFor(task_id), worktree is null ? null : WorktreeRow.From(worktree), events.Events, NextCall.After(view)));
    }

    /// <summary>
    /// Change a task or add a note to it. Only what is given changes. Completing a task says which others became ready.
    /// Refuses steps its status cannot take, and dependencies that form a cycle; the worktree is not touched.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="task_id">Task id from task_list.</param>
    /// <param name="subject">New goal in one line.</param>
    /// <param name="description">New goal in full.</param>
    /// <param name="status">pending puts it back on the board and frees its owner; deleted withdraws it.</param>
    /// <param name="owner">Who works on it; empty for nobody.</param>
    /// <param name="add_blocked_by">Ids of tasks it must wait for from now on.</param>
    /// <param name="remove_blocked_by">Ids of tasks it need not wait for any more.</param>
    /// <param name="priority">New priority.</param>
    /// <param name="labels">All its labels from now on.</param>
    /// <param name="attention">Whether a person should look: needs_input, review or failed; none when settled.</param>
    /// <param name="note">What to add to its notes: findings, decisions, what is left.</param>
    /// <param name="expected_revision">revision you have seen; refuses if the task has changed since.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_update", Title = "Change a task", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskUpdated))]
    public partial CallToolResult Update(
        RequestContext<CallToolRequestParams> request,
        int task_id,
        string? subject = null,
        string? description = null,
        TaskState? status = null,
        string? owner = null,
        int[]? add_blocked_by = null,
        int[]? remove_blocked_by = null,
        TaskPriority? priority = null,
        string[]? labels = null,
        TaskAttention? attention = null,
        string? note = null,
        [Range(0, int.MaxValue)] int? expected_revision = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var edit = new TaskEdit
        {
            Subject = subject,
            Description = description,
            Status = status,
            Owner = owner,
            AddBlockedBy = add_blocked_by,
            RemoveBlockedBy = remove_blocked_by,
            Priority = priority,
            Labels = labels,
            Attention = attention,
            Note = note,
            ExpectedRevision = expected_revision,
        };
        var changed = repository.Require().Board.Update(task_id, edit, caller.AgentOf(request, agent));
        return Reply.Of(new TaskUpdated(TaskFull.From(changed.View), changed.Changed, changed.NowReady, changed.Warning, NextCall.After(changed)));
    }

    /// <summary>
    /// Bind a task to a worktree that exists already, on both sides. The task becomes in_progress, a kept worktree active.
    /// worktree_create makes a new one instead. Refuses if either belongs to another.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="task_id">Task id from task_list.</param>
    /// <param name="worktree">Name from worktree_list.</param>
    /// <param name="owner">Who works on it from now on.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_bind_worktree", Title = "Bind a task to a worktree", ReadOnly = false, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeStepped))]
    public partial CallToolResult Bind(
        RequestContext<CallToolRequestParams> request,
        int task_id,
        string worktree,
        string? owner = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var step = repository.Require().Worktrees.Bind(task_id, worktree, owner, caller.AgentOf(request, agent));
        return Reply.Of(WorktreeStepped.From(step, NextCall.WorkIn(step)));
    }
}

using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Tools;

/// <summary>The board's tools: what is to be done.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class TaskTools(OpenRepository repository, CallerIdentity caller)
{
    private const int EventsShown = 5;
    private const long EventBytesSearched = 512 * 1024;

    /// <summary>
    /// Record a goal on the shared task board as a pending task. Starts nothing: worktree_create with its id claims it and
    /// makes the place to work. task_plan records several. Refuses a blank subject and blocked_by ids that do not exist.
    /// Equal subjects are allowed, so look with board_show first.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="subject">The goal in one line.</param>
    /// <param name="description">The goal in full: context, files, how to tell that it is done.</param>
    /// <param name="blocked_by">Ids of tasks that must be completed first.</param>
    /// <param name="priority">high comes first; normal if left out.</param>
    /// <param name="labels">Words to find it by, at most 20.</param>
    /// <param name="acceptance">What must be so before it can be completed, each in one line.</param>
    /// <param name="verify">A shell command its work must pass before it can be completed, such as "make test".</param>
    /// <param name="scope">Globs of the files it means to change; a landing names what is outside.</param>
    /// <param name="request_id">Any text unique to this call; a repetition with it changes nothing and gives the first answer.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_create", Title = "Create a task", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskCreated))]
    public partial CallToolResult Create(
        RequestContext<CallToolRequestParams> request,
        [StringLength(500, MinimumLength = 1)] string subject,
        [StringLength(16_000)] string? description = null,
        int[]? blocked_by = null,
        TaskPriority? priority = null,
        string[]? labels = null,
        string[]? acceptance = null,
        [StringLength(4_000)] string? verify = null,
        string[]? scope = null,
        [StringLength(200, MinimumLength = 1)] string? request_id = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var task = new NewTask(subject, description, blocked_by, priority ?? TaskPriority.Normal, labels, request_id) { Acceptance = acceptance, Verify = verify, Scope = scope };
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var made = served.Board.Create(task, you);
        var onward = served.Guide.After(made.View, you);
        return Reply.Of(new TaskCreated(TaskFull.Changed(made.View), made.Warning, onward.Done(), onward.Next()));
    }

    /// <summary>
    /// Record up to 100 goals that wait for each other on the task board, all or none. Each becomes a pending task, as
    /// task_create makes one. The answer has the id of each key and which are ready. Refuses cycles, equal keys, and needs
    /// that name nothing.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="tasks">The goals in the order of their ids, such as [{"key":"parse","subject":"Parse dates"},{"key":"csv","subject":"CSV output","needs":["parse"]}].</param>
    /// <param name="request_id">Any text unique to this call; a repetition with it changes nothing and gives the first answer.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_plan", Title = "Plan tasks", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(PlanRecorded))]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "An array says itself how many it has.")]
    public partial CallToolResult Plan(
        RequestContext<CallToolRequestParams> request,
        [MinLength(1)][MaxLength(100)] PlannedGoal[] tasks,
        [StringLength(200, MinimumLength = 1)] string? request_id = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var plan = new TaskPlan([.. tasks.Select(goal => goal.ToTask())], request_id);
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var planned = served.Board.Plan(plan, you);
        return Reply.Of(PlanRecorded.From(planned, served.Guide.OnBoard(you)));
    }

    /// <summary>
    /// List the task board's tasks, open work first, then by priority and number. Filters combine. Rows are slim; task_get
    /// has the rest. To begin one call worktree_create, which claims it. Completed tasks come last; deleted ones show only
    /// with status deleted. Changes nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    /// <param name="status">Only tasks in this state.</param>
    /// <param name="ready">true: only pending tasks that wait for no other; false: only the rest.</param>
    /// <param name="owner">Only tasks of this owner, by exact name.</param>
    /// <param name="label">Only tasks with this label.</param>
    /// <param name="query">Only tasks with this text in subject, description or notes, in any case.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cursor">next_cursor of the page before.</param>
    [McpServerTool(
        Name = "task_list", Title = "List tasks", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskListed))]
    public partial CallToolResult List(
        McpServer server,
        TaskState? status = null,
        bool? ready = null,
        string? owner = null,
        string? label = null,
        string? query = null,
        [Range(1, 100)] int limit = 20,
        string? cursor = null)
    {
        var served = repository.Require();
        var page = served.Board.List(new TaskFilter(status, ready, owner, label, query, limit, cursor));
        return Reply.Of(TaskListed.From(page, served.Guide.After(page, caller.NameOf(server))));
    }

    /// <summary>
    /// Show everything about one task of the board. That is its goal, its latest notes, what it waits for and blocks, its
    /// worktree and its last events. Call it before you judge or take over work. Changes nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    /// <param name="task_id">Task id from board_show.</param>
    [McpServerTool(
        Name = "task_get", Title = "Show a task", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskShown))]
    public partial CallToolResult Get(McpServer server, [Range(1, int.MaxValue)] int task_id)
    {
        var served = repository.Require();
        var view = served.Board.Get(task_id);
        var worktree = served.Worktrees.Of(view.Task);
        var events = served.Events(new EventQuery(EventsShown, TaskId: task_id, MaxBytes: EventBytesSearched));
        return Reply.Of(TaskShown.From(
            view, served.Board.LeaseLeft(view.Task), served.Board.WaitingFor(task_id), worktree is null ? null : WorktreeRow.From(worktree), events.Events,
            served.Guide.After(view, caller.NameOf(server), worktree)));
    }

    /// <summary>
    /// Change a task or add a note to it. Only what is given changes. A note alone may go on any task, also
    /// one that another holds; the rest is refused there. Completing tells in now_ready which tasks wait no more. Refuses a
    /// status it cannot take from where it stands, to start while it waits for others, and cycles. To start work use
    /// worktree_create.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="task_id">Task id from board_show.</param>
    /// <param name="subject">New goal in one line.</param>
    /// <param name="description">New goal in full.</param>
    /// <param name="status">New status; pending puts it back on the board without an owner, deleted withdraws it.</param>
    /// <param name="owner">Who works on it; an empty string for nobody.</param>
    /// <param name="add_blocked_by">Ids of tasks it must wait for as well.</param>
    /// <param name="remove_blocked_by">Ids of tasks it need not wait for any more.</param>
    /// <param name="priority">New priority.</param>
    /// <param name="labels">All its labels from now on; they replace the old ones.</param>
    /// <param name="attention">Whether a person should look: needs_input, review or failed; none when settled.</param>
    /// <param name="acceptance">All its criteria from now on.</param>
    /// <param name="met">Numbers of the criteria that are met now.</param>
    /// <param name="verify">New command its work must pass; an empty string for none.</param>
    /// <param name="scope">All its globs from now on.</param>
    /// <param name="question">What a person must decide; sets needs_input, the answer comes as a note.</param>
    /// <param name="note">What to add to its notes: findings, decisions, what is left.</param>
    /// <param name="expected_revision">revision from task_get; refuses if the task has changed since.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_update", Title = "Change a task", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskUpdated))]
    public partial CallToolResult Update(
        RequestContext<CallToolRequestParams> request,
        [Range(1, int.MaxValue)] int task_id,
        [StringLength(500, MinimumLength = 1)] string? subject = null,
        [StringLength(16_000)] string? description = null,
        TaskState? status = null,
        [StringLength(100)] string? owner = null,
        int[]? add_blocked_by = null,
        int[]? remove_blocked_by = null,
        TaskPriority? priority = null,
        string[]? labels = null,
        TaskAttention? attention = null,
        string[]? acceptance = null,
        int[]? met = null,
        [StringLength(4_000)] string? verify = null,
        string[]? scope = null,
        [StringLength(4_000, MinimumLength = 1)] string? question = null,
        [StringLength(4_000, MinimumLength = 1)] string? note = null,
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
            Acceptance = acceptance,
            Met = met,
            Verify = verify,
            Scope = scope,
            Question = question,
            Note = note,
            ExpectedRevision = expected_revision,
        };
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var changed = served.Board.Update(task_id, edit, you);
        return Reply.Of(TaskUpdated.From(changed, served.Guide.After(changed, you)));
    }

    /// <summary>
    /// Take a task without a new worktree, or take over one that was left behind. worktree_create claims by itself. Sets it
    /// in_progress until the lease ends; each change you make to it renews, so does a repetition. Refuses what another
    /// holds. Of a task left behind it shows the work that lies there. Give it back with task_update(status pending).
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="task_id">Task id from board_show; if left out the ready one of the highest priority, then the oldest.</param>
    /// <param name="lease_minutes">How long you keep it without a sign of life; 60 if nothing else is configured.</param>
    /// <param name="owner">The same as agent.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_claim", Title = "Claim a task", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(TaskClaimed))]
    public partial CallToolResult Claim(
        RequestContext<CallToolRequestParams> request,
        [Range(1, int.MaxValue)] int? task_id = null,
        [Range(1, Domain.Configuration.RepositorySettings.MostLeaseMinutes)] int? lease_minutes = null,
        [StringLength(100, MinimumLength = 1)] string? owner = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent ?? owner));
        var taken = served.Board.Claim(task_id, lease_minutes, you);
        var left = served.Worktrees.LeftIn(taken);
        return Reply.Of(TaskClaimed.From(taken with { Warning = taken.Warning ?? left.Problem }, served.Board.LeaseLeft(taken.View.Task), left, served.Guide.After(taken, left.Detail, you)));
    }

    /// <summary>
    /// Bind a task to a worktree that exists already, on both sides. The task becomes in_progress, a kept worktree active;
    /// no file changes. worktree_create makes a new one and binds it itself. Refuses if either is bound to another, or the
    /// task is over or waits for others.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="task_id">Task id from board_show.</param>
    /// <param name="worktree">Name from board_show.</param>
    /// <param name="owner">Who works on it; if left out its owner stays, or becomes you.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "task_bind_worktree", Title = "Bind a task to a worktree", ReadOnly = false, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeStepped))]
    public partial CallToolResult Bind(
        RequestContext<CallToolRequestParams> request,
        [Range(1, int.MaxValue)] int task_id,
        string worktree,
        [StringLength(100)] string? owner = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var step = served.Worktrees.Bind(task_id, worktree, owner, you);
        return Reply.Of(WorktreeStepped.From(step, served.Guide.AfterBind(step, you)));
    }
}

using System.ComponentModel.DataAnnotations;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Tools;

/// <summary>The registry's tools: where it is done.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class WorktreeTools(OpenRepository repository, CallerIdentity caller)
{
    // The largest whole number that every client can hold.
    private const double MostSeq = 9_007_199_254_740_991;

    /// <summary>
    /// Claim a task and make an isolated git worktree on its own branch for it. Without name and task_id it takes the best
    /// ready task. Edit only under the returned path; the main checkout is not touched. Repeated for the same task it gives
    /// the same worktree. Refuses what is taken, over or blocked.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">1 to 63 letters, digits, dots, dashes, underscores; made from the task if left out, such as task-7-csv-output.</param>
    /// <param name="task_id">Task id from board_show; with a name alone the worktree serves no task.</param>
    /// <param name="base_ref">Branch, tag or commit to start from, such as main; the main checkout's HEAD if left out.</param>
    /// <param name="branch">A local branch that exists, to work on it instead of a new one named wt/NAME.</param>
    /// <param name="request_id">Any text unique to this call; a repetition with it changes nothing and says what became of the first.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "worktree_create", Title = "Create a worktree", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeMade))]
    [McpMeta(ToolRegistration.AlwaysLoad, true)]
    public partial CallToolResult Create(
        RequestContext<CallToolRequestParams> request,
        string? name = null,
        [Range(1, int.MaxValue)] int? task_id = null,
        string? base_ref = null,
        string? branch = null,
        [StringLength(200, MinimumLength = 1)] string? request_id = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var step = served.Worktrees.Create(new NewWorktree(name, task_id, base_ref, branch, request_id), you);
        var left = served.Worktrees.LeftBy(step);
        return Reply.Of(WorktreeMade.From(step, left, served.Guide.AfterCreate(step, you, left.Detail)));
    }

    /// <summary>
    /// List worktrees with what git says of each. Rows have path, branch, task, owner, uncommitted files, commits ahead
    /// of and behind the base, and drift from the record. Counts with status_age_seconds are that old, with status_pending
    /// not known yet; worktree_status looks anew. Removed ones show only with status removed, with trash_id. Changes
    /// nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    /// <param name="status">Only worktrees in this state.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cursor">next_cursor of the page before.</param>
    [McpServerTool(
        Name = "worktree_list", Title = "List worktrees", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeListed))]
    public partial CallToolResult List(McpServer server, WorktreeState? status = null, [Range(1, 100)] int limit = 20, string? cursor = null)
    {
        var opened = repository.Require();
        var page = opened.Worktrees.List(status, limit, cursor);
        var onward = opened.Guide.After(page, caller.NameOf(server));
        return Reply.Of(new WorktreeListed([.. page.Worktrees.Select(WorktreeRow.From)], page.Total, BoardShown.DriftOf(opened.Drift()), page.NextCursor, onward.Done(), onward.Next()));
    }

    /// <summary>
    /// Show one git worktree as it is now. That is uncommitted files, commits its base lacks, predicted conflicts with the
    /// base, running commands, and a merge or rebase in progress. Call it before you land, keep or remove it. Changes
    /// nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    /// <param name="name">Name from board_show.</param>
    [McpServerTool(
        Name = "worktree_status", Title = "Show a worktree", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeShown))]
    public partial CallToolResult Status(McpServer server, string name)
    {
        var served = repository.Require();
        var detail = served.Worktrees.Status(name);
        return Reply.Of(WorktreeShown.From(detail, served.Guide.After(detail, caller.NameOf(server))));
    }

    /// <summary>
    /// Close a worktree for now; its directory and branch stay. Use it when its work is to be reviewed or goes on later;
    /// worktree_remove takes it down instead. Commits nothing, and refuses nothing because of uncommitted files. Keeping it
    /// again changes nothing; worktree_create for its task opens it again.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Name from board_show.</param>
    /// <param name="reason">Why it is kept, for whoever finds it.</param>
    /// <param name="complete_task">true: its task becomes completed as well, verified first if it says how; false: its task stays as it is.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    /// <param name="cancel">Ends what verifies.</param>
    [McpServerTool(
        Name = "worktree_keep", Title = "Keep a worktree", ReadOnly = false, Destructive = false, Idempotent = true, OpenWorld = true,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeStepped))]
    public partial CallToolResult Keep(
        RequestContext<CallToolRequestParams> request,
        string name,
        [StringLength(500)] string? reason = null,
        bool complete_task = false,
        [StringLength(100, MinimumLength = 1)] string? agent = null,
        CancellationToken cancel = default)
    {
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var step = served.Worktrees.Keep(name, reason, complete_task, you, cancel);
        return Reply.Of(WorktreeStepped.Kept(step, served.Guide.AfterKeep(step, you)));
    }

    /// <summary>
    /// Take a worktree down. Refuses, with the list, while it holds uncommitted work or commits on no branch, and while it
    /// is in use. Its files, ignored ones too, are moved to the trash; a branch with commits of its own stays.
    /// worktree_restore brings it back. worktree_keep leaves it in place instead.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Name from board_show.</param>
    /// <param name="force">true: uncommitted work goes to the trash too; a locked or running one is still refused.</param>
    /// <param name="complete_task">true: its task becomes completed as well; false: its task stays as it is.</param>
    /// <param name="reason">Why, for the record.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "worktree_remove", Title = "Remove a worktree", ReadOnly = false, Destructive = true, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeGone))]
    public partial CallToolResult Remove(
        RequestContext<CallToolRequestParams> request,
        string name,
        bool force = false,
        bool complete_task = false,
        [StringLength(500)] string? reason = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var removal = served.Worktrees.Remove(name, force, complete_task, reason, you);
        return Reply.Of(WorktreeGone.From(removal, served.Guide.After(removal, you)));
    }

    /// <summary>
    /// Bring a removed worktree back, byte for byte. Its files, staged and ignored ones too, its commits, its branch and
    /// its task are as they were. A branch that has moved or is in use elsewhere is left alone: then HEAD is detached, and
    /// detached says why. Refuses a name that is taken. worktree_list with status removed shows what there is.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">The name it had.</param>
    /// <param name="new_name">Another name for it, if that one is taken.</param>
    /// <param name="trash_id">Which of several with that name; the one removed last if left out.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "worktree_restore", Title = "Restore a removed worktree", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeBack))]
    public partial CallToolResult Restore(
        RequestContext<CallToolRequestParams> request,
        string name,
        string? new_name = null,
        [Range(1, int.MaxValue)] int? trash_id = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var restored = served.Worktrees.Restore(name, new_name, trash_id, you);
        return Reply.Of(WorktreeBack.From(restored, served.Guide.After(restored, you)));
    }

    /// <summary>
    /// Read the log of steps of tasks and worktrees: the newest, oldest first. With since_seq it pages forward
    /// from there; repeat with last_seq while more is true. Without it older says whether there are earlier ones. Changes
    /// nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="since_seq">Only events with a higher seq, oldest first; 0 for all from the start, else last_seq of the answer before.</param>
    /// <param name="task_id">Only events of this task; id from board_show.</param>
    /// <param name="name">Only events of this worktree; name from board_show.</param>
    [McpServerTool(
        Name = "worktree_events", Title = "Read lifecycle events", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(EventsListed))]
    public partial CallToolResult Events(
        McpServer server,
        [Range(1, 200)] int limit = 20,
        [Range(0, MostSeq)] long? since_seq = null,
        [Range(1, int.MaxValue)] int? task_id = null,
        string? name = null)
    {
        var worktree = name is null ? null : WorktreeName.Require(name);
        var served = repository.Require();
        var page = served.Events(new EventQuery(limit, since_seq, task_id, worktree));
        var onward = served.Guide.After(page, since_seq, caller.NameOf(server));
        return Reply.Of(EventsListed.From(page, since_seq, onward));
    }
}

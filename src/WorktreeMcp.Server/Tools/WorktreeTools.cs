using System.ComponentModel.DataAnnotations;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Server.Results;

namespace WorktreeMcp.Server.Tools;

/// <summary>The registry's tools: where it is done.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class WorktreeTools(OpenRepository repository, CallerIdentity caller)
{
    /// <summary>
    /// Make an isolated directory on its own branch for a task. Binds both and sets the task in_progress; work only in the
    /// returned path. The same call again gives the same worktree. Refuses names, branches and directories that are taken.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Letters, digits, dots, dashes, underscores; made from the task's subject if left out.</param>
    /// <param name="task_id">Task id from task_list; may be left out for work without a task.</param>
    /// <param name="base_ref">Branch, tag or commit to start from; the main checkout's HEAD if left out.</param>
    /// <param name="branch">An existing branch to work on instead of a new one named wt/NAME.</param>
    /// <param name="request_id">Any unique text; repeating a call with it changes nothing and gives the first answer.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "worktree_create", Title = "Create a worktree", ReadOnly = false, Destructive = false, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeStepped))]
    public partial CallToolResult Create(
        RequestContext<CallToolRequestParams> request,
        string? name = null,
        int? task_id = null,
        string? base_ref = null,
        string? branch = null,
        [StringLength(200, MinimumLength = 1)] string? request_id = null,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var step = repository.Require().Worktrees.Create(new NewWorktree(name, task_id, base_ref, branch, request_id), caller.AgentOf(request, agent));
        return Reply.Of(WorktreeStepped.From(step, NextCall.WorkIn(step)));
    }

    /// <summary>
    /// List worktrees with what git says of each now. Rows have branch, task, owner, uncommitted files, commits ahead and
    /// behind the base, and drift from what is on record. Removed ones show only with status removed. Changes nothing.
    /// </summary>
    /// <param name="status">Only worktrees in this state.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cursor">next_cursor of the page before.</param>
    [McpServerTool(
        Name = "worktree_list", Title = "List worktrees", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeListed))]
    public partial CallToolResult List(WorktreeState? status = null, [Range(1, 100)] int limit = 20, string? cursor = null)
    {
        var page = repository.Require().Worktrees.List(status, limit, cursor);
        return Reply.Of(new WorktreeListed([.. page.Worktrees.Select(WorktreeRow.From)], page.Total, page.NextCursor, NextCall.After(page)));
    }

    /// <summary>
    /// Show one worktree as it is now. That is changed files, commits its base lacks, predicted conflicts with the base,
    /// running commands, an operation in progress. Take it before you finish or remove it. Changes nothing.
    /// </summary>
    /// <param name="name">Name from worktree_list.</param>
    [McpServerTool(
        Name = "worktree_status", Title = "Show a worktree", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeShown))]
    public partial CallToolResult Status(string name)
    {
        var detail = repository.Require().Worktrees.Status(name);
        return Reply.Of(WorktreeShown.From(detail, NextCall.After(detail)));
    }

    /// <summary>
    /// Run one shell command in a worktree and wait for its end. Its input is empty; long output keeps head and tail.
    /// A failing command is a result with exit_code. What it starts in the background ends with it.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Name from worktree_list.</param>
    /// <param name="command">A command for /bin/sh, such as "make test" or "git add -A &amp;&amp; git commit -m done".</param>
    /// <param name="timeout_seconds">When it is ended with all it started.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    /// <param name="cancel">Ends the command.</param>
    [McpServerTool(
        Name = "worktree_run", Title = "Run a command in a worktree", ReadOnly = false, Destructive = true, Idempotent = false, OpenWorld = true,
        UseStructuredContent = true, OutputSchemaType = typeof(CommandRan))]
    public partial CallToolResult Run(
        RequestContext<CallToolRequestParams> request,
        string name,
        string command,
        [Range(1, 86_400)] int timeout_seconds = 300,
        [StringLength(100, MinimumLength = 1)] string? agent = null,
        CancellationToken cancel = default)
    {
        var run = repository.Require().Worktrees.Run(name, command, TimeSpan.FromSeconds(timeout_seconds), caller.AgentOf(request, agent), cancel);
        cancel.ThrowIfCancellationRequested();
        return Reply.Of(CommandRan.From(run, NextCall.After(run)));
    }

    /// <summary>
    /// Close a worktree for now; its directory and branch stay. Use it when work is to be reviewed or goes on later;
    /// worktree_remove takes it down instead. Keeping it again changes nothing.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Name from worktree_list.</param>
    /// <param name="reason">Why it is kept, for whoever finds it.</param>
    /// <param name="complete_task">true: its task is done and becomes completed.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "worktree_keep", Title = "Keep a worktree", ReadOnly = false, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeStepped))]
    public partial CallToolResult Keep(
        RequestContext<CallToolRequestParams> request,
        string name,
        [StringLength(500)] string? reason = null,
        bool complete_task = false,
        [StringLength(100, MinimumLength = 1)] string? agent = null)
    {
        var step = repository.Require().Worktrees.Keep(name, reason, complete_task, caller.AgentOf(request, agent));
        return Reply.Of(WorktreeStepped.From(step, NextCall.AfterKeep(step)));
    }

    /// <summary>
    /// Take a worktree down. Refuses while it holds uncommitted or detached work, with the list, or is in use. Its files
    /// wait in the trash, ignored ones too; a branch with commits of its own stays. Removing it again is fine.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Name from worktree_list.</param>
    /// <param name="force">true: uncommitted work goes into the trash too.</param>
    /// <param name="complete_task">true: its task is done and becomes completed.</param>
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
        var removal = repository.Require().Worktrees.Remove(name, force, complete_task, reason, caller.AgentOf(request, agent));
        return Reply.Of(WorktreeGone.From(removal, NextCall.After(removal)));
    }

    /// <summary>
    /// Read the log of lifecycle steps: the newest events, oldest first. With since_seq it pages forward from there, so
    /// that nothing is missed. Changes nothing.
    /// </summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="since_seq">Only events with a higher seq, the oldest of them first.</param>
    /// <param name="task_id">Only events of this task.</param>
    /// <param name="name">Only events of this worktree.</param>
    [McpServerTool(
        Name = "worktree_events", Title = "Read lifecycle events", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(EventsListed))]
    public partial CallToolResult Events([Range(1, 200)] int limit = 20, [Range(0, long.MaxValue)] long? since_seq = null, int? task_id = null, string? name = null)
    {
        var page = repository.Require().Events(new EventQuery(limit, since_seq, task_id, name));
        var last = page.LastSeq;
        return Reply.Of(new EventsListed(page.Events, page.More, last, NextCall.After(page, since_seq)));
    }
}

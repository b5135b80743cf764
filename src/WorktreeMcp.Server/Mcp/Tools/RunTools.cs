using System.ComponentModel.DataAnnotations;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Tools;

/// <summary>The tools for commands in worktrees.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class RunTools(OpenRepository repository, CallerIdentity caller)
{
    private const int LongestTimeout = 86_400;

    // What every client holds exactly.
    private const double MostOffset = 9_007_199_254_740_991;

    /// <summary>
    /// Run one shell command in a worktree and wait for its end. Input is empty; of long output the beginning and the end are
    /// returned. A failing command is a result with exit_code, not an error. One that outlives wait_seconds goes on: running
    /// is true, worktree_output reads it. Processes it leaves behind are ended. sandbox says if it was confined.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Name from board_show.</param>
    /// <param name="command">A command for /bin/sh, such as "make test" or "git add -A &amp;&amp; git commit -m done".</param>
    /// <param name="timeout_seconds">After so many seconds it is ended with all it started, and timed_out is true; 300 or as configured if left out, a day in the background.</param>
    /// <param name="wait_seconds">How long this call waits for its end.</param>
    /// <param name="background">true: answer at once with run_id; it goes on also when this server ends.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    /// <param name="cancel">Ends the command while the call waits for it.</param>
    [McpServerTool(
        Name = "worktree_run", Title = "Run a command in a worktree", ReadOnly = false, Destructive = true, Idempotent = false, OpenWorld = true,
        UseStructuredContent = true, OutputSchemaType = typeof(CommandRan))]
    public partial CallToolResult Run(
        RequestContext<CallToolRequestParams> request,
        string name,
        [StringLength(32_000, MinimumLength = 1)] string command,
        [Range(1, LongestTimeout)] int? timeout_seconds = null,
        [Range(0, 3_600)] int wait_seconds = 45,
        bool background = false,
        [StringLength(100, MinimumLength = 1)] string? agent = null,
        CancellationToken cancel = default)
    {
        var opened = repository.Require();
        var worktrees = opened.Worktrees;
        var timeout = TimeSpan.FromSeconds(timeout_seconds ?? (background ? LongestTimeout : opened.Settings.Run.TimeoutSeconds));
        var order = new RunOrder(name, command, timeout, caller.AgentOf(request, agent));
        using var notices = new ProgressNotices(request);
        var run = background ? worktrees.Start(order) : worktrees.Run(order, TimeSpan.FromSeconds(wait_seconds), notices.Report, cancel);
        if (run.MadeStash)
        {
            opened.News.NoteStash(order.By, name);
        }

        cancel.ThrowIfCancellationRequested();
        return Reply.Of(CommandRan.From(run, opened.Guide.After(run, order.By)));
    }

    /// <summary>
    /// Read what a command of worktree_run wrote, from an offset on, and how it stands. Waits for new output or the end;
    /// repeat with next_offset to get only what is new. Works while it runs and after it, for runs of every server; also
    /// for output that was left out. Changes nothing.
    /// </summary>
    /// <param name="run_id">run_id from worktree_run or worktree_status.</param>
    /// <param name="wait_seconds">How long to wait if there is nothing new.</param>
    /// <param name="offset">next_offset of the answer before; 0 for the beginning; -4000 for the last 4000 bytes.</param>
    /// <param name="cancel">Ends the wait.</param>
    [McpServerTool(
        Name = "worktree_output", Title = "Read a command's output", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(RunRead))]
    public partial CallToolResult Output(
        [StringLength(100, MinimumLength = 1)] string run_id,
        [Range(0, 3_600)] int wait_seconds = 20,
        [Range(-MostOffset, MostOffset)] long offset = 0,
        CancellationToken cancel = default)
    {
        var worktrees = repository.Require().Worktrees;
        return Reply.Of(RunRead.Fitting((from, most) => worktrees.Output(run_id, from ?? offset, most, TimeSpan.FromSeconds(from is null ? wait_seconds : 0), cancel)));
    }

    /// <summary>
    /// End a running command of worktree_run with all its children. They are asked to end, and after two seconds killed;
    /// what is still alive is named. Works for the commands of every server. The output stays readable. Stopping what is
    /// over is no error.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="run_id">run_id from worktree_run or worktree_status.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "worktree_stop", Title = "Stop a command", ReadOnly = false, Destructive = true, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(RunStopped))]
    public partial CallToolResult Stop(
        RequestContext<CallToolRequestParams> request,
        [StringLength(100, MinimumLength = 1)] string run_id,
        [StringLength(100, MinimumLength = 1)] string? agent = null) =>
        Reply.Of(RunStopped.From(repository.Require().Worktrees.Stop(run_id, caller.AgentOf(request, agent))));
}

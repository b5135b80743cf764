using System.ComponentModel.DataAnnotations;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Tools;

/// <summary>The tools that bring work together: what changed, what collides, what lands.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class LandingTools(OpenRepository repository, CallerIdentity caller)
{
    /// <summary>
    /// Show what a worktree changes against its base. Uncommitted and untracked files are included; it is compared with the
    /// commit where it parted from the base. stat lists files with counts, patch has the text in pages. Binary files are
    /// named only. worktree_status has the commits. Changes nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    /// <param name="name">Name from board_show.</param>
    /// <param name="path">Only this file or folder, relative to the worktree.</param>
    /// <param name="format">stat (default) for files and counts, patch for the text as well.</param>
    /// <param name="max_bytes">How much of the patch at most.</param>
    /// <param name="cursor">next_cursor of the page before, with the same name and path.</param>
    [McpServerTool(
        Name = "worktree_diff", Title = "Show a worktree's changes", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeDiffed))]
    public partial CallToolResult Diff(
        McpServer server,
        string name,
        [StringLength(4096, MinimumLength = 1)] string? path = null,
        DiffFormat? format = null,
        [Range(500, 200_000)] int max_bytes = 12_000,
        string? cursor = null)
    {
        var served = repository.Require();
        var difference = served.Worktrees.Diff(name, path, format == DiffFormat.Patch, max_bytes, cursor);
        return Reply.Of(WorktreeDiffed.From(difference, served.Guide.After(difference, caller.NameOf(server))));
    }

    /// <summary>
    /// Show which active worktrees touch the same files. For such pairs, and for each against its base, it says whether a
    /// merge would conflict and in which files. Uncommitted work counts. Call it before you land, or before you begin where
    /// others work. Changes nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    /// <param name="name">Only this worktree against the others; name from board_show.</param>
    [McpServerTool(
        Name = "worktree_conflicts", Title = "Foretell conflicts", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(ConflictsForetold))]
    public partial CallToolResult Conflicts(McpServer server, string? name = null)
    {
        var served = repository.Require();
        var forecast = served.Worktrees.Forecast(name);
        return Reply.Of(ConflictsForetold.From(forecast, served.Guide.After(forecast, caller.NameOf(server))));
    }

    /// <summary>
    /// Land a worktree's branch in the branch it started from: all of it or nothing. It is merged beside every checkout and
    /// verified there; a conflict, a failing verify_command or a base that cannot move changes nothing. Refuses uncommitted
    /// work. One landing at a time; others wait. Hooks are not run.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="name">Name from board_show.</param>
    /// <param name="into">The local branch to land in; the one the worktree started from if left out.</param>
    /// <param name="strategy">merge (default) makes a merge commit, squash one commit, rebase each commit again on top.</param>
    /// <param name="message">The commit's message; one that names the task if left out. Not with rebase.</param>
    /// <param name="verify_command">A shell command that must succeed at the merged commit, such as "make test"; the task's own if left out.</param>
    /// <param name="wait_seconds">How long to wait for other landings.</param>
    /// <param name="complete_task">true: its task becomes completed as well.</param>
    /// <param name="remove">true: the worktree is removed afterwards, as by worktree_remove.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    /// <param name="cancel">Ends the wait or the command.</param>
    [McpServerTool(
        Name = "worktree_merge", Title = "Land a worktree", ReadOnly = false, Destructive = true, Idempotent = false, OpenWorld = true,
        UseStructuredContent = true, OutputSchemaType = typeof(WorktreeMerged))]
    [McpMeta(ToolRegistration.AlwaysLoad, true)]
    public partial CallToolResult Merge(
        RequestContext<CallToolRequestParams> request,
        IProgress<ProgressNotificationValue> progress,
        string name,
        string? into = null,
        LandingStrategy? strategy = null,
        [StringLength(20_000, MinimumLength = 1)] string? message = null,
        [StringLength(32_000, MinimumLength = 1)] string? verify_command = null,
        [Range(0, 3_600)] int wait_seconds = 45,
        bool complete_task = false,
        bool remove = false,
        [StringLength(100, MinimumLength = 1)] string? agent = null,
        CancellationToken cancel = default)
    {
        var steps = 0;
        var (served, you) = (repository.Require(), caller.AgentOf(request, agent));
        var landed = served.Worktrees.Land(
            new LandingRequest(name, into, strategy ?? LandingStrategy.Merge, message, verify_command, TimeSpan.FromSeconds(wait_seconds), complete_task, remove),
            you,
            words => progress.Report(new ProgressNotificationValue { Progress = Interlocked.Increment(ref steps), Message = words }),
            cancel);
        return Reply.Of(WorktreeMerged.From(landed, verify_command, served.Guide.After(landed, remove, you)));
    }
}

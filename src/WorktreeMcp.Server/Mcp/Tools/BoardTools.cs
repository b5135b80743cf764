using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Tools;

/// <summary>The tool that shows everything at once, now or when there is something new.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class BoardTools(OpenRepository repository, CallerIdentity caller)
{
    private const int LongestWait = 300;

    // What every client holds exactly.
    private const double MostSeq = 9_007_199_254_740_991;

    // Clients that give up on a silent call do so after a minute or later.
    private static readonly TimeSpan FirstNotice = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenNotices = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Show the shared task board, or wait until there is something to do. Call it first: ready tasks, who works on what,
    /// worktrees, what needs a person, the call to make next. With wait_seconds it comes back when a task is ready, a note
    /// or answer comes, a claim ends or all is done; never poll. Changes nothing.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="wait_seconds">How long to wait for something new.</param>
    /// <param name="since_seq">last_seq of the answer before: only what came later is new; if left out, what stands on the board is.</param>
    /// <param name="cancel">Ends the wait.</param>
    [McpServerTool(
        Name = "board_show", Title = "Show the board", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(BoardShown))]
    [McpMeta(ToolRegistration.AlwaysLoad, true)]
    public partial Task<CallToolResult> Show(
        RequestContext<CallToolRequestParams> request,
        [Range(0, LongestWait)] int wait_seconds = 0,
        [Range(0, MostSeq)] long? since_seq = null,
        CancellationToken cancel = default) =>
        Show(repository.Require(), request, new WaitOrder(caller.NameOf(request.Server), TimeSpan.FromSeconds(wait_seconds), since_seq), cancel);

    /// <summary>The board as it is now.</summary>
    /// <param name="server">Knows the client.</param>
    internal CallToolResult Now(McpServer server)
    {
        var (served, you) = (repository.Require(), caller.NameOf(server));
        var glance = Warned(served.Overview.Look(new GlanceLimits()));
        return Reply.Of(BoardShown.From(glance, you, served.Guide.After(glance, you)));
    }

    private BoardGlance Warned(BoardGlance glance)
    {
        List<string> warnings = [.. repository.Tools.Warnings];
        if (caller.Warning is { } warning)
        {
            warnings.Add(warning);
        }

        return warnings.Count == 0 ? glance : glance with { Settings = [.. warnings, .. glance.Settings] };
    }

    private async Task<CallToolResult> Show(Repository served, RequestContext<CallToolRequestParams> request, WaitOrder order, CancellationToken cancel)
    {
        var waited = order.Longest > TimeSpan.Zero || order.SinceSeq is not null;
        var awaited = waited ? await Wait(served, request, order, cancel) : null;

        var glance = Warned(awaited is { TimedOut: false } ? served.Overview.Glance(new GlanceLimits()) : served.Overview.Look(new GlanceLimits()));
        served.Waiting.Shown(order.Agent, glance.InProgress.Items.Where(held => held.LeftBehind).Select(held => held.Task));
        return Reply.Of(BoardShown.From(glance, order.Agent, served.Guide.After(glance, order.Agent), order.Longest == TimeSpan.Zero && awaited is { TimedOut: true } ? null : awaited));
    }

    private static async Task<Awaited> Wait(Repository served, RequestContext<CallToolRequestParams> request, WaitOrder order, CancellationToken cancel)
    {
        using var notices = new ProgressNotices(request);
        var begun = Stopwatch.GetTimestamp();
        using var telling = new Timer(_ => notices.Report(Stopwatch.GetElapsedTime(begun), "nothing new yet"), null, FirstNotice, BetweenNotices);
        return await CallGate.StepOut(() => served.Waiting.Wait(order, cancel), cancel);
    }
}

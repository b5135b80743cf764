using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Tools;

/// <summary>The tool that shows everything at once.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class BoardTools(OpenRepository repository, CallerIdentity caller)
{
    /// <summary>
    /// Show the whole board in one small answer. Call it first and when you lost the thread: ready tasks, who works on what
    /// and for how long, worktrees with uncommitted and unlanded work, what needs a person, the last events, and the call to
    /// make next. Long lists are cut and say so. Changes nothing.
    /// </summary>
    /// <param name="server">Knows the client.</param>
    [McpServerTool(
        Name = "board_show", Title = "Show the board", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(BoardShown))]
    public partial CallToolResult Show(McpServer server)
    {
        var (served, you) = (repository.Require(), caller.NameOf(server));
        var glance = served.Overview.Look(new GlanceLimits());
        return Reply.Of(BoardShown.From(glance, you, served.Guide.After(glance, you)));
    }
}

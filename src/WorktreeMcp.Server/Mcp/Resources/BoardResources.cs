using System.Globalization;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp.Tools;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Resources;

/// <summary>What clients can attach to a conversation or follow; the same JSON as the tools give.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who reads.</param>
[McpServerResourceType]
public sealed partial class BoardResources(OpenRepository repository, CallerIdentity caller)
{
    private const int EventsShown = 50;

    /// <summary>The whole board in one small answer: ready tasks, work in progress, worktrees, what needs a person.</summary>
    /// <param name="request">The call.</param>
    [McpServerResource(UriTemplate = ResourceUris.Board, Name = "board", Title = "The board", MimeType = "application/json")]
    public partial ResourceContents Board(RequestContext<ReadResourceRequestParams> request) =>
        Read(request, () => new BoardTools(repository, caller).Now(request.Server));

    /// <summary>The newest lifecycle events, oldest first.</summary>
    /// <param name="request">The call.</param>
    [McpServerResource(UriTemplate = ResourceUris.Events, Name = "events", Title = "Lifecycle events", MimeType = "application/json")]
    public partial ResourceContents Events(RequestContext<ReadResourceRequestParams> request) =>
        Read(request, () => new WorktreeTools(repository, caller).Events(request.Server, EventsShown));

    /// <summary>Everything about one task.</summary>
    /// <param name="request">The call.</param>
    /// <param name="id">Its number.</param>
    [McpServerResource(UriTemplate = ResourceUris.Task, Name = "task", Title = "A task", MimeType = "application/json")]
    public partial ResourceContents Task(RequestContext<ReadResourceRequestParams> request, string id) =>
        Read(request, () => int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new TaskTools(repository, caller).Get(request.Server, number)
            : throw new Refusal(RefusalCode.NotFound, $"\"{id}\" is no task id.", "Take a task id from the board."));

    /// <summary>One worktree as it is now.</summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Its name.</param>
    [McpServerResource(UriTemplate = ResourceUris.Worktree, Name = "worktree", Title = "A worktree", MimeType = "application/json")]
    public partial ResourceContents Worktree(RequestContext<ReadResourceRequestParams> request, string name) =>
        Read(request, () => new WorktreeTools(repository, caller).Status(request.Server, name));

    /// <summary>What a worktree changes against its base: files and counts.</summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Its name.</param>
    [McpServerResource(UriTemplate = ResourceUris.Diff, Name = "worktree-diff", Title = "A worktree's changes", MimeType = "application/json")]
    public partial ResourceContents Diff(RequestContext<ReadResourceRequestParams> request, string name) =>
        Read(request, () => new LandingTools(repository, caller).Diff(request.Server, name));

    private static TextResourceContents Read(RequestContext<ReadResourceRequestParams> request, Func<CallToolResult> answer)
    {
        try
        {
            return new TextResourceContents { Uri = request.Params.Uri, MimeType = "application/json", Text = ((TextContentBlock)answer().Content[0]).Text };
        }
        catch (Refusal refusal)
        {
            throw AsProtocol(refusal);
        }
    }

    /// <summary>A refusal where the protocol has no result for one.</summary>
    internal static McpProtocolException AsProtocol(Refusal refusal) => new(
        $"{refusal.Message} {ToolWords.Of(refusal.Hint)}",
        refusal.Code is RefusalCode.NotFound or RefusalCode.InvalidArgument ? McpErrorCode.ResourceNotFound : McpErrorCode.InternalError);
}

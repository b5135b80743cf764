using System.ComponentModel.DataAnnotations;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Worktrees.Files;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Tools;

/// <summary>The tools for files of worktrees, for agents without a shell.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
public sealed partial class FileTools(OpenRepository repository, CallerIdentity caller)
{
    // More do not fit into an answer.
    private const int MostLines = 20_000;

    /// <summary>
    /// Read a text file of a worktree as it stands, without line numbers. Long ones come in parts; next reads on. A folder
    /// as path tells what is in it. note says what is unusual, such as CRLF. Changes nothing.
    /// </summary>
    /// <param name="name">Name from board_show; "main" reads the main checkout.</param>
    /// <param name="path">Relative to the top of the worktree, such as "src/app.cs".</param>
    /// <param name="from_line">The first line.</param>
    /// <param name="lines">How many at most; as many as fit if left out.</param>
    [McpServerTool(
        Name = "worktree_read", Title = "Read a file of a worktree", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(FileShown))]
    public partial CallToolResult Read(string name, string path, [Range(1, int.MaxValue)] int from_line = 1, [Range(1, MostLines)] int? lines = null) =>
        Reply.Of(FileShown.From(repository.Require().Worktrees.Content.Read(name, path, from_line, lines ?? MostLines)));

    /// <summary>
    /// Replace one passage of a text file in a worktree, or make a new file. Refuses unless old_text stands there exactly once, and
    /// says what is near. Line ends, mode and all other bytes stay. Not for links, binary or hidden files.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="name">Name from board_show.</param>
    /// <param name="path">Relative to the top of the worktree, such as "src/app.cs".</param>
    /// <param name="new_text">What takes the place of old_text, or the whole new file.</param>
    /// <param name="old_text">The passage to replace, exactly as worktree_read shows it; leave out for a new file.</param>
    /// <param name="create">true: make a new file, and folders for it.</param>
    /// <param name="agent">Your name, if several agents share this connection.</param>
    [McpServerTool(
        Name = "worktree_edit", Title = "Edit a file of a worktree", ReadOnly = false, Destructive = true, Idempotent = false, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(FileChanged))]
    public partial CallToolResult Edit(
        RequestContext<CallToolRequestParams> request,
        string name,
        string path,
        [StringLength(1_000_000)] string new_text,
        [StringLength(1_000_000, MinimumLength = 1)] string? old_text = null,
        bool create = false,
        [StringLength(100, MinimumLength = 1)] string? agent = null) =>
        Reply.Of(FileChanged.From(repository.Require().Worktrees.Content.Edit(new FileEdit(name, path, old_text, new_text, create), caller.AgentOf(request, agent))));
}

using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// A tool that is made when it is first shown or called. Making the schemas of all tools was more than a third of a start, so it
/// is done beside the handshake.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="make">Makes it.</param>
internal sealed class LateTool(string name, Func<McpServerTool> make) : McpServerTool
{
    private readonly Lazy<McpServerTool> _made = new(make);

    /// <summary>Its name alone; what clients see is that of <see cref="Made"/>.</summary>
    public override Tool ProtocolTool { get; } = new() { Name = name };

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => Made.Metadata;

    /// <summary>The tool itself.</summary>
    internal McpServerTool Made => _made.Value;

    /// <inheritdoc/>
    public override ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) =>
        Made.InvokeAsync(request, cancellationToken);

    /// <summary>The tool behind what a server was given.</summary>
    /// <param name="tool">A tool, late or not.</param>
    /// <returns>One with its schemas.</returns>
    internal static McpServerTool Behind(McpServerTool tool) => tool is LateTool late ? late.Made : tool;
}

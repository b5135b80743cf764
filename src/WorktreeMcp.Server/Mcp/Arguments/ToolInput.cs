using System.Reflection;
using System.Text.Json;
using ModelContextProtocol.Server;

namespace WorktreeMcp.Server.Mcp.Arguments;

/// <summary>What one tool takes: its published schema, and which of its integers may be wider than 32 bits.</summary>
/// <param name="Schema">The input schema.</param>
/// <param name="Wide">The arguments that hold 64 bits; a schema does not say so.</param>
public sealed record ToolInput(JsonElement Schema, IReadOnlySet<string> Wide)
{
    /// <summary>The names of all arguments, in order.</summary>
    public IEnumerable<string> Names => Properties.Select(property => property.Name);

    /// <summary>The arguments with their schemas.</summary>
    public IEnumerable<JsonProperty> Properties =>
        Schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject() : [];

    /// <summary>The arguments that must be given.</summary>
    public IEnumerable<string> Required =>
        Schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()!) : [];

    /// <summary>Reads it from a tool.</summary>
    /// <param name="tool">The tool.</param>
    /// <returns>What it takes.</returns>
    public static ToolInput Of(McpServerTool tool) => new(
        tool.ProtocolTool.InputSchema,
        tool.Metadata.OfType<MethodInfo>().SelectMany(method => method.GetParameters())
            .Where(parameter => IsWide(parameter.ParameterType))
            .Select(parameter => parameter.Name!)
            .ToHashSet(StringComparer.Ordinal));

    private static bool IsWide(Type type) => type == typeof(long) || type == typeof(long?) || type == typeof(long[]);
}

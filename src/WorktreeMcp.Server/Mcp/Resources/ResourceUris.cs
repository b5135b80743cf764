using System.Globalization;
using WorktreeMcp.Domain.Overview;

namespace WorktreeMcp.Server.Mcp.Resources;

/// <summary>The addresses of what can be read and followed.</summary>
internal static class ResourceUris
{
    internal const string Board = "worktree-mcp://board";
    internal const string Events = "worktree-mcp://events";
    internal const string Task = "worktree-mcp://task/{id}";
    internal const string Worktree = "worktree-mcp://worktree/{name}";

    internal const string Diff = "worktree-mcp://worktree/{name}/diff";

    private const string DiffSuffix = "/diff";
    private const string TaskPrefix = "worktree-mcp://task/";
    private const string WorktreePrefix = "worktree-mcp://worktree/";

    /// <summary>Whether there can be something at an address.</summary>
    internal static bool IsKnown(string uri) => uri is Board or Events || TaskIn(uri) is not null || WorktreeIn(uri) is not null;

    /// <summary>Whether what is at an address is not what it was.</summary>
    internal static bool IsTouched(string uri, BoardDelta delta) =>
        delta.All
        || (uri == Board)
        || (uri == Events && delta.Events)
        || (TaskIn(uri) is { } id && delta.Tasks.Contains(id))
        || (WorktreeIn(uri) is { } name && delta.Worktrees.Contains(name));

    private static int? TaskIn(string uri) =>
        uri.StartsWith(TaskPrefix, StringComparison.Ordinal) && int.TryParse(uri.AsSpan(TaskPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private static string? WorktreeIn(string uri)
    {
        var end = uri.EndsWith(DiffSuffix, StringComparison.Ordinal) ? uri.Length - DiffSuffix.Length : uri.Length;
        return uri.StartsWith(WorktreePrefix, StringComparison.Ordinal) && end > WorktreePrefix.Length && uri[WorktreePrefix.Length..end] is var name && !name.Contains('/', StringComparison.Ordinal) ? name : null;
    }
}

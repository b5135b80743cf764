using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Domain.Tests;

/// <summary>Filters as the tests want them.</summary>
internal static class Listing
{
    internal static TaskFilter All { get; } = new(null, null, null, null, null, 1000, null);
}

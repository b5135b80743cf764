namespace WorktreeMcp.Domain.Platform;

/// <summary>Knows from where on a path is ours, so that no folder below may be a link.</summary>
public interface IFolderRoots
{
    /// <summary>The folder below which each name of a path is looked up without following links.</summary>
    /// <param name="path">An absolute path.</param>
    /// <returns>An absolute path above it; null where the path is reached as any other.</returns>
    string? RootOf(string path);
}

namespace WorktreeMcp.Bench;

/// <summary>The source tree that this program was built from, if it still lies above it.</summary>
internal static class Sources
{
    /// <summary>Where it lies, or null.</summary>
    internal static string? Folder { get; } = Find();

    private static string? Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Join(folder.FullName, "WorktreeMcp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}

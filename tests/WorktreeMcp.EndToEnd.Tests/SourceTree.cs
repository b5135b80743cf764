namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>The checkout that the tests were built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string PathOf(params string[] parts) => Path.Join([Root, .. parts]);

    private static string Find(string directory) =>
        File.Exists(Path.Join(directory, "WorktreeMcp.sln")) ? directory : Find(Path.GetDirectoryName(directory)!);
}

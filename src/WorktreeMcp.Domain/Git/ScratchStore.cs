#pragma warning disable RS0030 // A folder of the system's temporary ones that only this user can read is no state of ours.
namespace WorktreeMcp.Domain.Git;

/// <summary>
/// A temporary folder for the objects and the index of a trial, with the repository's own objects as an alternate: git
/// finds everything there and writes nothing into the repository. Only this user can read it.
/// </summary>
internal sealed class ScratchStore : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("worktree-mcp-").FullName;
    private int _indexes;

    internal ScratchStore(string commonDirectory)
    {
        var objects = Path.Join(_folder, "objects");
        Directory.CreateDirectory(objects);
        Variables = new Dictionary<string, string>
        {
            ["GIT_OBJECT_DIRECTORY"] = objects,
            ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = Quoted(Path.Join(commonDirectory, "objects")),
        };
    }

    /// <summary>What git must be told to use it.</summary>
    internal IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>The same with an index of its own that does not exist yet.</summary>
    internal IReadOnlyDictionary<string, string> WithIndex(out string index)
    {
        index = Path.Join(_folder, $"index-{Interlocked.Increment(ref _indexes)}");
        return new Dictionary<string, string>(Variables) { ["GIT_INDEX_FILE"] = index };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A leftover among the temporary files does no harm.
        }
    }

    // The variable is a list with colons between its members, unless they are quoted.
    private static string Quoted(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

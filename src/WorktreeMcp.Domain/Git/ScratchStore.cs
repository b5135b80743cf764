#pragma warning disable RS0030 // A folder of the system's temporary ones that only this user can read is no state of ours.
using System.Text;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// A temporary folder for the objects and the index of a trial, with the repository's own objects as an alternate: git
/// finds everything there and writes nothing into the repository. Only this user can read it.
/// </summary>
internal sealed class ScratchStore : IDisposable
{
    private const string Prefix = "worktree-mcp-";

    private int _indexes;

    internal ScratchStore(string commonDirectory)
    {
        Folder = MakeFolder();
        var objects = Path.Join(Folder, "objects");
        Directory.CreateDirectory(objects);
        Variables = new Dictionary<string, string>
        {
            ["GIT_OBJECT_DIRECTORY"] = objects,
            ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = Quoted(Path.Join(commonDirectory, "objects")),
        };
    }

    /// <summary>Where it lies.</summary>
    internal string Folder { get; }

    /// <summary>What git must be told to use it.</summary>
    internal IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>A place in it.</summary>
    internal string Place(string name) => Path.Join(Folder, name);

    /// <summary>The same with an index of its own that does not exist yet.</summary>
    internal IReadOnlyDictionary<string, string> WithIndex(out string index)
    {
        index = Path.Join(Folder, $"index-{Interlocked.Increment(ref _indexes)}");
        return new Dictionary<string, string>(Variables) { ["GIT_INDEX_FILE"] = index };
    }

    /// <summary>Writes a small file of our own.</summary>
    internal static void Put(string path, string text)
    {
        using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        target.Write(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Copies a file here, if it is one and no link.</summary>
    /// <param name="folder">The folder it lies in.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="path">Where the copy goes.</param>
    internal static void Take(string folder, string name, string path)
    {
        using var source = CheckoutFiles.Open(folder, name);
        if (source is not null)
        {
            using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            source.CopyTo(target);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A leftover among the temporary files does no harm.
        }
    }

    // What TMPDIR names may not be there, or go away while a server runs.
    private static string MakeFolder()
    {
        var tried = new List<string>();
        foreach (var place in new[] { Path.GetTempPath(), "/tmp/" }.Distinct(StringComparer.Ordinal))
        {
            try
            {
                // The library makes what is missing above, which would be anywhere.
                return Directory.Exists(place) ? MakeFolder(place) : throw new DirectoryNotFoundException("there is no such folder");
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                tried.Add($"{place} ({fault.Message})");
            }
        }

        throw new Refusal(
            RefusalCode.Internal,
            $"No temporary folder can be made in {string.Join(" or ", tried)}, and what git would do is tried out in one.",
            "Make one of these folders writable for this user, or start the server with TMPDIR set to one that is.");
    }

    private static string MakeFolder(string place)
    {
        while (true)
        {
            var path = Path.Join(place, Prefix + Path.GetRandomFileName());
            if (!Path.Exists(path))
            {
                return Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
            }
        }
    }

    // The variable is a list with colons between its members, unless they are quoted.
    private static string Quoted(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

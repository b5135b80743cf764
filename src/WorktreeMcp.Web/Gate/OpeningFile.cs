#pragma warning disable RS0030 // No state of a repository: a file for this user's own browser, made new and readable by nobody else.
using System.Globalization;
using System.Text;

namespace WorktreeMcp.Web.Gate;

/// <summary>
/// A file that leads the browser to the first address. Handed over as an argument, the address could be read by every user of the machine; this file only
/// by its own.
/// </summary>
internal sealed class OpeningFile : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private OpeningFile(string path) => Path = path;

    /// <summary>Where it lies.</summary>
    internal string Path { get; }

    /// <summary>Writes it.</summary>
    /// <param name="address">The address.</param>
    /// <param name="environment">The environment of this process.</param>
    /// <returns>The file, which goes when it is disposed; null where there is no place for it.</returns>
    internal static OpeningFile? Write(string address, IReadOnlyDictionary<string, string> environment)
    {
        if (FolderOf(environment) is not { } folder)
        {
            return null;
        }

        try
        {
            Directory.CreateDirectory(folder, Private | UnixFileMode.UserExecute);
            var path = System.IO.Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $"open-{Environment.ProcessId}.html"));
            File.Delete(path);
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private });
            file.Write(Encoding.UTF8.GetBytes($"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\"><meta http-equiv=\"refresh\" content=\"0;url={address}\"><title>The board</title></html>\n"));
            return new OpeningFile(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The word in it holds no more.
        }
    }

    private static string? FolderOf(IReadOnlyDictionary<string, string> environment)
    {
        var state = environment.GetValueOrDefault("XDG_STATE_HOME") is { } set && System.IO.Path.IsPathRooted(set) ? set
            : environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? System.IO.Path.Join(home, ".local", "state")
            : null;
        return state is null ? null : System.IO.Path.Join(state, "worktree-mcp", "page");
    }
}

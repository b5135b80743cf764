using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>
/// Says without git, and before a repository is opened, whether a file may set something. It may say yes where none does, and never no where one
/// does: who is told yes reads what is set.
/// </summary>
public static class SettingsGlance
{
    /// <summary>Whether a file may set a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="path">A directory in the repository.</param>
    /// <param name="environment">Where the home comes from.</param>
    /// <returns>False only where no file does.</returns>
    public static bool MaySet(string key, string path, IReadOnlyDictionary<string, string> environment) =>
        (SettingsReader.UserFile(environment) is { } own && MayHold(own, key)) || OfRepository(key, path);

    private static bool OfRepository(string key, string path)
    {
        var files = new System.IO.Abstractions.FileSystem();
        for (var folder = path; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (files.KindOf(Path.Join(folder, ".git")) is var kind && kind != FileKind.None)
            {
                // A worktree or a link: only git knows where the main checkout is.
                return kind != FileKind.Folder || MayHold(Path.Join(folder, SettingsReader.FileName), key);
            }
        }

        return false;
    }

    // A key may be written with escapes.
    private static bool MayHold(string path, string key)
    {
        try
        {
            return Encoding.UTF8.GetString(SettingsFile.PlainBytes(path)) is var text && (text.Contains(key, StringComparison.Ordinal) || text.Contains('\\', StringComparison.Ordinal));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotPlainException)
        {
            return true;
        }
    }
}

using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// What the files of a checkout depend on beside the commit: settings of git on line ends, filters, links and modes, and
/// attributes that are in no commit. They are compared by the bytes of the files they stand in, and only where those
/// differ by the settings themselves, since a new remote or branch says nothing about a checkout.
/// </summary>
/// <param name="Files">Hash of each file that has a say, or "absent".</param>
/// <param name="Settings">Hash of the settings that matter.</param>
/// <param name="Server">Hash of what a server brings along: where it looks for settings, and its umask.</param>
internal sealed record CheckoutConditions(IReadOnlyDictionary<string, string> Files, string Settings, string Server)
{
    private const string Absent = "absent";

    /// <summary>Whether a checkout made under these conditions is what one made now would be.</summary>
    internal bool Hold(SpareCheckouts git, IFileSystem files)
    {
        if (Server != ServerOf(git) || git.ReplacesObjects)
        {
            return false;
        }

        var changed = Files.Keys.Where(path => HashOf(path, files) != Files[path]).ToList();
        return changed.Count == 0 || (changed.TrueForAll(SpareCheckouts.HoldsSettings) && Hash(git.CheckoutSettings()) == Settings);
    }

    /// <summary>Whether what was checked out under the one is right under the other, too: what is left as it is when a checkout moves to another commit.</summary>
    internal bool AgreeWith(CheckoutConditions other) => Settings == other.Settings && Server == other.Server
        && Files.Keys.Union(other.Files.Keys).Where(path => !SpareCheckouts.HoldsSettings(path)).All(path => Files.GetValueOrDefault(path, Absent) == other.Files.GetValueOrDefault(path, Absent));

    /// <summary>The conditions as they are now.</summary>
    internal static CheckoutConditions Now(SpareCheckouts git, IFileSystem files)
    {
        var paths = git.UsualSettingFiles().Concat(git.SettingFiles()).Distinct(StringComparer.Ordinal);
        return new CheckoutConditions(paths.ToDictionary(path => path, path => HashOf(path, files)), Hash(git.CheckoutSettings()), ServerOf(git));
    }

    private static string ServerOf(SpareCheckouts git) => Hash([.. git.UsualSettingFiles(), Umask()]);

    // It goes on to git, and so into the modes of files. Elsewhere a process cannot be asked without changing it.
    private static string Umask()
    {
#pragma warning disable RS0030 // /proc is the kernel's, not state of ours
        return OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("Umask:", StringComparison.Ordinal)) ?? string.Empty : string.Empty;
#pragma warning restore RS0030
    }

    private static string Hash(IEnumerable<string> lines) => StateJson.Hash(Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    private static string HashOf(string path, IFileSystem files)
    {
        try
        {
            return PlainFile.BytesIfThere(path, FileLimits.GitSettings, followed: true) is { } bytes ? StateJson.Hash(bytes) : Absent;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"unreadable {Guid.NewGuid():N}";
        }
    }
}

using System.Globalization;

namespace WorktreeMcp.Domain.Platform;

/// <summary>Where folders can be watched, and how many.</summary>
internal static class WatchLimits
{
    // Those of other machines and of programs.
    private static readonly string[] Remote = ["nfs", "cifs", "smb", "9p", "fuse", "virtiofs", "vboxsf", "ceph", "afs", "lustre", "gfs", "ocfs", "drvfs"];

    private static readonly string[] CountLinks = ["ext2", "ext3", "ext4", "xfs", "tmpfs"];

    /// <summary>The kind of file system a folder is on; null for one on which others change files without this kernel's knowledge.</summary>
    internal static string? FileSystemOf(string folder)
    {
        try
        {
            var drive = new DriveInfo(folder);
            return drive.DriveType != DriveType.Network && drive.DriveFormat is var kind && !Remote.Any(name => kind.StartsWith(name, StringComparison.OrdinalIgnoreCase)) ? kind : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Whether a folder has a link from each folder in it there, so that it can be told without listing that it has none.</summary>
    internal static bool CountsLinks(string fileSystem) => CountLinks.Contains(fileSystem);

    /// <summary>How many folders one user may watch.</summary>
    internal static int Allowed()
    {
        try
        {
#pragma warning disable RS0030 // a setting of the kernel, not state of ours
            return OperatingSystem.IsLinux() ? int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_user_watches"), CultureInfo.InvariantCulture) : 0;
#pragma warning restore RS0030
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return 0;
        }
    }
}

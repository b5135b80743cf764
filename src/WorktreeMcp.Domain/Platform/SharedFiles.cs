#pragma warning disable RS0030 // Platform is where the File and Directory statics belong.
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// Files and folders of ours in a repository that several users share (<c>core.sharedRepository</c>). As git does with its own, what is made
/// gets the rights that the setting gives, whatever the umask; folders hand their group on. In all other repositories nothing is changed.
/// </summary>
internal static class SharedFiles
{
    private const UnixFileMode Reading = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Group = UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const UnixFileMode All = Group | UnixFileMode.OtherRead;
    private const UnixFileMode Rights = (UnixFileMode)0x1FF;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // The places of shared repositories that are open in this process, the inner ones first; none in nearly all processes.
    private static volatile (string Place, UnixFileMode Rights, bool Exactly)[] _places = [];

    private static readonly Lock Gate = new();

    /// <summary>From now on what is made in these places is shared as a setting says.</summary>
    /// <param name="setting">The value of core.sharedRepository; null when it is not set.</param>
    /// <param name="places">The folders of ours, and git's.</param>
    internal static void Know(string? setting, params IReadOnlyList<string> places)
    {
        lock (Gate)
        {
            var others = _places.Where(known => !places.Contains(known.Place));
            _places = [.. (Parse(setting) is (var rights, var exactly) ? places.Select(place => (place, rights, exactly)).Concat(others) : others).OrderByDescending(known => known.Item1.Length)];
        }
    }

    /// <summary>Gives a file of such a place, which is open, its rights if it has them not yet.</summary>
    internal static void Share(SafeFileHandle file, string path) => Share(file, path, Wanted);

    /// <summary>Gives a folder that was just made, and is open, its rights.</summary>
    internal static void ShareFolder(SafeFileHandle folder, string path) => Share(folder, path, WantedOfFolder);

    /// <summary>Gives a folder that was just made its rights.</summary>
    internal static void ShareFolder(string path)
    {
        if (RightsOf(path) is (var rights, var exactly))
        {
            try
            {
                File.SetUnixFileMode(path, WantedOfFolder(File.GetUnixFileMode(path), rights, exactly));
            }
            catch (Exception fault) when (IsNotOurs(fault))
            {
            }
        }
    }

    /// <summary>Makes a folder and its parents if they are absent.</summary>
    internal static void MakeFolder(string path)
    {
        if (RightsOf(path) is null || Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            return;
        }

        if (Path.GetDirectoryName(path) is { } parent)
        {
            MakeFolder(parent);
        }

        Directory.CreateDirectory(path);
        ShareFolder(path);
    }

    private static void Share(SafeFileHandle file, string path, Func<UnixFileMode, UnixFileMode, bool, UnixFileMode> wanted)
    {
        if (RightsOf(path) is (var rights, var exactly))
        {
            try
            {
                var now = File.GetUnixFileMode(file);
                if (wanted(now, rights, exactly) is var then && then != now)
                {
                    File.SetUnixFileMode(file, then);
                }
            }
            catch (Exception fault) when (IsNotOurs(fault))
            {
            }
        }
    }

    private static UnixFileMode Wanted(UnixFileMode now, UnixFileMode rights, bool exactly) => exactly ? (now & ~Rights) | rights : now | rights;

    // Who may read in a folder may enter it.
    private static UnixFileMode WantedOfFolder(UnixFileMode now, UnixFileMode rights, bool exactly)
    {
        var wanted = Wanted(now, rights | (UnixFileMode)((int)(rights & Reading) >> 2), exactly);
        return (rights & ~Owner) == 0 ? wanted : wanted | UnixFileMode.SetGroup;
    }

    // Another user made it in this moment, and shares it as well; or the file system knows no rights.
    private static bool IsNotOurs(Exception fault) => fault is UnauthorizedAccessException or IOException;

    private static (UnixFileMode Rights, bool Exactly)? RightsOf(string path)
    {
        foreach (var (place, rights, exactly) in _places)
        {
            if (path.StartsWith(place, StringComparison.Ordinal) && (path.Length == place.Length || path[place.Length] == Path.DirectorySeparatorChar))
            {
                return (rights, exactly);
            }
        }

        return null;
    }

    // As git reads it; what it cannot read it refuses itself.
    private static (UnixFileMode Rights, bool Exactly)? Parse(string? setting) => setting?.ToLowerInvariant() switch
    {
        null or "umask" or "false" or "no" or "off" or "0" => null,
        "group" or "true" or "yes" or "on" or "1" or "" => (Group, false),
        "all" or "world" or "everybody" or "2" => (All, false),
        { } octal when TryOctal(octal, out var rights) && (rights & 0x180) == 0x180 => ((UnixFileMode)(rights & 0x1B6), true),
        _ => null,
    };

    private static bool TryOctal(string text, out int rights)
    {
        rights = 0;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7' || text.Length > 6)
            {
                return false;
            }

            rights = (rights * 8) + int.Parse(digit.ToString(), CultureInfo.InvariantCulture);
        }

        return text.Length > 0;
    }
}

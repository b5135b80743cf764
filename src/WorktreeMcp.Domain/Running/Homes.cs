using System.Globalization;
using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Running;

/// <summary>The home that the system knows for the user of this process, whatever HOME says.</summary>
internal static partial class Homes
{
    private const int UserField = 2;
    private const int HomeField = 5;

    private static readonly Lazy<string?> Known = new(Look);

    /// <summary>Its path, or null.</summary>
    internal static string? OfThisUser => Known.Value;

    private static string? Look()
    {
        try
        {
            var user = EffectiveUser().ToString(CultureInfo.InvariantCulture);
            return PlainFile.Lines("/etc/passwd", followed: true).Select(line => line.Split(':')).FirstOrDefault(line => line.Length > HomeField && line[UserField] == user)?[HomeField];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}

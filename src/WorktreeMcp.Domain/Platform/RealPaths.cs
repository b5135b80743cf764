using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform;

/// <summary>Where paths really lead, by the kernel's own word.</summary>
internal static partial class RealPaths
{
    /// <summary>The path without a link on the way; null where nothing is.</summary>
    internal static unsafe string? Of(string path)
    {
        const int Longest = 4096;
        var buffer = stackalloc byte[Longest + 1];
        return path.Length == 0 || Resolve(path, buffer) == null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }

    /// <summary>Those of some paths that are there, as real ones; "~/" stands for a home.</summary>
    internal static IReadOnlyList<string> OfAll(IEnumerable<string> paths, string? home) =>
        [.. paths.Select(path => Expanded(path, home)).OfType<string>().Select(Of).OfType<string>().Where(path => path.Length > 1).Distinct()];

    private static string? Expanded(string path, string? home) =>
        !path.StartsWith("~/", StringComparison.Ordinal) ? path : home is null ? null : Path.Join(home, path[2..]);

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial byte* Resolve(string path, byte* buffer);
}

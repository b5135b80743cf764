namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// A write beyond the limit of a file's size, the user's or the file system's. The library tells of it as of a wrong argument;
/// for us it is a disk that takes no more, like any other.
/// </summary>
internal static class FileSizeFault
{
    /// <summary>Whether a fault of a write is one.</summary>
    internal static bool Is(Exception fault) => fault is ArgumentOutOfRangeException;

    /// <summary>The same as the fault that a full disk is.</summary>
    internal static IOException Of(string path, Exception fault) => new($"{path} would be larger than this user or the file system allows", fault);
}

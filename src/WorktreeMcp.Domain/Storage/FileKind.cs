using System.IO.Abstractions;
using System.Text;

namespace WorktreeMcp.Domain.Storage;

/// <summary>What lies at a path, without following links.</summary>
internal enum FileKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A regular file.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A link, wherever it points.</summary>
    Link,
}

/// <summary>Tells what is ours to read and to replace from what is not.</summary>
internal static class FileKinds
{
    private const FileAttributes Absent = (FileAttributes)(-1);

    internal static FileKind KindOf(this IFileSystem files, string path) => files.FileInfo.FromFileName(path).Kind();

    internal static FileKind Kind(this IFileInfo info) => info.Attributes switch
    {
        Absent => FileKind.None,
        var found when found.HasFlag(FileAttributes.ReparsePoint) => FileKind.Link,
        var found when found.HasFlag(FileAttributes.Directory) => FileKind.Folder,
        _ => FileKind.Regular,
    };

    /// <summary>Whether a file of ours may be put there.</summary>
    internal static bool IsOurs(this FileKind kind) => kind is FileKind.None or FileKind.Regular;

    /// <summary>
    /// Whether a small file with something in it lies there. To read it where a command of an agent can write is safe then: a
    /// pipe, which would hold up its reader for ever, is empty.
    /// </summary>
    internal static bool HoldsText(this IFileSystem files, string path) => files.FileInfo.FromFileName(path) is { Exists: true, Length: > 0 and <= 65_536 };

    /// <summary>The text of such a file; hundreds are read for one list, and a reader with buffers of its own costs more than they hold.</summary>
    internal static string SmallText(this IFileSystem files, string path) => Encoding.UTF8.GetString(files.File.ReadAllBytes(path)).Trim();

    /// <summary>What is wrong with a path that is not a regular file.</summary>
    internal static string Problem(this FileKind kind) => kind == FileKind.Link ? "it is a link, which is not followed" : "it is a folder";
}

using System.IO.Abstractions;
using System.Text;

namespace WorktreeMcp.Domain.Platform;

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

    /// <summary>A pipe, a device or a socket.</summary>
    Special,
}

/// <summary>Tells what is ours to read and to replace from what is not.</summary>
internal static class FileKinds
{
    /// <summary>What is wrong with a link.</summary>
    internal const string IsLink = "it is a link, which is not followed";

    /// <summary>What is wrong with a folder where a file belongs.</summary>
    internal const string IsFolder = "it is a folder";

    private const FileAttributes Absent = (FileAttributes)(-1);

    internal static FileKind KindOf(this IFileSystem files, string path) => files.FileInfo.New(path).Kind();

    internal static FileKind Kind(this IFileInfo info) => info.Attributes switch
    {
        Absent => FileKind.None,
        var found when found.HasFlag(FileAttributes.ReparsePoint) => FileKind.Link,
        var found when found.HasFlag(FileAttributes.Directory) => FileKind.Folder,
        _ when info.SizeNow() == 0 && KernelFiles.Of(KernelFiles.PathOf(info.FullName)) is { } facts && PlainFile.ProblemOf(facts.Mode) is not null => FileKind.Special,
        _ => FileKind.Regular,
    };

    /// <summary>Whether a file of ours may be put there.</summary>
    internal static bool IsOurs(this FileKind kind) => kind is FileKind.None or FileKind.Regular;

    /// <summary>Whether a small file with something in it lies there.</summary>
    internal static bool HoldsText(this IFileSystem files, string path) => files.FileInfo.New(path) is { Exists: true, Length: > 0 and <= FileLimits.GitText };

    /// <summary>The text of such a file, if it is a plain one; hundreds are read for one list.</summary>
    internal static string SmallText(this IFileSystem files, string path, bool followed = false)
    {
        _ = files;
        return Encoding.UTF8.GetString(PlainFile.Bytes(path, FileLimits.GitText, followed)).Trim();
    }

    /// <summary>What is wrong with a path that is not a regular file.</summary>
    internal static string Problem(this FileKind kind) => kind switch
    {
        FileKind.Link => IsLink,
        FileKind.Special => "it is a pipe, a device or a socket",
        _ => IsFolder,
    };
}

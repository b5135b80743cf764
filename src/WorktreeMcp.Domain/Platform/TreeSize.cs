using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Platform;

/// <summary>Counts the bytes of a folder.</summary>
internal static class TreeSize
{
    // Links are not followed: what they point to does not lie here.
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>The bytes of all files below a folder, none if it has gone.</summary>
    internal static long TreeBytes(this IFileSystem files, string folder)
    {
        try
        {
            return files.DirectoryInfo.New(folder).EnumerateFiles("*", Everything).Sum(SizeNow);
        }
        catch (DirectoryNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>The bytes of a file, none if it has gone since it was found.</summary>
    internal static long SizeNow(this IFileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    }
}

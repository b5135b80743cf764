using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>Opens the files whose flocks are our locks. No link leads to one, and nothing but a regular file is one: else the refusal names it.</summary>
internal static class LockFile
{
    /// <summary>Opens one, making it and its folder where they are absent; children do not inherit it.</summary>
    internal static SafeFileHandle Open(StateLayout layout, string path)
    {
        try
        {
            using var folder = HeldFolder.Make(layout, Path.GetDirectoryName(path)!);
            return folder.OpenForLock(Path.GetFileName(path));
        }
        catch (NotPlainException fault)
        {
            throw fault.ToRefusal();
        }
    }

    /// <summary>Writes who holds one: for messages only, so what cannot be written is left out.</summary>
    internal static void Tell(StateLayout layout, string path, LockHolder holder)
    {
        try
        {
            using var folder = HeldFolder.Open(layout, Path.GetDirectoryName(path)!);
            if (folder.KindOf(Path.GetFileName(path)).IsOurs())
            {
                folder.Put(Path.GetFileName(path), StateJson.Line(holder.ToJson(Machine.BootId)));
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The side file only words messages; the lock itself holds without it.
        }
    }

    /// <summary>Who holds one, as far as its side file says; null when it does not.</summary>
    internal static LockHolder? Told(string path)
    {
        try
        {
            return LockHolder.From(PlainFile.Bytes(path, FileLimits.Words));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

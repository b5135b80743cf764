using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// A folder that a confined command wrote, read without trusting it: everything is opened by its name inside an open folder,
/// no link is followed, and what is neither a folder nor a regular file is nothing. Linux only.
/// </summary>
internal sealed partial class UntrustedFolder : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;
    private static readonly int OnlyFolders = IsArm ? 0x4000 : 0x10000;
    private static readonly int FollowNothing = IsArm ? 0x8000 : 0x20000;

    private readonly SafeFileHandle _handle;

    private UntrustedFolder(SafeFileHandle handle) => _handle = handle;

    /// <summary>Opens a folder whose own path is trusted; null when there is none.</summary>
    internal static UntrustedFolder? Open(string path) => Opened(Open(path, OnlyFolders | FollowNothing | CloseOnExec));

    /// <summary>A folder in it, or null.</summary>
    internal UntrustedFolder? Folder(string name) => Opened(OpenAt(_handle, name, OnlyFolders | FollowNothing | CloseOnExec));

    /// <summary>A regular file in it, to read; or null.</summary>
    internal FileStream? File(string name)
    {
        var descriptor = OpenAt(_handle, name, FollowNothing | NonBlocking | CloseOnExec);
        if (descriptor < 0)
        {
            return null;
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
#pragma warning disable RS0030 // an open file has no path of its own that could be trusted
        var isFolder = System.IO.File.GetAttributes(handle).HasFlag(FileAttributes.Directory);
#pragma warning restore RS0030
        var stream = isFolder ? null : new FileStream(handle, FileAccess.Read, bufferSize: 0);
        if (stream is { CanSeek: true })
        {
            return stream;
        }

        stream?.Dispose();
        handle.Dispose();
        return null;
    }

    /// <summary>The names in it, up to a number of them; one that is no text does not lead to its entry.</summary>
    internal IReadOnlyList<string> Names(int most = 100_000)
    {
#pragma warning disable RS0030 // an open folder has no path of its own that could be trusted
        return [.. Directory.EnumerateFileSystemEntries($"/proc/self/fd/{_handle.DangerousGetHandle()}").Take(most).Select(path => Path.GetFileName(path)!)];
#pragma warning restore RS0030
    }

    /// <summary>Takes a name that is no folder out of it; a link goes, not what it points to.</summary>
    internal bool Remove(string name) => UnlinkAt(_handle, name, 0) == 0;

    public void Dispose() => _handle.Dispose();

    private static UntrustedFolder? Opened(int descriptor) =>
        descriptor < 0 ? null : new UntrustedFolder(new SafeFileHandle(descriptor, ownsHandle: true));

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(SafeFileHandle folder, string name, int flags);
}

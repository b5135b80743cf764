#pragma warning disable RS0030 // Platform is where the File statics belong.
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// The few system calls that .NET hides or weakens: <c>FileStream.Flush(true)</c> swallows EIO, a directory
/// cannot be opened for fsync, and a FileStream's own lock is released although a child still holds it.
/// </summary>
internal static partial class Posix
{
    private const int TryAgain = 11;
    private const int TryAgainMac = 35;
    private const int Interrupted = 4;

    /// <summary>Opens a lock file, making it if it is absent; children do not inherit it. A link, a pipe or a folder is none.</summary>
    internal static SafeFileHandle OpenForLock(string path)
    {
        MakeOnce(path);
        var descriptor = Open(path, OpenFlags.ReadWrite | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec);
        if (descriptor < 0)
        {
            throw new FileInfo(path).LinkTarget is null ? Fault("open", path) : new NotPlainException(path, FileKinds.IsLink);
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (PlainFile.ProblemOf(file, out _) is { } problem)
        {
            file.Dispose();
            throw new NotPlainException(path, problem);
        }

        return file;
    }

    /// <summary>Tries to take a flock without waiting; false when another holds it.</summary>
    internal static bool TryFlock(SafeFileHandle file, bool shared)
    {
        if (Flock(file, (shared ? 1 : 2) | 4) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is TryAgain or TryAgainMac ? false : throw Fault("flock", "the lock file");
    }

    /// <summary>Takes a flock, waiting as long as it takes.</summary>
    internal static void WaitFlock(SafeFileHandle file, bool shared = false)
    {
        while (Flock(file, shared ? 1 : 2) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw Fault("flock", "the lock file");
            }
        }
    }

    /// <summary>
    /// Frees a flock and closes the file. Closing alone is not enough: a child that is just being started holds a copy of
    /// every descriptor until its program begins, and with it the lock.
    /// </summary>
    internal static void Unlock(SafeFileHandle file)
    {
        if (!file.IsClosed)
        {
            _ = Flock(file, 8);
            file.Dispose();
        }
    }

    /// <summary>fsync whose result is checked.</summary>
    internal static void Sync(SafeFileHandle file, string path)
    {
        if (Fsync(file) != 0)
        {
            throw Fault("fsync", path);
        }
    }

    /// <summary>fsync of a directory, so that a name in it survives a power cut.</summary>
    internal static void SyncDirectory(string path)
    {
        var descriptor = Open(path, OpenFlags.Read | OpenFlags.CloseOnExec);
        using var handle = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Fault("open", path);
        Sync(handle, path);
    }

    /// <summary>Gives a file the rights and the owner that another has; where this user may not give it away it stays ours.</summary>
    internal static void Resemble(SafeFileHandle file, FileFacts other)
    {
        const int Rights = 0x1FF;
        _ = Fchown(file, (uint)(other.Owner >> 32), (uint)other.Owner);
        File.SetUnixFileMode(file, (UnixFileMode)(other.Mode & Rights));
    }

    // .NET takes a lock of its own while it makes the file, which fails if somebody has just locked it: then it exists.
    private static void MakeOnce(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                using var made = File.Open(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
                SharedFiles.Share(made.SafeFileHandle, path);
            }
        }
        catch (IOException) when (File.Exists(path))
        {
        }
    }

    private static IOException Fault(string call, string path)
    {
        var fault = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{call} of {path} failed: {fault.Message}", fault);
    }

    // Declared without the variadic mode: only existing files are opened here.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int Fchown(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}

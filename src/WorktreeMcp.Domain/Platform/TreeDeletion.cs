#pragma warning disable RS0030 // Platform is where the File and Directory statics belong.
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// Deletes a whole folder and nothing else. Invariants:
/// - every name is looked up in an open folder and never followed: a link that is swapped in meanwhile is deleted itself;
/// - a folder inside is first set aside at the top, so neither depth nor the length of a path has a limit, and what
///   another file system is mounted on refuses that and stays;
/// - it can be killed at any point and begun again.
/// </summary>
internal sealed unsafe partial class TreeDeletion : IDisposable
{
    private const string AsideName = ".wtmcp-aside-";
    private const int RemoveFolder = 0x200;
    private const int LinkItself = 0x100;
    private const int CurrentFolder = -100;
    private const uint OwnerOnly = 0x1C0;

    // struct dirent of 64-bit Linux, glibc and musl alike.
    private const int NameOffset = 19;

    private const int NotThere = 2;
    private const int Denied = 13;
    private const int Exists = 17;
    private const int NotAFolder = 20;
    private const int IsAFolder = 21;
    private const int NotEmpty = 39;
    private const int TooManyLinks = 40;

    private readonly HashSet<string> _aside = new(StringComparer.Ordinal);
    private readonly SafeFileHandle _top;
    private int _next;
    private IOException? _fault;

    private TreeDeletion(SafeFileHandle top) => _top = top;

    /// <summary>Deletes what lies at a path; nothing there is no fault.</summary>
    internal static void Delete(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            DeletePlainly(path);
            return;
        }

        using var above = OpenFolder(Bytes(Path.GetDirectoryName(path)!));
        if (above is not null)
        {
            Delete(above, Path.GetFileName(path), path);
        }
    }

    /// <summary>Deletes what has a name in an open folder; nothing there is no fault. Linux only.</summary>
    internal static void Delete(SafeFileHandle above, string text, string path)
    {
        var name = Bytes(text);
        if (Unlink(above, name))
        {
            return;
        }

        using (var top = OpenFolder(above, name))
        {
            if (top is not null)
            {
                using var deletion = new TreeDeletion(top);
                deletion.Empty();
            }
        }

        if (!RemoveEmpty(above, name))
        {
            throw Fault("rmdir", path);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _top.Dispose();

    private void Empty()
    {
        while (Names(_top) is { Count: > 0 } names)
        {
            var before = names.Count;
            _fault = null;
            var done = 0;
            foreach (var name in names)
            {
                done += DeleteOne(name) ? 1 : 0;
            }

            if (done == 0)
            {
                throw _fault ?? new IOException($"{before} entries cannot be deleted");
            }
        }
    }

    private bool DeleteOne(byte[] name)
    {
        if (Unlink(_top, name) || RemoveEmpty(_top, name))
        {
            return true;
        }

        var aside = _aside.Contains(Text(name)) ? name : SetAside(_top, name);
        if (aside is null)
        {
            return false;
        }

        using (var folder = OpenFolder(_top, aside))
        {
            foreach (var inside in folder is null ? [] : Names(folder))
            {
                if (!Unlink(folder!, inside) && !RemoveEmpty(folder!, inside))
                {
                    SetAside(folder!, inside);
                }
            }
        }

        return RemoveEmpty(_top, aside) || Remember(Fault("rmdir", Text(aside)));
    }

    // A rename within one file system; what something is mounted on cannot be renamed.
    private byte[]? SetAside(SafeFileHandle folder, byte[] name)
    {
        for (var tries = 0; tries < 100_000; tries++)
        {
            var aside = Bytes($"{AsideName}{_next++}");
            if (Try(folder, name, () => RenameAt(folder, Ended(name), _top, Ended(aside))))
            {
                _aside.Add(Text(aside));
                return aside;
            }

            if (Marshal.GetLastPInvokeError() is not (Exists or NotEmpty or NotAFolder or IsAFolder))
            {
                break;
            }
        }

        Remember(Fault("rename", Text(name)));
        return null;
    }

    private bool Remember(IOException fault)
    {
        _fault ??= fault;
        return false;
    }

    // True also when there is nothing; false for a folder, and for what cannot be deleted.
    private static bool Unlink(SafeFileHandle folder, byte[] name) =>
        Try(folder, null, () => UnlinkAt(folder, Ended(name), 0)) || Marshal.GetLastPInvokeError() == NotThere;

    private static bool RemoveEmpty(SafeFileHandle folder, byte[] name) =>
        Try(folder, null, () => UnlinkAt(folder, Ended(name), RemoveFolder)) || Marshal.GetLastPInvokeError() == NotThere;

    // A folder of ours that forbids it is opened to its owner, once.
    private static bool Try(SafeFileHandle folder, byte[]? child, Func<int> call)
    {
        if (call() == 0)
        {
            return true;
        }

        if (Marshal.GetLastPInvokeError() != Denied)
        {
            return false;
        }

        _ = ChangeMode(folder, OwnerOnly);
        if (child is not null)
        {
            _ = ChangeModeAt(folder, Ended(child), OwnerOnly, LinkItself);
        }

        return call() == 0;
    }

    private static SafeFileHandle? OpenFolder(SafeFileHandle folder, byte[] name)
    {
        var descriptor = OpenAt(folder, Ended(name), OpenFlags.FolderOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == Denied)
        {
            _ = ChangeModeAt(folder, Ended(name), OwnerOnly, LinkItself);
            descriptor = OpenAt(folder, Ended(name), OpenFlags.FolderOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec);
        }

        return Opened(descriptor, Text(name));
    }

    private static SafeFileHandle? OpenFolder(byte[] path) =>
        Opened(OpenAtNumber(CurrentFolder, Ended(path), OpenFlags.FolderOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec), Text(path));

    private static SafeFileHandle? Opened(int descriptor, string name) =>
        descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true)
        : Marshal.GetLastPInvokeError() is NotThere or NotAFolder or TooManyLinks ? null
        : throw Fault("open", name);

    private static List<byte[]> Names(SafeFileHandle folder)
    {
        var names = new List<byte[]>();
        var own = OpenAt(folder, Ended("."u8.ToArray()), OpenFlags.FolderOnly | OpenFlags.CloseOnExec);
        var stream = own < 0 ? IntPtr.Zero : OpenStream(own);
        if (stream == IntPtr.Zero)
        {
            throw Fault("reading", "a folder in the trash");
        }

        try
        {
            for (var entry = ReadEntry(stream); entry != IntPtr.Zero; entry = ReadEntry(stream))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry + NameOffset);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(name.ToArray());
                }
            }
        }
        finally
        {
            _ = CloseStream(stream);
        }

        return names;
    }

    // The platform's own deletion looks at each entry before it goes into it and deletes links themselves.
    private static void DeletePlainly(string path)
    {
        if (new DirectoryInfo(path) is { Exists: true, LinkTarget: null } folder)
        {
            folder.Delete(recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Ended(byte[] name) => [.. name, 0];

    private static string Text(byte[] name) => Encoding.Latin1.GetString(name);

    private static IOException Fault(string call, string name)
    {
        var fault = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{call} of {name} failed: {fault.Message}", fault);
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(SafeFileHandle folder, byte[] name, int flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAtNumber(int folder, byte[] name, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    private static partial int UnlinkAt(SafeFileHandle folder, byte[] name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    private static partial int RenameAt(SafeFileHandle folder, byte[] name, SafeFileHandle target, byte[] newName);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    private static partial int ChangeMode(SafeFileHandle folder, uint mode);

    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true)]
    private static partial int ChangeModeAt(SafeFileHandle folder, byte[] name, uint mode, int flags);

    [LibraryImport("libc", EntryPoint = "fdopendir", SetLastError = true)]
    private static partial IntPtr OpenStream(int descriptor);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    private static partial IntPtr ReadEntry(IntPtr stream);

    [LibraryImport("libc", EntryPoint = "closedir", SetLastError = true)]
    private static partial int CloseStream(IntPtr stream);
}

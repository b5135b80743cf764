#pragma warning disable RS0030 // This is what writes files of ours.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// A folder of ours, held open while something in it is changed. Invariants:
/// - it was reached from the repository by one name after the other, and none of them was a link;
/// - what is done is done to a name in this very folder, whatever lies at its path by then, and that name is not followed.
/// On Linux the kernel holds both; elsewhere the names are looked at right before.
/// </summary>
internal sealed partial class HeldFolder : IDisposable
{
    private const int Here = -100;
    private const int NotThere = 2;
    private const int Denied = 13;
    private const int Exists = 17;
    private const int OtherDevice = 18;
    private const int NoPeer = 6;
    private const int IsAFolder = 21;
    private const uint FileMode = 0x1B6;
    private const uint FolderMode = 0x1FF;

    private static readonly System.IO.Abstractions.FileSystem Real = new();

    private readonly SafeFileHandle? _handle;

    private HeldFolder(string path, SafeFileHandle? handle) => (Path, _handle) = (path, handle);

    /// <summary>Where it lay when it was opened.</summary>
    internal string Path { get; }

    /// <summary>Opens a folder.</summary>
    /// <param name="roots">Where the repository lies; without it the folder is anywhere else, and reached as any other.</param>
    /// <param name="path">The folder.</param>
    /// <returns>Null where nothing is; a link or a file on the way is a NotPlainException.</returns>
    internal static HeldFolder? Find(IFolderRoots? roots, string path) => Reach(roots?.RootOf(path), path, make: false);

    /// <summary>The same; one that is absent is a DirectoryNotFoundException.</summary>
    internal static HeldFolder Open(IFolderRoots? roots, string path) =>
        Find(roots, path) ?? throw Absent(path);

    /// <summary>Opens a folder, and makes what of it is absent; one that somebody takes away in that moment is a DirectoryNotFoundException.</summary>
    internal static HeldFolder Make(IFolderRoots? roots, string path) => Reach(roots?.RootOf(path), path, make: true) ?? throw Absent(path);

    /// <summary>The folder that a file is in.</summary>
    internal static HeldFolder Above(IFolderRoots? roots, string path) => Open(roots, System.IO.Path.GetDirectoryName(path)!);

    /// <summary>The names in it.</summary>
    internal IReadOnlyList<string> Names() => [.. Directory.EnumerateFileSystemEntries(Way).Select(path => System.IO.Path.GetFileName(path)!)];

    /// <summary>A path that leads to a name in this very folder, for what only takes paths.</summary>
    internal string PathOf(string name) => System.IO.Path.Join(Way, name);

    /// <summary>What lies under a name.</summary>
    internal FileKind KindOf(string name) => Real.KindOf(PathOf(name));

    /// <summary>When a file in it was last written.</summary>
    internal DateTimeOffset Modified(string name) => new FileInfo(PathOf(name)).LastWriteTimeUtc;

    /// <summary>Opens a lock file in it, making it if it is absent; children do not inherit it.</summary>
    internal SafeFileHandle OpenForLock(string name)
    {
        var full = System.IO.Path.Join(Path, name);
        return _handle is null
            ? Posix.OpenForLock(full)
            : Shared(Plain(OpenAt(_handle, name, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, FileMode), full), full);
    }

    /// <summary>Makes a file that is not there yet.</summary>
    internal SafeFileHandle MakeFile(string name)
    {
        var full = System.IO.Path.Join(Path, name);
        var file = _handle is null
            ? File.OpenHandle(full, System.IO.FileMode.CreateNew, FileAccess.Write, FileShare.Read)
            : Plain(OpenAt(_handle, name, OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec, FileMode), full);
        return Shared(file, full);
    }

    /// <summary>Opens a file to write into it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="create">Whether to make it if it is absent; else that is a FileNotFoundException.</param>
    internal SafeFileHandle OpenToWrite(string name, bool create)
    {
        var full = System.IO.Path.Join(Path, name);
        if (_handle is not null)
        {
            var file = Plain(OpenAt(_handle, name, OpenFlags.Write | (create ? OpenFlags.Create : 0) | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, FileMode), full);
            return create ? Shared(file, full) : file;
        }

        RefuseForeign(name);
        return File.OpenHandle(full, create ? System.IO.FileMode.OpenOrCreate : System.IO.FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Opens a file to read from it, or null where nothing is.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="size">Its bytes.</param>
    internal SafeFileHandle? OpenToRead(string name, out long size)
    {
        var full = System.IO.Path.Join(Path, name);
        if (_handle is null)
        {
            return PlainFile.HandleIfThere(full, followed: false, out size);
        }

        size = 0;
        var number = OpenAt(_handle, name, OpenFlags.Read | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, 0);
        if (number < 0 && Marshal.GetLastPInvokeError() == NotThere)
        {
            return null;
        }

        var file = Plain(number, full);
        size = RandomAccess.GetLength(file);
        return file;
    }

    /// <summary>Gives a file a name in another folder, unless something lies there: then it keeps its own alone.</summary>
    /// <returns>Whether that name was free.</returns>
    internal bool MoveIfFree(string name, HeldFolder target, string newName)
    {
        if (target.KindOf(newName) != FileKind.None)
        {
            return false;
        }

        // A second name is refused where one lies by now, which a rename would take; not every file system gives second names.
        if (_handle is not null && target._handle is not null && LinkAt(_handle, name, target._handle, newName, 0) is var linked && (linked == 0 || Marshal.GetLastPInvokeError() is Exists or OtherDevice))
        {
            return linked == 0 ? Dropped(name) : Marshal.GetLastPInvokeError() == Exists ? false : throw Fault(System.IO.Path.Join(Path, name));
        }

        Replace(name, target, newName);
        return true;
    }

    private bool Dropped(string name)
    {
        Delete(name);
        return true;
    }

    /// <summary>Renames a file over what is there already, unless that is a link or a folder.</summary>
    internal void Replace(string name, HeldFolder target, string newName)
    {
        target.RefuseForeign(newName);
        if (_handle is null || target._handle is null)
        {
            File.Move(PathOf(name), target.PathOf(newName), overwrite: true);
        }
        else if (RenameAt(_handle, name, target._handle, newName) != 0)
        {
            throw Fault(System.IO.Path.Join(Path, name));
        }
    }

    /// <summary>Removes a name that is no folder; a link goes, not what it points to. Nothing there is no fault.</summary>
    internal void Delete(string name)
    {
        if (_handle is null)
        {
            File.Delete(PathOf(name));
        }
        else if (UnlinkAt(_handle, name, 0) != 0 && Marshal.GetLastPInvokeError() != NotThere)
        {
            throw Fault(System.IO.Path.Join(Path, name));
        }
    }

    /// <summary>Deletes a folder in it with all that is in that, following no link.</summary>
    internal void DeleteTree(string name)
    {
        if (_handle is null)
        {
            TreeDeletion.Delete(System.IO.Path.Join(Path, name));
        }
        else
        {
            TreeDeletion.Delete(_handle, name, System.IO.Path.Join(Path, name));
        }
    }

    /// <summary>Writes a file whole: who reads sees the old one or the new one, and nothing is written into what lies there, which may have other names.</summary>
    internal void Put(string name, ReadOnlySpan<byte> bytes)
    {
        var temporary = $".{name}.tmp";
        Delete(temporary);
        using (var file = MakeFile(temporary))
        {
            Write(file, bytes, 0, System.IO.Path.Join(Path, name));
        }

        Replace(temporary, this, name);
    }

    /// <summary>Writes into a file that was opened here. One that may not grow so far is an IOException, like a full disk.</summary>
    internal static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset, string path)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (Exception fault) when (FileSizeFault.Is(fault))
        {
            throw FileSizeFault.Of(path, fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle?.Dispose();

    // A descriptor names the folder itself: its path may be somebody else's by now.
    private string Way => _handle is null ? Path : $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    private void RefuseForeign(string name)
    {
        var kind = KindOf(name);
        if (!kind.IsOurs())
        {
            throw new NotPlainException(System.IO.Path.Join(Path, name), kind.Problem());
        }
    }

    private static DirectoryNotFoundException Absent(string path) => new($"Could not find a part of the path '{path}'.");

    private static HeldFolder? Reach(string? root, string path, bool make) =>
        root is not null && OperatingSystem.IsLinux() ? ReachHeld(root, path, make)
        : ReachByName(root, path, make) ? new HeldFolder(path, null)
        : null;

    private static HeldFolder? ReachHeld(string root, string path, bool make)
    {
        var at = root;
        var number = OpenAt(Here, root, OpenFlags.FolderOnly | OpenFlags.PlaceOnly | OpenFlags.CloseOnExec, 0);
        var held = number >= 0 ? new SafeFileHandle(number, ownsHandle: true) : throw Absent(root);
        foreach (var name in System.IO.Path.GetRelativePath(root, path).Split('/'))
        {
            at = System.IO.Path.Join(at, name);
            using var above = held;
            if (Inside(above, name, make, at) is not { } inner)
            {
                return null;
            }

            held = inner;
        }

        return new HeldFolder(path, held);
    }

    private static SafeFileHandle? Inside(SafeFileHandle above, string name, bool make, string path)
    {
        var number = OpenFolderAt(above, name);
        var isNew = number < 0 && make && Marshal.GetLastPInvokeError() == NotThere;
        if (isNew)
        {
            if (MakeFolderAt(above, name, FolderMode) != 0 && Marshal.GetLastPInvokeError() != Exists)
            {
                throw Fault(path);
            }

            number = OpenFolderAt(above, name);
        }

        return number >= 0 ? Held(number, isNew, path)
            : Marshal.GetLastPInvokeError() == NotThere ? null
            : throw FolderFault(path);
    }

    private static SafeFileHandle Held(int number, bool isNew, string path)
    {
        var folder = new SafeFileHandle(number, ownsHandle: true);
        if (isNew)
        {
            SharedFiles.ShareFolder(folder, path);
        }

        return folder;
    }

    // One that may be entered but not listed is still a folder.
    private static int OpenFolderAt(SafeFileHandle above, string name)
    {
        var flags = OpenFlags.FolderOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        var number = OpenAt(above, name, flags, 0);
        return number < 0 && Marshal.GetLastPInvokeError() == Denied ? OpenAt(above, name, flags | OpenFlags.PlaceOnly, 0) : number;
    }

    private static bool ReachByName(string? root, string path, bool make)
    {
        if (root is not null)
        {
            var at = root;
            foreach (var name in System.IO.Path.GetRelativePath(root, path).Split('/'))
            {
                at = System.IO.Path.Join(at, name);
                if (Real.KindOf(at) is not (FileKind.None or FileKind.Folder))
                {
                    throw FolderFault(at);
                }
            }
        }

        if (make)
        {
            SharedFiles.MakeFolder(path);
        }

        return Directory.Exists(path);
    }

    private static Exception FolderFault(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return Real.KindOf(path) switch
        {
            FileKind.Link => new NotPlainException(path, FileKinds.IsLink),
            FileKind.Regular or FileKind.Special => new NotPlainException(path, "it is a file, not a folder"),
            _ => PlainFile.Fault(error, path, followed: false),
        };
    }

    private static SafeFileHandle Shared(SafeFileHandle file, string path)
    {
        SharedFiles.Share(file, path);
        return file;
    }

    private static SafeFileHandle Plain(int number, string path)
    {
        if (number < 0)
        {
            throw Fault(path);
        }

        var file = new SafeFileHandle(number, ownsHandle: true);
        if (PlainFile.ProblemOf(file, out _) is { } problem)
        {
            file.Dispose();
            throw new NotPlainException(path, problem);
        }

        return file;
    }

    private static Exception Fault(string path) => Marshal.GetLastPInvokeError() switch
    {
        NoPeer => new NotPlainException(path, "it is a pipe, a device or a socket"),
        IsAFolder => new NotPlainException(path, FileKinds.IsFolder),
        OtherDevice => new OtherFileSystemException(path),
        var error => PlainFile.Fault(error, path, followed: false),
    };

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFolderAt(SafeFileHandle folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(SafeFileHandle folder, string name, SafeFileHandle target, string newName);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(SafeFileHandle folder, string name, SafeFileHandle target, string newName, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(SafeFileHandle folder, string name, int flags);
}

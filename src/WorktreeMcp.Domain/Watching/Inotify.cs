using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Watching;

/// <summary>The kernel's queue of what happens in folders. Linux only.</summary>
internal static unsafe partial class Inotify
{
    internal const uint MovedFrom = 0x40;
    internal const uint MovedTo = 0x80;
    internal const uint Created = 0x100;
    internal const uint SelfMoved = 0x800;
    internal const uint Unmounted = 0x2000;
    internal const uint Overflow = 0x4000;
    internal const uint Ignored = 0x8000;
    internal const uint IsFolder = 0x4000_0000;

    // Modified, attributes, closed after writing, moved from and to, made, deleted, deleted or moved itself.
    private const uint Changes = 0x2 | 0x4 | 0x8 | MovedFrom | MovedTo | Created | 0x200 | 0x400 | SelfMoved;
    private const uint OnlyFolders = 0x0100_0000;
    private const uint NoLinks = 0x0200_0000;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x8_0000;

    // Differs between machines: 0o200000 on most, 0o40000 on ARM.
    private static readonly int OnlyFolder = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : 0x1_0000;

    private const int NotThere = 2;
    private const int TryAgain = 11;
    private const int NotAFolder = 20;

    private const int Here = -100;
    private const int NoFollow = 0x100;
    private const uint LinkCount = 4;

    private const int NameOffset = 19;
    private const byte UnknownType = 0;
    private const byte FolderType = 4;

    /// <summary>A new queue, or null where there is none to be had.</summary>
    internal static SafeHandle? Open()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var number = Init(NonBlocking | CloseOnExec);
        return number < 0 ? null : new SafeFileHandle(number, ownsHandle: true);
    }

    /// <summary>Watches one folder, not what is below it.</summary>
    /// <returns>The watch's number, the same one for the same folder; negative when it cannot be watched.</returns>
    internal static int Watch(SafeHandle queue, string folder) => Watch(queue, PathOf(folder));

    /// <summary>The same with a path as the kernel takes it.</summary>
    internal static int Watch(SafeHandle queue, byte[] folder) => AddWatch(queue, folder, Changes | OnlyFolders | NoLinks);

    /// <summary>Whether folders can be listed here at all: not every libc has the call.</summary>
    internal static bool CanList { get; } = IsInLibc("getdents64");

    /// <summary>Whether it can be asked how many links a folder has.</summary>
    internal static bool CanCountLinks { get; } = IsInLibc("statx");

    /// <summary>Whether the last failure was that there is no folder of that name, or none any more.</summary>
    internal static bool WasNoFolder => Marshal.GetLastPInvokeError() is NotThere or NotAFolder;

    /// <summary>
    /// Adds what is in a folder and may be a folder. Thousands are listed for one watch: asked of the kernel itself it takes a
    /// fifth of what the library takes, and names need not be text.
    /// </summary>
    /// <param name="folder">Its path.</param>
    /// <param name="found">Paths of what is in it.</param>
    /// <param name="holdsGit">Whether there is an entry named <c>.git</c>, which is not added.</param>
    /// <returns>Whether it could be read.</returns>
    internal static bool List(byte[] folder, Stack<byte[]> found, out bool holdsGit)
    {
        holdsGit = false;
        var number = Open(folder, OnlyFolder | CloseOnExec);
        if (number < 0)
        {
            return WasNoFolder;
        }

        using var handle = new SafeFileHandle(number, ownsHandle: true);
        var buffer = stackalloc byte[8 * 1024];
        long count;
        while ((count = Entries(handle, buffer, 8 * 1024)) > 0)
        {
            for (var at = 0; at < count; at += BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(buffer + at + 16, 2)))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + NameOffset);
                if (name.SequenceEqual(".git"u8))
                {
                    holdsGit = true;
                }
                else if (buffer[at + 18] is FolderType or UnknownType && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    found.Push(Joined(folder, name));
                }
            }
        }

        return count == 0;
    }

    /// <summary>
    /// Whether a folder has no folder in it, not even a file that stands for a repository: then it need not be listed. Asks how many
    /// links it has, which only some file systems count: one from its parent, one from itself, one from each folder in it.
    /// </summary>
    internal static bool IsLeaf(byte[] folder)
    {
        var about = stackalloc uint[64];
        return Stat(Here, folder, NoFollow, LinkCount, about) == 0 && (about[0] & LinkCount) != 0 && about[4] == 2
            && Stat(Here, Joined(folder, ".git"u8), NoFollow, 0, about) != 0 && Marshal.GetLastPInvokeError() == NotThere;
    }

    /// <summary>A path as the kernel takes it.</summary>
    internal static byte[] PathOf(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    private static byte[] Joined(byte[] folder, ReadOnlySpan<byte> name)
    {
        var path = new byte[folder.Length + name.Length + 1];
        folder.CopyTo(path, 0);
        path[folder.Length - 1] = (byte)'/';
        name.CopyTo(path.AsSpan(folder.Length));
        return path;
    }

    /// <summary>Ends a watch.</summary>
    internal static void Unwatch(SafeHandle queue, int watch) => _ = RemoveWatch(queue, watch);

    /// <summary>Takes what has happened from the queue, as whole entries.</summary>
    /// <returns>How many bytes; 0 when nothing has happened, negative when the queue cannot be read.</returns>
    internal static int Read(SafeHandle queue, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var read = Read(queue, start, buffer.Length);
            return read >= 0 ? (int)read : Marshal.GetLastPInvokeError() == TryAgain ? 0 : -1;
        }
    }

    private static bool IsInLibc(string call) =>
        NativeLibrary.TryLoad("libc", typeof(Inotify).Assembly, null, out var libc) && NativeLibrary.TryGetExport(libc, call, out _);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    private static partial int AddWatch(SafeHandle queue, byte[] path, uint mask);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte[] path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Stat(int at, byte[] path, int flags, uint wanted, uint* about);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    private static partial nint Entries(SafeHandle folder, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int RemoveWatch(SafeHandle queue, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeHandle queue, byte* buffer, nint count);
}

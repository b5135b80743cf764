using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>The kernel's queue of what happens in folders. Linux only.</summary>
internal static unsafe partial class Inotify
{
    internal const uint Attributes = 0x4;
    internal const uint MovedFrom = 0x40;
    internal const uint MovedTo = 0x80;
    internal const uint Created = 0x100;
    internal const uint SelfMoved = 0x800;
    internal const uint Unmounted = 0x2000;
    internal const uint Overflow = 0x4000;
    internal const uint Ignored = 0x8000;
    internal const uint IsFolder = 0x4000_0000;

    // Modified, attributes, closed after writing, moved from and to, made, deleted, deleted or moved itself.
    private const uint Changes = 0x2 | Attributes | 0x8 | MovedFrom | MovedTo | Created | 0x200 | 0x400 | SelfMoved;
    private const uint OnlyFolders = 0x0100_0000;
    private const uint NoLinks = 0x0200_0000;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x8_0000;

    private const int TryAgain = 11;

    private static readonly System.Buffers.SearchValues<byte> Digits = System.Buffers.SearchValues.Create("0123456789abcdef"u8);

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
    internal static int Watch(SafeHandle queue, byte[] folder) => AddWatch(queue, folder, Changes | OnlyFolders | NoLinks);

    /// <summary>Ends a watch.</summary>
    internal static void Unwatch(SafeHandle queue, int watch) => _ = RemoveWatch(queue, watch);

    /// <summary>
    /// Whether an event says no more than that a git has read a split index: the part of it that stays, which is called after its content,
    /// gets its times anew from every reader.
    /// </summary>
    internal static bool IsOnlyRead(uint what, ReadOnlySpan<byte> name) => what == Attributes
        && name.StartsWith("sharedindex."u8) && name["sharedindex.".Length..] is { Length: 40 or 64 } hash && hash.IndexOfAnyExcept(Digits) < 0;

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

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    private static partial int AddWatch(SafeHandle queue, byte[] path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int RemoveWatch(SafeHandle queue, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeHandle queue, byte* buffer, nint count);
}

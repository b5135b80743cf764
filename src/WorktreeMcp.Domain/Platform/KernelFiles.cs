using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// Files as the kernel tells of them. Thousands are asked for at once: of the kernel itself that takes a fifth of what the
/// library takes, it says more, and names need not be text. Linux only.
/// </summary>
internal static unsafe partial class KernelFiles
{
    private const int NotThere = 2;
    private const int NotAFolder = 20;

    private const int CloseOnExec = 0x8_0000;

    private static readonly int OnlyFolder = OpenFlags.FolderOnly;

    private const int Here = -100;
    private const int NoFollow = 0x100;
    private const int Itself = 0x1000;
    private const uint LinkCount = 4;
    private const uint Basic = 0x7ff;
    private const int StatLength = 256;

    private const int BufferLength = 8 * 1024;
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;
    private const byte UnknownType = 0;
    private const byte FolderType = 4;

    /// <summary>Takes one entry of a folder.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="mayBeFolder">Whether it is a folder, or the file system does not say.</param>
    internal delegate void Visit(ReadOnlySpan<byte> name, bool mayBeFolder);

    /// <summary>Takes one entry of a folder and what is known of it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="facts">What is known of it.</param>
    internal delegate void VisitFacts(ReadOnlySpan<byte> name, FileFacts facts);

    private delegate bool Take(int folder, byte* entry);

    /// <summary>Whether folders can be listed here at all: not every libc has the call.</summary>
    internal static bool CanList { get; } = OperatingSystem.IsLinux() && IsInLibc("getdents64");

    /// <summary>Whether it can be asked about a file.</summary>
    internal static bool CanTell { get; } = OperatingSystem.IsLinux() && IsInLibc("statx");

    /// <summary>Whether the last failure was that there is no folder of that name, or none any more.</summary>
    internal static bool WasNoFolder => Marshal.GetLastPInvokeError() is NotThere or NotAFolder;

    /// <summary>A path as the kernel takes it.</summary>
    internal static byte[] PathOf(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    /// <summary>The path of an entry.</summary>
    internal static byte[] Joined(byte[] folder, ReadOnlySpan<byte> name)
    {
        var path = new byte[folder.Length + name.Length + 1];
        folder.CopyTo(path, 0);
        path[folder.Length - 1] = (byte)'/';
        name.CopyTo(path.AsSpan(folder.Length));
        return path;
    }

    /// <summary>Shows all entries of a folder but itself and the one above.</summary>
    /// <returns>Whether it could be read to its end; one that has gone has none.</returns>
    internal static bool List(byte[] folder, Visit visit) => Read(
        folder,
        (_, entry) =>
        {
            visit(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset), entry[TypeOffset] is FolderType or UnknownType);
            return true;
        });

    /// <summary>Shows all entries of a folder with what is known of them, links not followed.</summary>
    /// <returns>Whether it could be read to its end, and every entry be asked about.</returns>
    internal static bool Tell(byte[] folder, VisitFacts visit) => CanTell && Read(
        folder,
        (handle, entry) =>
        {
            var about = stackalloc byte[StatLength];
            if (Stat(handle, entry + NameOffset, NoFollow, Basic, about) != 0)
            {
                return false;
            }

            visit(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset), Facts(about));
            return true;
        });

    private static bool Read(byte[] folder, Take take)
    {
        var number = Open(folder, OnlyFolder | CloseOnExec);
        if (number < 0)
        {
            return WasNoFolder;
        }

        using var handle = new SafeFileHandle(number, ownsHandle: true);
        var buffer = stackalloc byte[BufferLength];
        long count;
        while ((count = Entries(number, buffer, BufferLength)) > 0)
        {
            for (var at = 0; at < count; at += BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(buffer + at + LengthOffset, 2)))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + NameOffset);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && !take(number, buffer + at))
                {
                    return false;
                }
            }
        }

        return count == 0;
    }

    /// <summary>What is known of a file, a link not followed; null when it cannot be asked.</summary>
    internal static FileFacts? Of(byte[] path)
    {
        var about = stackalloc byte[StatLength];
        fixed (byte* start = path)
        {
            return CanTell && Stat(Here, start, NoFollow, Basic, about) == 0 ? Facts(about) : null;
        }
    }

    /// <summary>What is known of an open file; null when it cannot be asked.</summary>
    internal static FileFacts? Of(SafeFileHandle file)
    {
        var about = stackalloc byte[StatLength];
        byte noName = 0;
        return CanTell && Stat(file, &noName, Itself, Basic, about) == 0 ? Facts(about) : null;
    }

    /// <summary>Which folder or file lies at a path: its file system and its number there; null when there is none.</summary>
    internal static (ulong Device, ulong Inode)? PlaceOf(string path) => Of(PathOf(path)) is { } facts ? (facts.Device, facts.Inode) : null;

    /// <summary>
    /// Whether a folder has no folder in it, not even a file that stands for a repository: then it need not be listed. Asks how many
    /// links it has, which only some file systems count: one from its parent, one from itself, one from each folder in it.
    /// </summary>
    internal static bool IsLeaf(byte[] folder)
    {
        var about = stackalloc byte[StatLength];
        fixed (byte* start = folder, git = Joined(folder, ".git"u8))
        {
            return Stat(Here, start, NoFollow, LinkCount, about) == 0 && (UInt(about, 0) & LinkCount) != 0 && UInt(about, 16) == 2
                && Stat(Here, git, NoFollow, 0, about) != 0 && Marshal.GetLastPInvokeError() == NotThere;
        }
    }

    // As `struct statx` has them.
    private static FileFacts Facts(byte* about)
    {
        var facts = new ReadOnlySpan<byte>(about, StatLength);
        return new FileFacts(
            ((ulong)UInt(about, 136) << 32) | UInt(about, 140),
            BinaryPrimitives.ReadUInt64LittleEndian(facts[32..]),
            BinaryPrimitives.ReadUInt16LittleEndian(facts[28..]),
            UInt(about, 16),
            ((ulong)UInt(about, 20) << 32) | UInt(about, 24),
            BinaryPrimitives.ReadUInt64LittleEndian(facts[40..]),
            (BinaryPrimitives.ReadInt64LittleEndian(facts[96..]) * 1_000_000_000) + UInt(about, 104));
    }

    private static uint UInt(byte* facts, int at) => BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(facts + at, 4));

    private static bool IsInLibc(string call) =>
        NativeLibrary.TryLoad("libc", typeof(KernelFiles).Assembly, null, out var libc) && NativeLibrary.TryGetExport(libc, call, out _);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte[] path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Stat(int at, byte* path, int flags, uint wanted, byte* about);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Stat(SafeFileHandle file, byte* path, int flags, uint wanted, byte* about);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    private static partial nint Entries(int folder, byte* buffer, nuint count);
}

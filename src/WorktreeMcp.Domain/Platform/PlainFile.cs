#pragma warning disable RS0030 // This is what reads files.
using System.Buffers;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// The one way to read a file that somebody else may have put there. Invariants:
/// - what was opened is asked what it is, not its name: a pipe, a device, a folder or a socket is refused at once and never waited for;
/// - a link is followed only where the caller says that a person may have put one there;
/// - nothing larger than its kind may be comes into memory.
/// </summary>
internal static unsafe partial class PlainFile
{
    private const int NotPermitted = 1;
    private const int NotThere = 2;
    private const int Interrupted = 4;
    private const int NoPeer = 6;
    private const int Denied = 13;
    private const int NotAFolder = 20;
    private const int TooManyLinks = 40;
    private const int TooManyLinksMac = 62;
    private const int KindBits = 0xF000;
    private const int Regular = 0x8000;
    private const int Chunk = 64 * 1024;

    /// <summary>All of a file; one that is absent is a FileNotFoundException or DirectoryNotFoundException, what is no plain file a NotPlainException.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="most">How many bytes it may have.</param>
    /// <param name="followed">Whether it may be reached through a link.</param>
    internal static byte[] Bytes(string path, int most, bool followed = false)
    {
        using var file = Handle(path, followed, out var size);
        return Bytes(file, size, most, path);
    }

    /// <summary>The same, or null where nothing is.</summary>
    internal static byte[]? BytesIfThere(string path, int most, bool followed = false)
    {
        using var file = HandleIfThere(path, followed, out var size);
        return file is null ? null : Bytes(file, size, most, path);
    }

    /// <summary>Whether a file holds exactly these bytes; not where nothing is.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="bytes">The bytes.</param>
    internal static bool Holds(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = HandleIfThere(path, followed: false, out var size);
        if (file is null || size != bytes.Length)
        {
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            var rest = bytes;
            while (Fill(file, buffer.AsSpan(0, Chunk), path) is > 0 and var count)
            {
                if (!rest.StartsWith(buffer.AsSpan(0, count)))
                {
                    return false;
                }

                rest = rest[count..];
            }

            return rest.IsEmpty;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A file's text, or null where nothing is.</summary>
    internal static string? TextIfThere(string path, int most, bool followed = false) =>
        BytesIfThere(path, most, followed) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>A file to read from; as for all of it.</summary>
    internal static FileStream Open(string path, bool followed = false) => OpenIfThere(path, followed) ?? throw Fault(NotThere, path, followed);

    /// <summary>The same, or null where nothing is.</summary>
    internal static FileStream? OpenIfThere(string path, bool followed = false) =>
        HandleIfThere(path, followed, out _) is { } file ? new FileStream(file, FileAccess.Read, bufferSize: 4096) : null;

    /// <summary>The lines of a file, read as they are asked for; none where nothing is. One that is too long is passed over.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="longest">How many bytes a line may have.</param>
    /// <param name="followed">Whether it may be reached through a link.</param>
    internal static IEnumerable<string> Lines(string path, int longest = FileLimits.GitLine, bool followed = false)
    {
        using var stream = OpenIfThere(path, followed);
        if (stream is null)
        {
            yield break;
        }

        var buffer = new byte[Math.Max(Chunk, longest)];
        var (held, passing) = (0, false);
        for (var read = stream.Read(buffer, held, buffer.Length - held); read > 0; read = stream.Read(buffer, held, buffer.Length - held))
        {
            var (begin, end) = (0, held + read);
            for (var newline = buffer.AsSpan(0, end).IndexOf((byte)'\n'); newline >= 0; newline = NextNewline(buffer, begin, end))
            {
                if (!passing)
                {
                    yield return Line(buffer, begin, newline);
                }

                (begin, passing) = (newline + 1, false);
            }

            // What fills the buffer without an end is longer than a line may be.
            (held, passing) = end - begin == buffer.Length ? (0, true) : (passing ? 0 : end - begin, passing);
            buffer.AsSpan(begin, held).CopyTo(buffer);
        }

        if (held > 0)
        {
            yield return Line(buffer, 0, held);
        }
    }

    /// <summary>Why a file cannot be read as a plain one of this size; null when it can, or is absent.</summary>
    internal static string? Problem(string path, int most, bool followed = false)
    {
        try
        {
            using var file = HandleIfThere(path, followed, out var size);
            return size > most ? TooLarge(path, most).Problem : null;
        }
        catch (NotPlainException fault)
        {
            return fault.Problem;
        }
    }

    /// <summary>What an open descriptor is, if it is no regular file; its size if it is one.</summary>
    internal static string? ProblemOf(SafeFileHandle file, out long size)
    {
        if (KernelFiles.Of(file) is { } facts)
        {
            size = (long)facts.Size;
            return ProblemOf(facts.Mode);
        }

        try
        {
            size = RandomAccess.GetLength(file);
            return null;
        }
        catch (NotSupportedException)
        {
            size = 0;
            return "it is not a regular file";
        }
    }

    /// <summary>What a mode says of it, if it is no regular file.</summary>
    internal static string? ProblemOf(int mode) => (mode & KindBits) switch
    {
        Regular => null,
        0x4000 => FileKinds.IsFolder,
        0xA000 => FileKinds.IsLink,
        0x1000 => "it is a pipe, not a regular file",
        0xC000 => "it is a socket, not a regular file",
        _ => "it is a device, not a regular file",
    };

    /// <summary>A descriptor to read from, or null where nothing is.</summary>
    internal static SafeFileHandle? HandleIfThere(string path, bool followed, out long size)
    {
        var number = OpenNumber(path, OpenFlags.Read | OpenFlags.NonBlocking | OpenFlags.CloseOnExec | (followed ? 0 : OpenFlags.NoFollow));
        if (number < 0)
        {
            size = 0;
            return Marshal.GetLastPInvokeError() is var error && error is NotThere or NotAFolder ? null : throw Fault(error, path, followed);
        }

        var file = new SafeFileHandle(number, ownsHandle: true);
        if (ProblemOf(file, out size) is { } problem)
        {
            file.Dispose();
            throw new NotPlainException(path, problem);
        }

        return file;
    }

    private static SafeFileHandle Handle(string path, bool followed, out long size) => HandleIfThere(path, followed, out size) ?? throw Fault(NotThere, path, followed);

    /// <summary>All of a file that is open.</summary>
    internal static byte[] Bytes(SafeFileHandle file, long size, int most, string path)
    {
        if (size > most)
        {
            throw TooLarge(path, most);
        }

        var bytes = new byte[size];
        var count = Fill(file, bytes, path);
        if (count < bytes.Length)
        {
            return bytes[..count];
        }

        Span<byte> more = stackalloc byte[1];
        return Fill(file, more, path) == 0 ? bytes : Grown(file, [.. bytes, more[0]], most, path);
    }

    // Somebody appends to it while it is read.
    private static byte[] Grown(SafeFileHandle file, byte[] begun, int most, string path)
    {
        using var all = new MemoryStream();
        all.Write(begun);
        var buffer = new byte[Chunk];
        while (Fill(file, buffer, path) is > 0 and var count)
        {
            all.Write(buffer, 0, count);
            if (all.Length > most)
            {
                throw TooLarge(path, most);
            }
        }

        return all.ToArray();
    }

    private static int Fill(SafeFileHandle file, Span<byte> target, string path)
    {
        var count = 0;
        while (count < target.Length)
        {
            fixed (byte* start = target[count..])
            {
                var read = (int)ReadNumber(file, start, (nuint)(target.Length - count));
                if (read == 0)
                {
                    break;
                }

                if (read < 0 && Marshal.GetLastPInvokeError() != Interrupted)
                {
                    throw Fault(Marshal.GetLastPInvokeError(), path, followed: true);
                }

                count += Math.Max(0, read);
            }
        }

        return count;
    }

    private static int NextNewline(byte[] buffer, int begin, int end) => buffer.AsSpan(begin, end - begin).IndexOf((byte)'\n') is >= 0 and var at ? begin + at : -1;

    private static string Line(byte[] buffer, int begin, int end) => Encoding.UTF8.GetString(buffer, begin, end - begin).TrimEnd('\r');

    private static NotPlainException TooLarge(string path, int most) => new(path, $"it has more than {(most >= 1024 * 1024 ? $"{most >> 20} MB" : $"{most >> 10} kB")}, which no file of its kind has");

    /// <summary>What a call on a path failed with, as the library would say it.</summary>
    internal static Exception Fault(int error, string path, bool followed) => error switch
    {
        NotThere when !Directory.Exists(Path.GetDirectoryName(path)) => new DirectoryNotFoundException($"Could not find a part of the path '{path}'."),
        NotThere => new FileNotFoundException($"Could not find file '{path}'.", path),
        NotAFolder => new DirectoryNotFoundException($"Could not find a part of the path '{path}'."),
        TooManyLinks or TooManyLinksMac => new NotPlainException(path, followed ? "its links lead in a circle" : FileKinds.IsLink),
        NoPeer => new NotPlainException(path, "it is a socket or a device, not a regular file"),
        Denied or NotPermitted => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
        _ => new IOException($"{new Win32Exception(error).Message} : '{path}'"),
    };

    // Declared without the variadic mode: only existing files are opened here.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNumber(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadNumber(SafeFileHandle file, byte* buffer, nuint count);
}

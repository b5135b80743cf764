using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// A file of lines that only grows, read from its end: the cost follows what is asked for, not the file's size.
/// A last line without a newline was torn by a kill: readers skip it, the next writer cuts it into quarantine. A line that is
/// longer than any of ours never comes into memory: it is shown as one that cannot be understood.
/// </summary>
/// <param name="path">Where it lies.</param>
/// <param name="layout">Where the repository lies.</param>
/// <param name="files">For its length.</param>
/// <param name="disk">For writing.</param>
/// <param name="longest">How many bytes a line may have.</param>
/// <param name="isOptional">Whether what is no plain file counts as absent; else it is refused.</param>
internal sealed class LineFile(string path, StateLayout layout, IFileSystem files, IDisk disk, int longest, bool isOptional = false)
{
    private const int Chunk = 16 * 1024;

    private static readonly byte[] TooLong = "!"u8.ToArray();

    internal string FilePath => path;

    /// <summary>Whether something else than a file lies in its place.</summary>
    internal bool IsForeign => !files.KindOf(path).IsOurs();

    /// <summary>Length in bytes; 0 when the file is absent.</summary>
    internal long Length
    {
        get
        {
            var info = files.FileInfo.New(path);
            return info.Exists && info.Kind() is FileKind.Regular ? info.Length : 0;
        }
    }

    /// <summary>The file's length and first bytes, of one and the same file.</summary>
    internal (long Length, byte[] Bytes) Head(int most)
    {
        using var stream = TryOpen();
        if (stream is null)
        {
            return (0, []);
        }

        var bytes = new byte[most];
        var count = stream.ReadAtLeast(bytes, most, throwOnEndOfStream: false);
        return (stream.Length, bytes[..count]);
    }

    /// <summary>Whether its last line has no newline.</summary>
    internal bool EndsTorn
    {
        get
        {
            using var stream = Open();
            return !EndsWhole(stream, stream.Length);
        }
    }

    /// <summary>Where its last whole line ends.</summary>
    internal long WholeLength()
    {
        using var stream = TryOpen();
        return stream is null ? 0 : LastNewline(stream, stream.Length) + 1;
    }

    /// <summary>Appends whole lines; the caller holds the lock and has cut what was torn.</summary>
    internal void Append(ReadOnlySpan<byte> lines, bool sync, bool create = true) => disk.Append(path, lines, sync, create);

    internal void Truncate(long length, bool sync) => disk.Truncate(path, length, sync);

    internal void Sync() => disk.Sync(path);

    /// <summary>Sets a torn last line aside, bytes intact, and cuts it off; the caller holds the lock.</summary>
    internal void CutTorn()
    {
        var length = Length;
        if (length == 0)
        {
            return;
        }

        using var stream = Open();
        if (EndsWhole(stream, length))
        {
            return;
        }

        var keep = LastNewline(stream, length) + 1;
        CutFrom(stream, keep);
    }

    private static bool EndsWhole(Stream stream, long length)
    {
        stream.Seek(Math.Max(0, length - 1), SeekOrigin.Begin);
        return length == 0 || stream.ReadByte() == '\n';
    }

    /// <summary>Sets everything from an offset on aside and cuts it off.</summary>
    internal void CutFrom(long offset)
    {
        using var stream = Open();
        CutFrom(stream, offset);
    }

    /// <summary>Whole lines from the newest to the oldest, with the offset each begins at.</summary>
    internal IEnumerable<(long Offset, byte[] Line)> Backward()
    {
        using var stream = TryOpen();
        if (stream is null)
        {
            yield break;
        }

        // What was read of a line whose beginning is still to come lies at the front, and gives way to what stands before it.
        var position = stream.Length;
        var block = new byte[Chunk];
        var (pending, torn, isTooLong) = (0, true, false);
        while (position > 0)
        {
            var size = (int)Math.Min(Math.Max(Chunk, pending), position);
            position -= size;
            if (block.Length < size + pending)
            {
                Array.Resize(ref block, size + pending);
            }

            block.AsSpan(0, pending).CopyTo(block.AsSpan(size));
            stream.Seek(position, SeekOrigin.Begin);
            if (stream.ReadAtLeast(block.AsSpan(0, size), size, throwOnEndOfStream: false) < size)
            {
                // A writer has just cut off a torn end while we read without the lock.
                yield break;
            }

            var end = size + pending;
            for (var newline = block.AsSpan(0, end).LastIndexOf((byte)'\n'); newline >= 0; newline = block.AsSpan(0, end).LastIndexOf((byte)'\n'))
            {
                if (!torn && (end > newline + 1 || isTooLong))
                {
                    yield return (position + newline + 1, isTooLong || end - newline - 1 > longest ? TooLong : block[(newline + 1)..end]);
                }

                (torn, isTooLong) = (false, false);
                end = newline;
            }

            isTooLong |= end > longest;
            pending = isTooLong ? 0 : end;
        }

        if (!torn && (pending > 0 || isTooLong))
        {
            yield return (0, isTooLong ? TooLong : block[..pending]);
        }
    }

    /// <summary>Whole lines from an offset on, which must be the beginning of a line.</summary>
    internal IEnumerable<(long Offset, byte[] Line)> Forward(long offset)
    {
        using var stream = TryOpen();
        if (stream is null)
        {
            yield break;
        }

        stream.Seek(offset, SeekOrigin.Begin);
        using var buffered = new BufferedStream(stream, 64 * 1024);
        var line = new List<byte>(512);
        var (start, length) = (offset, 0L);
        for (var read = buffered.ReadByte(); read >= 0; read = buffered.ReadByte())
        {
            if (read != '\n')
            {
                if (length++ < longest)
                {
                    line.Add((byte)read);
                }

                continue;
            }

            yield return (start, length > longest ? TooLong : line.ToArray());
            (start, length) = (start + length + 1, 0);
            line.Clear();
        }
    }

    /// <summary>The beginning of the first line that begins at or after an offset; the length when there is none.</summary>
    internal long LineAt(long offset)
    {
        if (offset <= 0)
        {
            return 0;
        }

        using var stream = Open();
        stream.Seek(offset - 1, SeekOrigin.Begin);
        var buffer = new byte[Chunk];
        for (var at = offset - 1; ;)
        {
            var count = stream.Read(buffer);
            if (count == 0)
            {
                return stream.Length;
            }

            var newline = buffer.AsSpan(0, count).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                return at + newline + 1;
            }

            at += count;
        }
    }

    // A person may delete it at any moment.
    private FileStream? TryOpen()
    {
        try
        {
            return PlainFile.OpenIfThere(path);
        }
        catch (NotPlainException fault)
        {
            return isOptional ? null : throw fault.ToRefusal();
        }
    }

    private FileStream Open() => PlainFile.Open(path);

    private static long LastNewline(Stream stream, long length)
    {
        var buffer = new byte[Chunk];
        for (var position = length; position > 0;)
        {
            var size = (int)Math.Min(Chunk, position);
            position -= size;
            stream.Seek(position, SeekOrigin.Begin);
            stream.ReadExactly(buffer, 0, size);
            var newline = buffer.AsSpan(0, size).LastIndexOf((byte)'\n');
            if (newline >= 0)
            {
                return position + newline;
            }
        }

        return -1;
    }

    private void CutFrom(Stream stream, long offset)
    {
        Quarantine.Keep(layout, disk, Path.GetFileName(path), stream, offset);
        disk.Truncate(path, offset, sync: true);
    }
}

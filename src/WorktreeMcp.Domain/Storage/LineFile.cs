using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// A file of lines that only grows, read from its end: the cost follows what is asked for, not the file's size.
/// A last line without a newline was torn by a kill: readers skip it, the next writer cuts it into quarantine.
/// </summary>
internal sealed class LineFile(string path, StateLayout layout, IFileSystem files, IDurableFiles disk)
{
    private const int Chunk = 16 * 1024;

    internal string FilePath => path;

    /// <summary>Length in bytes; 0 when the file is absent.</summary>
    internal long Length
    {
        get
        {
            var info = files.FileInfo.FromFileName(path);
            return info.Exists ? info.Length : 0;
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
        CutFrom(stream, keep, length);
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
        CutFrom(stream, offset, stream.Length);
    }

    /// <summary>Whole lines from the newest to the oldest, with the offset each begins at.</summary>
    internal IEnumerable<(long Offset, byte[] Line)> Backward()
    {
        using var stream = TryOpen();
        if (stream is null)
        {
            yield break;
        }

        var position = stream.Length;
        byte[] pending = [];
        var torn = true;
        while (position > 0)
        {
            var size = (int)Math.Min(Math.Max(Chunk, pending.Length), position);
            position -= size;
            var block = new byte[size + pending.Length];
            stream.Seek(position, SeekOrigin.Begin);
            if (stream.ReadAtLeast(block.AsSpan(0, size), size, throwOnEndOfStream: false) < size)
            {
                // A writer has just cut off a torn end while we read without the lock.
                yield break;
            }

            pending.CopyTo(block, size);

            var end = block.Length;
            for (var newline = block.AsSpan(0, end).LastIndexOf((byte)'\n'); newline >= 0; newline = block.AsSpan(0, end).LastIndexOf((byte)'\n'))
            {
                if (!torn && end > newline + 1)
                {
                    yield return (position + newline + 1, block[(newline + 1)..end]);
                }

                torn = false;
                end = newline;
            }

            pending = block[..end];
        }

        if (!torn && pending.Length > 0)
        {
            yield return (0, pending);
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
        var start = offset;
        for (var read = buffered.ReadByte(); read >= 0; read = buffered.ReadByte())
        {
            if (read != '\n')
            {
                line.Add((byte)read);
                continue;
            }

            yield return (start, line.ToArray());
            start += line.Count + 1;
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
    private Stream? TryOpen()
    {
        try
        {
            return files.File.Exists(path) ? Open() : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private Stream Open() => files.FileStream.Create(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

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

    private void CutFrom(Stream stream, long offset, long length)
    {
        var bytes = new byte[length - offset];
        stream.Seek(offset, SeekOrigin.Begin);
        stream.ReadExactly(bytes);
        Quarantine.Keep(layout, disk, Path.GetFileName(path), bytes);
        disk.Truncate(path, offset, sync: true);
    }
}

#pragma warning disable RS0030 // What a command writes is output, not state: no lock, no sync, no operation.
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Running;

/// <summary>How much of a run's output is kept.</summary>
/// <param name="SegmentBytes">The size of one file.</param>
/// <param name="FirstSegments">How many files of the beginning stay.</param>
/// <param name="LastSegments">How many files of the end stay; the oldest of them gives way to the next.</param>
/// <param name="FreeSpaceFloor">Nothing is written while the file system has less free space than this.</param>
internal sealed record RunLogLimits(int SegmentBytes, int FirstSegments, int LastSegments, long FreeSpaceFloor)
{
    /// <summary>256 MB a run, half of it for the beginning.</summary>
    internal static RunLogLimits Default { get; } = new(16 * 1024 * 1024, 8, 8, 512L * 1024 * 1024);
}

/// <summary>
/// Writes a run's output into its folder as it comes. The bytes of both streams lie in <c>output-START</c> in the order in
/// which they were read, escape codes and all; START is the offset of the file's first byte in the whole output.
/// <c>streams-START</c> has a line <c>OFFSET out|err</c> wherever the stream changes, written before the bytes it speaks of.
/// Memory does not grow with the output. What cannot be written is missing, and the offsets go on.
/// </summary>
internal sealed class RunLogWriter(string folder, RunLogLimits limits, Func<long>? freeSpace = null, long from = 0) : IDisposable
{
    internal const string OutputPrefix = "output-";
    internal const string StreamsPrefix = "streams-";

    /// <summary>How much output comes between two looks at the free space: so much may be written below the floor, once.</summary>
    internal const int SpaceCheckBytes = 4 * 1024 * 1024;

    private readonly Func<long> _freeSpace = freeSpace ?? (() => new DriveInfo(folder).AvailableFreeSpace);
    private readonly List<long> _segments = from == 0 ? [] : Starts(folder);
    private SafeFileHandle? _output;
    private SafeFileHandle? _streams;
    private ChildStream? _stream;
    private long _start;
    private long _changes;
    private long _nextLook = from;
    private bool _hasRoom;

    /// <summary>The offset of the next byte.</summary>
    internal long Offset { get; private set; } = from;

    /// <summary>Takes the next bytes.</summary>
    internal void Append(ChildStream stream, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..(int)Math.Min(bytes.Length, limits.SegmentBytes - (_output is null ? 0 : Offset - _start))];
            Write(stream, piece);
            Offset += piece.Length;
            bytes = bytes[piece.Length..];
            if (_output is not null && (Offset - _start >= limits.SegmentBytes || _changes >= limits.SegmentBytes / 4))
            {
                Close();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    internal static string Name(string prefix, long start) => prefix + start.ToString("D15", CultureInfo.InvariantCulture);

    /// <summary>Where the files that lie in a folder begin, in order.</summary>
    internal static List<long> Starts(string folder) =>
        [.. Directory.EnumerateFiles(folder, OutputPrefix + "*")
            .Select(path => long.TryParse(Path.GetFileName(path.AsSpan())[OutputPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : -1)
            .Where(start => start >= 0).Order()];

    private void Write(ChildStream stream, ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (!HasRoom())
            {
                Close();
                return;
            }

            if (_output is null)
            {
                Open();
            }

            if (_stream != stream)
            {
                var line = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Offset} {(stream == ChildStream.Output ? "out" : "err")}\n"));
                RandomAccess.Write(_streams!, line, _changes);
                _changes += line.Length;
                _stream = stream;
            }

            RandomAccess.Write(_output!, bytes, Offset - _start);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException || FileSizeFault.Is(fault))
        {
            // A full disk must not end the command; the next piece tries a file of its own.
            Close();
        }
    }

    private bool HasRoom()
    {
        if (Offset >= _nextLook)
        {
            _hasRoom = _freeSpace() >= limits.FreeSpaceFloor;
            _nextLook = Offset + SpaceCheckBytes;
        }

        return _hasRoom;
    }

    private void Open()
    {
        if (_segments.Count == limits.FirstSegments + limits.LastSegments)
        {
            Delete(_segments[limits.FirstSegments]);
            _segments.RemoveAt(limits.FirstSegments);
        }

        _start = Offset;
        _changes = 0;
        _stream = null;
        _streams = Make(StreamsPrefix);
        _output = Make(OutputPrefix);
        _segments.Add(_start);
    }

    private SafeFileHandle Make(string prefix)
    {
        var path = Path.Join(folder, Name(prefix, _start));
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        SharedFiles.Share(file, path);
        return file;
    }

    private void Delete(long start)
    {
        File.Delete(Path.Join(folder, Name(OutputPrefix, start)));
        File.Delete(Path.Join(folder, Name(StreamsPrefix, start)));
    }

    private void Close()
    {
        _output?.Dispose();
        _streams?.Dispose();
        (_output, _streams) = (null, null);
    }
}

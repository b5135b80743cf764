#pragma warning disable RS0030 // What a command writes is output, not state.
using System.Globalization;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Running;

/// <summary>Reads what a <see cref="RunLogWriter"/> of any process writes, while it writes and afterwards.</summary>
internal sealed class RunLogReader(string folder)
{
    /// <summary>The first bytes that are kept at or after an offset, and how long the whole is.</summary>
    internal LogChunk Read(long offset, int most)
    {
        var segments = Segments();
        var length = segments.Count == 0 ? 0 : segments[^1].End;
        var index = segments.FindIndex(segment => segment.End > offset);
        if (index < 0)
        {
            return new LogChunk(Math.Min(offset, length), [], [], length);
        }

        var begin = Math.Max(offset, segments[index].Start);
        var bytes = new byte[Math.Min(most, Contiguous(segments, index) - begin)];
        var changes = new List<StreamChange>();
        var filled = 0;
        for (var next = begin; filled < bytes.Length; next = begin + filled, index++)
        {
            var segment = segments[index];
            var count = ReadInto(segment, next, bytes.AsSpan(filled));
            changes.AddRange(Changes(segment, next, next + count));
            filled += count;
            if (count == 0)
            {
                break;
            }
        }

        return new LogChunk(begin, filled == bytes.Length ? bytes : bytes[..filled], changes, length);
    }

    private static long Contiguous(List<Segment> segments, int index)
    {
        while (index + 1 < segments.Count && segments[index + 1].Start == segments[index].End)
        {
            index++;
        }

        return segments[index].End;
    }

    private List<Segment> Segments()
    {
        var found = new List<Segment>();
        foreach (var file in new DirectoryInfo(folder).GetFiles(RunLogWriter.OutputPrefix + "*"))
        {
            // The ring drops its oldest file at any moment.
            if (long.TryParse(file.Name.AsSpan(RunLogWriter.OutputPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var start) && file.Exists)
            {
                found.Add(new Segment(start, start + file.Length));
            }
        }

        found.Sort((a, b) => a.Start.CompareTo(b.Start));
        return found;
    }

    // A file of the ring may be deleted while it is read: then it is missing like the others before it.
    private int ReadInto(Segment segment, long offset, Span<byte> target)
    {
        try
        {
            using var file = PlainFile.HandleIfThere(Path.Join(folder, RunLogWriter.Name(RunLogWriter.OutputPrefix, segment.Start)), followed: false, out _);
            return file is null ? 0 : RandomAccess.Read(file, target[..(int)Math.Min(target.Length, segment.End - offset)], offset - segment.Start);
        }
        catch (NotPlainException)
        {
            return 0;
        }
    }

    private List<StreamChange> Changes(Segment segment, long from, long to)
    {
        var found = new List<StreamChange>();
        var path = Path.Join(folder, RunLogWriter.Name(RunLogWriter.StreamsPrefix, segment.Start));
        foreach (var change in Lines(path).Select(Parse).OfType<StreamChange>())
        {
            if (change.At >= to)
            {
                break;
            }

            if (change.At <= from)
            {
                found.Clear();
            }

            found.Add(change);
        }

        return found;
    }

    // What is no plain file is no word of which stream it was.
    private static IEnumerable<string> Lines(string path) => PlainFile.Problem(path, int.MaxValue) is null ? PlainFile.Lines(path) : [];

    private static StreamChange? Parse(string line) =>
        line.Split(' ') is [var at, var word] && (word is "out" or "err") && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? new StreamChange(offset, word == "out" ? ChildStream.Output : ChildStream.Error)
            : null;

    private readonly record struct Segment(long Start, long End);
}

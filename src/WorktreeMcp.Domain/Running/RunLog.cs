using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// One run's output: the beginning and the end of each stream for its result, and all of it for those who read on. A short
/// output stays in memory; it goes into the run's folder when it outgrows that or the run outlives its call.
/// </summary>
/// <param name="folder">Makes the run's folder.</param>
/// <param name="limits">How much is kept on disk.</param>
/// <param name="from">How much of it lies in the folder already, written by another process; null for a run that begins.</param>
internal sealed class RunLog(Func<string> folder, RunLogLimits? limits = null, long? from = null) : IDisposable
{
    /// <summary>A longer output goes into files; all that is cut from a result is longer.</summary>
    internal const int MemoryBytes = StreamCapture.DefaultHead + StreamCapture.DefaultTail;

    private const int LongestLine = 160;

    private readonly Lock _gate = new();
    private readonly StreamCapture _output = new();
    private readonly StreamCapture _error = new();
    private readonly List<StreamChange> _changes = [];
    private MemoryStream? _memory = from is null ? new() : null;
    private RunLogWriter? _writer = from is null ? null : Open(folder, limits, from.Value);
    private ChildStream _last;
    private long _total = from ?? 0;
    private long? _outputHead;
    private long? _errorHead;

    /// <summary>How many bytes were written.</summary>
    internal long Total
    {
        get
        {
            lock (_gate)
            {
                return _total;
            }
        }
    }

    /// <summary>Takes the next bytes.</summary>
    internal void Add(ChildStream stream, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            NoteHead(stream, bytes.Length);
            Capture(stream).Add(bytes);
            if (_memory is { } memory && _total + bytes.Length <= MemoryBytes)
            {
                if (_changes.Count == 0 || _changes[^1].Stream != stream)
                {
                    _changes.Add(new StreamChange(_total, stream));
                }

                memory.Write(bytes);
            }
            else
            {
                IntoFiles()?.Append(stream, bytes);
            }

            _last = stream;
            _total += bytes.Length;
        }
    }

    /// <summary>Puts what there is, and all that comes, into the run's folder.</summary>
    internal void ToFiles()
    {
        lock (_gate)
        {
            IntoFiles();
        }
    }

    /// <summary>The last line, for who waits.</summary>
    internal string LastLine()
    {
        lock (_gate)
        {
            return Capture(_last).LastLine(LongestLine);
        }
    }

    /// <summary>What is kept of each stream, and where in the whole output the first of what is left out lies.</summary>
    internal (CapturedText Output, CapturedText Error, long? ReadOn) Now(bool ended)
    {
        lock (_gate)
        {
            var (output, error) = ended ? (_output.Finish(), _error.Finish()) : (_output.Now(), _error.Now());
            long?[] cuts = [output.Truncated ? _outputHead : null, error.Truncated ? _errorHead : null];
            return (output, error, cuts.Min());
        }
    }

    /// <summary>Reads a short output from memory; null when it lies in files.</summary>
    internal LogChunk? Read(long offset, int most)
    {
        lock (_gate)
        {
            if (_memory is not { } memory)
            {
                return null;
            }

            var begin = (int)Math.Min(offset, _total);
            var count = (int)Math.Min(most, _total - begin);
            return new LogChunk(begin, memory.GetBuffer().AsSpan(begin, count).ToArray(), [.. _changes], _total);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _writer?.Dispose();
        }
    }

    private StreamCapture Capture(ChildStream stream) => stream == ChildStream.Output ? _output : _error;

    // The text is never longer than the bytes it was made from, so this place is at or before the cut.
    private void NoteHead(ChildStream stream, int count)
    {
        ref var head = ref stream == ChildStream.Output ? ref _outputHead : ref _errorHead;
        var room = Capture(stream).HeadRoom;
        if (head is null && count >= room)
        {
            head = _total + room;
        }
    }

    private RunLogWriter? IntoFiles()
    {
        if (_memory is not { } memory)
        {
            return _writer;
        }

        _memory = null;
        _writer = Open(folder, limits, from: 0);
        for (var i = 0; i < _changes.Count; i++)
        {
            var end = i + 1 < _changes.Count ? _changes[i + 1].At : memory.Length;
            _writer?.Append(_changes[i].Stream, memory.GetBuffer().AsSpan((int)_changes[i].At, (int)(end - _changes[i].At)));
        }

        return _writer;
    }

    // Without a folder the run goes on, and its result has what the captures keep.
    private static RunLogWriter? Open(Func<string> folder, RunLogLimits? limits, long from)
    {
        try
        {
            return new RunLogWriter(folder(), limits ?? RunLogLimits.Default, from: from);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

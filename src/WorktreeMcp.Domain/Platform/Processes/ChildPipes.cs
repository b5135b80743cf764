using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// Our ends of a child's streams, its process descriptor, and the wire by which cancelling wakes the waiting thread.
/// One buffer serves all reading, so memory does not grow with the output.
/// </summary>
internal sealed unsafe class ChildPipes : IDisposable
{
    private const int Output = 0;
    private const int Error = 1;
    private const int Input = 2;
    private const int Process = 3;
    private const int Wake = 4;
    private const int Count = 5;
    private const int BufferSize = 64 * 1024;
    private const int LongestBlindWait = 20;
    private const int DrainBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(500);

    private readonly Descriptor?[] _ends = new Descriptor?[Count];
    private readonly ChildOutput _sink;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private readonly Descriptor? _waker;
    private readonly CancellationTokenRegistration _cancelling;
    private readonly Handover? _handover;
    private Descriptor? _telling;
    private ReadOnlyMemory<byte> _input;
    private int _blindWait = 1;

    internal ChildPipes(ChildOutput sink, ReadOnlyMemory<byte> input, CancellationToken cancel, Handover? handover = null)
    {
        _sink = sink;
        _input = input;
        _handover = handover;
        if (cancel.CanBeCanceled || handover is not null)
        {
            (_ends[Wake], _waker) = Descriptor.Pipe();
            _cancelling = cancel.UnsafeRegister(static waker => WriteOne((Descriptor)waker!), _waker);
            handover?.Wakes(() => WriteOne(_waker));
        }
    }

    /// <summary>Starts the child on the other ends of these pipes.</summary>
    internal int Start(ChildSpec spec)
    {
        Descriptor? input = null, output = null, error = null, told = null;
        try
        {
            (_ends[Output], output) = Descriptor.Pipe();
            (_ends[Error], error) = Descriptor.Pipe();
            if (!_input.IsEmpty)
            {
                (input, _ends[Input]) = Descriptor.Pipe();
            }

            if (spec.Handover is not null)
            {
                (_telling, told) = Descriptor.Pipe();
                _telling.NeverBlocking();
                spec = ExitTeller.Over(spec, told);
            }

            var pid = Spawner.Start(spec, input, output, error);
            _ends[Output]?.NeverBlocking();
            _ends[Error]?.NeverBlocking();
            _ends[Input]?.NeverBlocking();
            _ends[Process] = OpenProcess(pid);
            return pid;
        }
        finally
        {
            input?.Dispose();
            output?.Dispose();
            error?.Dispose();
            told?.Dispose();
        }
    }

    /// <summary>Takes over our ends of a child that another process has started.</summary>
    internal void Take(RunningChild child)
    {
        (_ends[Output], _ends[Error], _telling) = ((Descriptor)child.Streams[0], (Descriptor)child.Streams[1], (Descriptor)child.Streams[2]);
        _ends[Process] = OpenProcess(child.Pid);
    }

    /// <summary>What another process takes over; a stream that the child has closed has nothing to read.</summary>
    internal IReadOnlyList<Descriptor> Streams() =>
        [_ends[Output] ??= Descriptor.OpenToRead("/dev/null"), _ends[Error] ??= Descriptor.OpenToRead("/dev/null"), _telling!];

    /// <summary>How the child ended, if there is a keeper that tells it.</summary>
    internal (int? Code, int? Signal)? Said() => _telling is null ? null : ExitTeller.Said(_telling);

    /// <summary>The wish to hand over was heard: only cancelling wakes from now on.</summary>
    internal void HeardOfHandover()
    {
        byte one;
        Libc.Read(_ends[Wake]!.Number, &one, 1);
    }

    /// <summary>Waits until something happens, at most so long, and moves what can be moved.</summary>
    internal void Pump(TimeSpan longest) => Poll(Milliseconds(longest));

    /// <summary>
    /// Takes what can be read at once; never waits for the end of the streams, since others may hold them open. One round
    /// empties a pipe of the usual size; the limits are for those who go on writing.
    /// </summary>
    internal void Drain()
    {
        var begin = Stopwatch.GetTimestamp();
        long bytes = 0;
        int read;
        while (bytes < DrainBytes && Stopwatch.GetElapsedTime(begin) < DrainTime && (read = Poll(0)) > 0)
        {
            bytes += read;
        }
    }

    /// <summary>Stops listening for the cancelling that is under way and for the child that has ended: both stay ready for ever.</summary>
    internal void Ignore(bool cancelling, bool process)
    {
        if (cancelling)
        {
            Close(Wake);
        }

        if (process)
        {
            Close(Process);
        }
    }

    public void Dispose()
    {
        _cancelling.Dispose();
        _handover?.Wakes(null);
        for (var i = 0; i < Count; i++)
        {
            Close(i);
        }

        _waker?.Dispose();
        _telling?.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private static Descriptor? OpenProcess(int pid) => Libc.OpenProcess(pid) is >= 0 and var process ? new Descriptor(process) : null;

    private static void WriteOne(Descriptor waker)
    {
        byte one = 1;
        Libc.Write(waker.Number, &one, 1);
    }

    /// <returns>How many bytes were read.</returns>
    private int Poll(int milliseconds)
    {
        var slots = stackalloc PollSlot[Count];
        for (var i = 0; i < Count; i++)
        {
            slots[i] = new PollSlot { Descriptor = _ends[i]?.Number ?? -1, Events = i == Input ? Libc.PollOut : Libc.PollIn };
        }

        var ready = Libc.Poll(slots, Count, milliseconds);
        if (ready < 0 && Marshal.GetLastPInvokeError() is var errno && errno != Errno.Interrupted && errno != Errno.TryAgain)
        {
            throw new IOException($"poll failed: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).");
        }

        if (ready <= 0)
        {
            return 0;
        }

        var read = slots[Output].Happened != 0 ? Read(Output, ChildStream.Output) : 0;
        read += slots[Error].Happened != 0 ? Read(Error, ChildStream.Error) : 0;
        if (slots[Input].Happened != 0)
        {
            Feed();
        }

        return read;
    }

    private int Read(int end, ChildStream stream)
    {
        nint count;
        fixed (byte* start = _buffer)
        {
            count = Libc.Read(_ends[end]!.Number, start, BufferSize);
        }

        if (count > 0)
        {
            _blindWait = 1;
            _sink(stream, _buffer.AsSpan(0, (int)count));
            return (int)count;
        }

        if (count == 0 || !IsPassing(Marshal.GetLastPInvokeError()))
        {
            Close(end);
        }

        return 0;
    }

    private void Feed()
    {
        nint count;
        using (var pin = _input.Pin())
        {
            count = Libc.Write(_ends[Input]!.Number, (byte*)pin.Pointer, Math.Min(_input.Length, BufferSize));
        }

        if (count > 0)
        {
            _input = _input[(int)count..];
        }

        // A child that closed its input does not want the rest.
        if (_input.IsEmpty || (count < 0 && !IsPassing(Marshal.GetLastPInvokeError())))
        {
            Close(Input);
        }
    }

    private static bool IsPassing(int errno) => errno == Errno.TryAgain || errno == Errno.Interrupted;

    /// <summary>Without a process descriptor nothing tells of the child's end, so the wait is cut into short pieces.</summary>
    private int Milliseconds(TimeSpan longest)
    {
        var wanted = longest == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Clamp(Math.Ceiling(longest.TotalMilliseconds), 0, int.MaxValue);
        if (_ends[Process] is not null)
        {
            return wanted;
        }

        var blind = _blindWait;
        _blindWait = Math.Min(2 * _blindWait, LongestBlindWait);
        return wanted < 0 ? blind : Math.Min(wanted, blind);
    }

    private void Close(int end)
    {
        _ends[end]?.Dispose();
        _ends[end] = null;
    }
}

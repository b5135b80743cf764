using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>One line of the kernel's list of processes.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Session">Its session's number, that is the number of the process that began the session.</param>
/// <param name="StartTime">When it started, in clock ticks since boot.</param>
/// <param name="Alive">Whether any thread of it still runs; a zombie that waits to be reaped does not.</param>
/// <param name="IsEnding">Whether its program runs no more and the kernel is taking it down, for which one of low priority may have to wait.</param>
/// <param name="Exits">Whether the kernel is taking its first thread down, whose words and place go with it; others may still run.</param>
internal readonly record struct ProcessEntry(int Pid, int Session, long StartTime, bool Alive, bool IsEnding, bool Exits);

/// <summary>Linux's /proc.</summary>
internal static unsafe class ProcessTable
{
    /// <summary>Whether this system has it.</summary>
    internal static bool IsReadable { get; } = OperatingSystem.IsLinux() && Find(Environment.ProcessId) is not null;

    /// <summary>Every process that can be seen.</summary>
    internal static IEnumerable<ProcessEntry> All()
    {
#pragma warning disable RS0030 // /proc is the kernel's list of processes, not state of ours
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
#pragma warning restore RS0030
        {
            if (int.TryParse(directory.AsSpan("/proc/".Length), NumberStyles.None, null, out var pid) && Find(pid) is { } entry)
            {
                yield return entry;
            }
        }
    }

    /// <summary>The process with that number, or null when there is none.</summary>
    internal static ProcessEntry? Find(int pid)
    {
        using var file = Descriptor.OpenToRead($"/proc/{pid}/stat");
        var buffer = stackalloc byte[1024];
        var length = file.IsInvalid ? -1 : (int)Libc.Read(file.Number, buffer, 1024);
        return length <= 0 ? null : Parse(pid, new ReadOnlySpan<byte>(buffer, length));
    }

    /// <summary>Reads a stat line. The name in brackets may hold anything, brackets too, so the fields begin after the last one.</summary>
    internal static ProcessEntry? Parse(int pid, ReadOnlySpan<byte> line)
    {
        const int State = 0;
        const int Session = 3;
        const int Flags = 6;
        const uint Exiting = 4;
        const int Threads = 17;
        const int StartTime = 19;
        var fields = line[(line.LastIndexOf((byte)')') + 1)..].TrimStart((byte)' ');
        byte state = 0;
        int session = 0, threads = 0;
        uint flags = 0;
        for (var i = 0; i <= StartTime; i++)
        {
            var end = fields.IndexOf((byte)' ');
            if (end <= 0)
            {
                return null;
            }

            var field = fields[..end];
            fields = fields[(end + 1)..];
            switch (i)
            {
                case State:
                    state = field[0];
                    break;
                case Session:
                    _ = Utf8Parser.TryParse(field, out session, out int _);
                    break;
                case Flags:
                    _ = Utf8Parser.TryParse(field, out flags, out int _);
                    break;
                case Threads:
                    _ = Utf8Parser.TryParse(field, out threads, out int _);
                    break;
                case StartTime:
                    _ = Utf8Parser.TryParse(field, out long started, out int _);

                    // A process whose first thread ended shows as a zombie while its other threads run.
                    return new ProcessEntry(pid, session, started, state is not ((byte)'Z' or (byte)'X') || threads > 1, (flags & Exiting) != 0 && threads <= 1, (flags & Exiting) != 0);
                default:
                    break;
            }
        }

        return null;
    }

    /// <summary>
    /// Whether the process was started with this NAME=VALUE; false when that cannot be read. While a program is being
    /// begun its environment shows as empty for a moment, so an empty one is looked at again.
    /// </summary>
    internal static bool Carries(int pid, ReadOnlySpan<byte> variable)
    {
        const int Looks = 4;
        for (var look = 1; ; look++)
        {
            var found = Read(pid, variable);
            if (found is not null || look == Looks)
            {
                return found == true;
            }


            Thread.Sleep(1);
        }
    }

    // Null when the environment is empty.
    private static bool? Read(int pid, ReadOnlySpan<byte> variable)
    {
        using var file = Descriptor.OpenToRead($"/proc/{pid}/environ");
        if (file.IsInvalid || variable.IsEmpty)
        {
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            var length = 0;
            while (ReadInto(file, buffer, length) is > 0 and var count)
            {
                length += count;
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(2 * length);
                    buffer.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return length == 0 ? null : Holds(buffer.AsSpan(0, length), variable);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int ReadInto(Descriptor file, byte[] buffer, int offset)
    {
        fixed (byte* start = buffer)
        {
            return (int)Libc.Read(file.Number, start + offset, buffer.Length - offset);
        }
    }

    private static bool Holds(ReadOnlySpan<byte> environment, ReadOnlySpan<byte> variable)
    {
        foreach (var entry in environment.Split((byte)0))
        {
            if (environment[entry].SequenceEqual(variable))
            {
                return true;
            }
        }

        return false;
    }
}

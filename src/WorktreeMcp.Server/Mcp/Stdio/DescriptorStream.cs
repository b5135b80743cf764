using System.Runtime.InteropServices;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// A descriptor that was inherited, read and written by the system calls themselves: a FileStream keeps its own offset
/// in a regular file, so that two writers overwrite each other, and fails when the parent made the descriptor
/// non-blocking; the console's stream takes a lock that a blocked write never gives back.
/// </summary>
internal sealed partial class DescriptorStream : OneWayStream
{
    private const int None = -1;
    private const int Interrupted = 4;
    private const short Readable = 1;
    private const short Writable = 4;
    private const short HungUp = 0x10;

    // Of a socket whose other side only writes no more; node connects children by sockets.
    private const short HalfHungUp = 0x2000;

    private static readonly int WouldBlock = OperatingSystem.IsMacOS() ? 35 : 11;

    private readonly int _number;
    private readonly ReadingThread _reading;

    /// <summary>A descriptor of this process.</summary>
    /// <param name="number">0, 1 or 2.</param>
    internal DescriptorStream(int number)
    {
        CanRead = number == 0;
        _number = IsInherited(number) ? number : None;
        _reading = new ReadingThread(buffer => Transfer(buffer, reading: true));
    }

    /// <inheritdoc />
    public override bool CanRead { get; }

    /// <inheritdoc />
    public override bool CanWrite => !CanRead;

    /// <summary>
    /// Whether whoever started this process gave it that descriptor. One that was closed has another file of the runtime under its number
    /// by now, to be told by that it would be closed at the start of a program.
    /// </summary>
    /// <param name="number">0, 1 or 2.</param>
    internal static bool IsInherited(int number)
    {
        const int GetFlags = 1;
        const int CloseOnExec = 1;
        return Control(number, GetFlags) is >= 0 and var flags && (flags & CloseOnExec) == 0;
    }

    /// <inheritdoc />
    public override unsafe bool IsLeft
    {
        get
        {
            var wanted = new Poll { Descriptor = _number, Events = OperatingSystem.IsLinux() ? HalfHungUp : Readable };
            return WaitUntilReady(&wanted, 1, 0) > 0 && (wanted.Returned & (HungUp | (OperatingSystem.IsLinux() ? HalfHungUp : 0))) != 0;
        }
    }

    /// <inheritdoc />
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(_reading.Read(buffer));

    /// <inheritdoc />
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc />
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Run(() => WriteAll(buffer), cancellationToken));

    /// <inheritdoc />
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private void WriteAll(ReadOnlyMemory<byte> left)
    {
        while (left.Length > 0)
        {
            left = left[Transfer(left, reading: false)..];
        }
    }

    private unsafe int Transfer(ReadOnlyMemory<byte> bytes, bool reading)
    {
        using var pinned = bytes.Pin();
        while (true)
        {
            var count = reading
                ? Read(_number, pinned.Pointer, (nuint)bytes.Length)
                : Write(_number, pinned.Pointer, (nuint)bytes.Length);
            if (count >= 0)
            {
                return (int)count;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == WouldBlock)
            {
                var wanted = new Poll { Descriptor = _number, Events = reading ? Readable : Writable };
                _ = WaitUntilReady(&wanted, 1, -1);
            }
            else if (error != Interrupted)
            {
                throw new IOException($"Descriptor {_number}: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int WaitUntilReady(Poll* wanted, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Poll
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>A descriptor of ours. It is close-on-exec from its first moment where the system can do that.</summary>
internal sealed unsafe class Descriptor : SafeHandle
{
    private const int SetDescriptorFlags = 2;
    private const int SetStatusFlags = 4;
    private const int CloseOnExec = 1;
    private const int WriteOnly = 1;

    private static readonly int OpenCloseOnExec = OperatingSystem.IsMacOS() ? 0x0100_0000 : 0x8_0000;
    private static readonly int OpenNonBlocking = OperatingSystem.IsMacOS() ? 0x4 : 0x800;
    private static readonly int DuplicateCloseOnExec = OperatingSystem.IsMacOS() ? 67 : 1030;

    internal Descriptor(int number)
        : base(-1, ownsHandle: true) => SetHandle(number);

    public override bool IsInvalid => handle < 0;

    internal int Number => (int)handle;

    /// <summary>A pipe: the end to read from and the end to write to.</summary>
    internal static (Descriptor Reader, Descriptor Writer) Pipe()
    {
        var ends = stackalloc int[2];
        if ((OperatingSystem.IsMacOS() ? Libc.Pipe(ends) : Libc.Pipe2(ends, OpenCloseOnExec)) != 0)
        {
            throw LastFault("open a pipe");
        }

        if (OperatingSystem.IsMacOS())
        {
            Libc.Control(ends[0], SetDescriptorFlags, CloseOnExec);
            Libc.Control(ends[1], SetDescriptorFlags, CloseOnExec);
        }

        return (new Descriptor(ends[0]), new Descriptor(ends[1]));
    }

    /// <summary>Opens a file to read; the result is invalid when that fails.</summary>
    internal static Descriptor OpenToRead(string path) => new(Libc.Open(path, OpenCloseOnExec));

    /// <summary>Opens a file that exists to write; the result is invalid when that fails.</summary>
    internal static Descriptor OpenToWrite(string path) => new(Libc.Open(path, OpenCloseOnExec | WriteOnly));

    /// <summary>A second descriptor of the same open file, with the number <paramref name="least"/> or a higher one.</summary>
    internal static Descriptor Duplicate(int number, int least)
    {
        var copy = Libc.Control(number, DuplicateCloseOnExec, least);
        return copy < 0 ? throw LastFault("duplicate a descriptor") : new Descriptor(copy);
    }

    /// <summary>
    /// Keeps what this process was itself given by its parent from its children; what .NET opens is kept from them anyway.
    /// On macOS the launch itself does that.
    /// </summary>
    internal static void CloseAllOnExec()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

#pragma warning disable RS0030 // the kernel's list of our descriptors, not state of ours
        foreach (var path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
#pragma warning restore RS0030
        {
            if (int.TryParse(path.AsSpan("/proc/self/fd/".Length), out var number) && number > 2)
            {
                Libc.Control(number, SetDescriptorFlags, CloseOnExec);
            }
        }
    }

    /// <summary>Makes this end return at once. The other end is another open file and stays as it is.</summary>
    internal Descriptor NeverBlocking()
    {
        Libc.Control(Number, SetStatusFlags, OpenNonBlocking);
        return this;
    }

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;

    private static ChildStartException LastFault(string act)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new ChildStartException(
            ChildStartFault.System, errno, $"Cannot {act}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).");
    }
}

using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>One entry of poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollSlot
{
    internal int Descriptor;
    internal short Events;
    internal short Happened;
}

/// <summary>The system calls this room needs, the same on glibc, musl and macOS unless a name says otherwise.</summary>
internal static unsafe partial class Libc
{
    /// <summary>More than any libc needs for a structure that is opaque to us.</summary>
    internal const int OpaqueSize = 1024;

    internal const short PollIn = 1;
    internal const short PollOut = 4;
    internal const int WaitNoHang = 1;

    internal const int PriorityOfProcess = 0;
    internal const int Lowest = 19;

    private const int WaitExited = 4;
    private const int WaitByPid = 1;
    private const int Killed = 2;
    private const int Dumped = 3;
    private const nint SyscallPidfdSendSignal = 424;
    private const nint SyscallPidfdOpen = 434;

    private static readonly int WaitNoReap = OperatingSystem.IsMacOS() ? 0x20 : 0x0100_0000;
    private static readonly bool VariadicOnStack =
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Whether the child has ended; it stays unreaped, so that its number stays its own.</summary>
    /// <param name="pid">The child.</param>
    /// <param name="lost">Set when the system knows no such child: something else reaped it.</param>
    internal static bool HasEnded(int pid, out bool lost)
    {
        int how;
        (lost, how) = Look(pid);
        return lost || how != 0;
    }

    /// <summary>Whether the child was ended by a signal; it stays unreaped.</summary>
    /// <param name="pid">The child.</param>
    internal static bool WasKilled(int pid) => Look(pid) is { Lost: false, How: Killed or Dumped };

    private static (bool Lost, int How) Look(int pid)
    {
        var info = stackalloc int[OpaqueSize / sizeof(int)];
        new Span<int>(info, OpaqueSize / sizeof(int)).Clear();
        int result;
        do
        {
            result = WaitId(WaitByPid, pid, info, WaitExited | WaitNoHang | WaitNoReap);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);

        // Number, error and code: these come first everywhere.
        return (result < 0, result < 0 || info[0] == 0 ? 0 : info[2]);
    }

    /// <summary>fcntl with one number; Apple's ARM convention has variadic arguments on the stack.</summary>
    internal static int Control(int descriptor, int command, nint argument)
        => VariadicOnStack
            ? FcntlOnStack(descriptor, command, 0, 0, 0, 0, 0, 0, argument)
            : Fcntl(descriptor, command, argument);

    /// <summary>A descriptor of a process, or a negative number where the kernel has none.</summary>
    internal static int OpenProcess(int pid)
        => OperatingSystem.IsLinux() ? (int)Syscall(SyscallPidfdOpen, pid, 0, 0, 0) : -1;

    internal static int SignalProcess(int pidDescriptor, int signal)
        => (int)Syscall(SyscallPidfdSendSignal, pidDescriptor, signal, 0, 0);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollSlot* slots, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "pipe", SetLastError = true)]
    internal static partial int Pipe(int* ends);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    internal static partial int Pipe2(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    internal static partial int ProcessControl(int option, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    internal static partial int SetPriority(int kind, int pid, int niceness);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    internal static partial int WaitPid(int pid, int* status, int options);

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    internal static partial int SigAction(int signal, void* action, void* previous);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    internal static partial nint Signal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    internal static partial int SigEmptySet(void* set);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Spawn(int* pid, string path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int ActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int ActionsDestroy(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int ActionsDuplicate(void* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ActionsOpen(void* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ActionsDirectory(void* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    internal static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    internal static partial int AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    internal static partial int AttributesFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    internal static partial int AttributesDefaultSignals(void* attributes, void* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    internal static partial int AttributesSignalMask(void* attributes, void* set);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static partial int WaitId(int kind, int pid, void* info, int options);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FcntlOnStack(
        int descriptor, int command, nint a, nint b, nint c, nint d, nint e, nint f, nint argument);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d);
}

using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// What a confined command may not ask of the kernel, as the program that the kernel runs at each of its system calls. Keyrings are
/// kept apart by no namespace. Mounts, which whoever makes a namespace of his own may make, would show control groups and the like
/// writable. The others are wide doors into the kernel that no build needs. Everything else is allowed.
/// </summary>
internal static partial class SystemCallFilter
{
    private const uint NotPermitted = 0x0005_0001;
    private const uint NotImplemented = 0x0005_0026;
    private const uint Allowed = 0x7fff_0000;

    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAtLeast = 0x35;
    private const ushort Return = 0x06;

    private const uint Number = 0;
    private const uint Architecture = 4;
    private const uint SecondArgument = 24;

    // Putting letters into a terminal's input.
    private static readonly uint[] TerminalInjection = [0x5412, 0x541c];

    // io_uring, the newer calls for mounts; the same number everywhere.
    private static readonly uint[] Newer = [425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 467];

    // mount, umount (twice on some), pivot_root, add_key, request_key, keyctl, open_by_handle_at, perf_event_open, bpf, userfaultfd.
    private static readonly Kind X64 = new(0xc000_003e, Ioctl: 16, HasX32: true, [165, 166, 155, 248, 249, 250, 304, 298, 321, 323]);
    private static readonly Kind X86 = new(0x4000_0003, Ioctl: 54, HasX32: false, [21, 22, 52, 217, 286, 287, 288, 342, 336, 357, 374]);
    private static readonly Kind Arm64 = new(0xc000_00b7, Ioctl: 29, HasX32: false, [40, 39, 41, 217, 218, 219, 265, 241, 280, 282]);
    private static readonly Kind Arm = new(0x4000_0028, Ioctl: 54, HasX32: false, [21, 52, 218, 309, 310, 311, 371, 364, 386, 388]);

    private static readonly Lazy<SafeFileHandle?> Kept = new(Keep);

    /// <summary>Where it can be read as long as this process lives; null where there is none for this machine.</summary>
    internal static string? Path =>
        Kept.Value is { } file ? string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{file.DangerousGetHandle()}") : null;

    private static Kind[] OfThisMachine => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => [X64, X86],
        System.Runtime.InteropServices.Architecture.Arm64 => [Arm64, Arm],
        System.Runtime.InteropServices.Architecture.Arm => [Arm],
        _ => [],
    };

    private static SafeFileHandle? Keep()
    {
        if (!OperatingSystem.IsLinux() || OfThisMachine.Length == 0)
        {
            return null;
        }

        const uint CloseOnExec = 1;
        var file = new SafeFileHandle(MemoryFile("worktree-mcp-filter", CloseOnExec), ownsHandle: true);
        if (file.IsInvalid)
        {
            return null;
        }

        RandomAccess.Write(file, Program(OfThisMachine), 0);
        return file;
    }

    private static byte[] Program(IEnumerable<Kind> kinds)
    {
        List<Step> program = [new(LoadWord, 0, 0, Architecture)];
        foreach (var kind in kinds)
        {
            var checks = Checks(kind);
            program.Add(new(JumpIfEqual, 0, (byte)checks.Count, kind.Audit));
            program.AddRange(checks);
        }

        program.Add(new(Return, 0, 0, NotImplemented));
        var bytes = new byte[program.Count * 8];
        for (var i = 0; i < program.Count; i++)
        {
            var at = bytes.AsSpan(i * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(at, program[i].Code);
            (at[2], at[3]) = (program[i].IfTrue, program[i].IfFalse);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], program[i].Value);
        }

        return bytes;
    }

    private static List<Step> Checks(Kind kind)
    {
        List<Step> checks = [new(LoadWord, 0, 0, Number)];
        if (kind.HasX32)
        {
            const uint X32 = 0x4000_0000;
            checks.AddRange([new(JumpIfAtLeast, 0, 1, X32), new(Return, 0, 0, NotImplemented)]);
        }

        checks.AddRange(kind.Refused.SelectMany(call => (Step[])[new(JumpIfEqual, 0, 1, call), new(Return, 0, 0, NotPermitted)]));
        checks.AddRange(Newer.SelectMany(call => (Step[])[new(JumpIfEqual, 0, 1, call), new(Return, 0, 0, NotImplemented)]));
        List<Step> requests = [new(LoadWord, 0, 0, SecondArgument), .. TerminalInjection.SelectMany(request => (Step[])[new(JumpIfEqual, 0, 1, request), new(Return, 0, 0, NotPermitted)])];
        checks.AddRange([new(JumpIfEqual, 0, (byte)requests.Count, kind.Ioctl), .. requests, new(Return, 0, 0, Allowed)]);
        return checks;
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemoryFile(string name, uint flags);

    private sealed record Kind(uint Audit, uint Ioctl, bool HasX32, uint[] Refused);

    private readonly record struct Step(ushort Code, byte IfTrue, byte IfFalse, uint Value);
}

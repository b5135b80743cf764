using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform;

/// <summary>How open(2) is told what is wanted: the numbers differ between systems, and two of them between machines.</summary>
internal static class OpenFlags
{
    private static readonly bool IsMac = OperatingSystem.IsMacOS();
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;

    internal const int Read = 0;
    internal const int Write = 1;
    internal const int ReadWrite = 2;

    /// <summary>Linux only: elsewhere the mode, which goes with it, is passed in another way than ours.</summary>
    internal const int Create = 0x40;

    /// <summary>Linux only.</summary>
    internal const int Exclusive = 0x80;

    /// <summary>Linux only: the place itself, without what is in it.</summary>
    internal const int PlaceOnly = 0x20_0000;

    /// <summary>No program started later inherits it.</summary>
    internal static int CloseOnExec { get; } = IsMac ? 0x100_0000 : 0x8_0000;

    /// <summary>A pipe that nobody writes into is opened at once.</summary>
    internal static int NonBlocking { get; } = IsMac ? 0x4 : 0x800;

    /// <summary>The name itself must not be a link.</summary>
    internal static int NoFollow { get; } = IsMac ? 0x100 : IsArm ? 0x8000 : 0x2_0000;

    /// <summary>Nothing but a folder.</summary>
    internal static int FolderOnly { get; } = IsMac ? 0x10_0000 : IsArm ? 0x4000 : 0x1_0000;
}

#pragma warning disable RS0030 // Platform is where the File statics belong.
namespace WorktreeMcp.Domain.Platform;

/// <summary>Tells this boot of this machine from every other: page cache that was never synced dies with it.</summary>
internal static class Machine
{
    /// <summary>The kernel's boot id, or the machine's name and start minute where the kernel has none.</summary>
    internal static string BootId { get; } = ReadBootId();

    private static string ReadBootId()
    {
        const string KernelFile = "/proc/sys/kernel/random/boot_id";
        try
        {
            return File.ReadAllText(KernelFile).Trim()[..13];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            return $"{Environment.MachineName}";
        }
    }
}

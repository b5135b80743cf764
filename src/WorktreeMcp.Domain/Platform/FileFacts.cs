namespace WorktreeMcp.Domain.Platform;

/// <summary>What the kernel says of one entry of a folder.</summary>
/// <param name="Device">The file system it is on.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Mode">What it is, and who may do what.</param>
/// <param name="Links">How many names it has; of a folder, on some file systems, its two and one for each folder in it.</param>
/// <param name="Owner">User and group.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Changed">When anything of it was changed last, in nanoseconds since 1970; nobody can set that back.</param>
internal readonly record struct FileFacts(ulong Device, ulong Inode, ushort Mode, uint Links, ulong Owner, ulong Size, long Changed)
{
    private const int TypeMask = 0xf000;

    /// <summary>Whether it is a folder.</summary>
    internal bool IsFolder => (Mode & TypeMask) == 0x4000;

    /// <summary>Whether it is a file with content.</summary>
    internal bool IsFile => (Mode & TypeMask) == 0x8000;

    /// <summary>Whether it is a link.</summary>
    internal bool IsLink => (Mode & TypeMask) == 0xa000;
}

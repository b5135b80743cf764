using System.Buffers.Binary;
using System.Security.Cryptography;
using WorktreeMcp.Domain.Watching;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// A text that becomes another as soon as anything in a tree does: a file's content, its mode, its names, what lies beside it.
/// It is made of what the kernel says of every entry, above all when it was changed last, which nobody can set back; no file is
/// read. git, asked instead, says nothing of a folder's mode, of a second name of a file, or of a repository in a folder. Linux only.
/// </summary>
internal static class TreeFingerprint
{
    private const int FactsLength = 38;
    private const ushort TypeBits = 0xF000;
    private const ushort FolderType = 0x4000;

    /// <summary>The fingerprint of what is in a folder; null where it cannot be taken.</summary>
    /// <param name="root">The folder. Its own file <c>.git</c> is left out: it says where git's record is, and is written anew when that moves.</param>
    internal static string? Of(string root)
    {
        if (!KernelFiles.CanList || !KernelFiles.CanTell)
        {
            return null;
        }

        var top = KernelFiles.PathOf(root);
        var sum = new byte[SHA256.HashSizeInBytes];
        var open = new Stack<byte[]>();
        open.Push(top);
        while (open.TryPop(out var folder))
        {
            var entries = new List<byte[]>();
            var isRead = KernelFiles.Tell(
                folder,
                (name, facts) =>
                {
                    if (folder != top || !name.SequenceEqual(".git"u8))
                    {
                        entries.Add(Text(name, facts));
                        if ((facts.Mode & TypeBits) == FolderType)
                        {
                            open.Push(KernelFiles.Joined(folder, name));
                        }
                    }
                });
            if (!isRead)
            {
                return null;
            }

            Add(sum, folder.AsSpan(top.Length - 1), entries);
        }

        return Convert.ToHexStringLower(sum);
    }

    // The number of the device is the machine's of today; those of files stay.
    private static byte[] Text(ReadOnlySpan<byte> name, FileFacts facts)
    {
        var text = new byte[FactsLength + name.Length + 1];
        name.CopyTo(text);
        var rest = text.AsSpan(name.Length + 1);
        BinaryPrimitives.WriteUInt64LittleEndian(rest, facts.Inode);
        BinaryPrimitives.WriteUInt16LittleEndian(rest[8..], facts.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[10..], facts.Links);
        BinaryPrimitives.WriteUInt64LittleEndian(rest[14..], facts.Owner);
        BinaryPrimitives.WriteUInt64LittleEndian(rest[22..], facts.Size);
        BinaryPrimitives.WriteInt64LittleEndian(rest[30..], facts.Changed);
        return text;
    }

    // A folder may list its entries in another order the next time, and so may the tree its folders.
    private static void Add(byte[] sum, ReadOnlySpan<byte> folder, List<byte[]> entries)
    {
        entries.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(folder);
        foreach (var entry in entries)
        {
            hash.AppendData(entry);
        }

        Span<byte> own = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(own);
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] ^= own[i];
        }
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// A text that becomes another as soon as anything in a tree does: a file's content, its mode, its names, what lies beside it.
/// It is made of what the kernel says of every entry, above all when it was changed last, which nobody can set back; no file is
/// read. git, asked instead, says nothing of a folder's mode, of a second name of a file, or of a repository in a folder. Linux only.
/// </summary>
internal static class TreeFingerprint
{
    // So many folders take longer than the start of a thread.
    private const int WorthTwo = 32;
    private const int FactsLength = 38;
    private const ushort TypeBits = 0xF000;
    private const ushort FolderType = 0x4000;

    private static readonly (byte[] Sum, List<byte[]> Folders)? Empty = (new byte[SHA256.HashSizeInBytes], []);

    /// <summary>The fingerprint of what is in a folder; null where it cannot be taken.</summary>
    /// <param name="root">The folder. Its own file <c>.git</c> is left out: it says where git's record is, and is written anew when that moves.</param>
    /// <param name="alone">Whether it takes one processor at most.</param>
    internal static string? Of(string root, bool alone)
    {
        if (!KernelFiles.CanList || !KernelFiles.CanTell)
        {
            return null;
        }

        var top = KernelFiles.PathOf(root);
        var sum = new byte[SHA256.HashSizeInBytes];
        List<byte[]> open = [top];
        while (open.Count > 0)
        {
            var half = open.Count < WorthTwo || alone ? open.Count : open.Count / 2;
            var (left, right) = half == open.Count ? (Part(top, open), Empty) : Both.Of(() => Part(top, open[..half]), () => Part(top, open[half..]));
            if (left is null || right is null)
            {
                return null;
            }

            Add(sum, left.Value.Sum);
            Add(sum, right.Value.Sum);
            open = [.. left.Value.Folders, .. right.Value.Folders];
        }

        return Convert.ToHexStringLower(sum);
    }

    // The sum over some folders, and those that are in them.
    private static (byte[] Sum, List<byte[]> Folders)? Part(byte[] top, List<byte[]> folders)
    {
        var sum = new byte[SHA256.HashSizeInBytes];
        var inner = new List<byte[]>();
        var entries = new List<byte[]>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var folder in folders)
        {
            entries.Clear();
            var isRead = KernelFiles.Tell(
                folder,
                (name, facts) =>
                {
                    if (folder != top || !name.SequenceEqual(".git"u8))
                    {
                        entries.Add(Text(name, facts));
                        if ((facts.Mode & TypeBits) == FolderType)
                        {
                            inner.Add(KernelFiles.Joined(folder, name));
                        }
                    }
                });
            if (!isRead)
            {
                return null;
            }

            Add(sum, HashOf(folder.AsSpan(top.Length - 1), entries, hash));
        }

        return (sum, inner);
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
    private static byte[] HashOf(ReadOnlySpan<byte> folder, List<byte[]> entries, IncrementalHash hash)
    {
        entries.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
        hash.AppendData(folder);
        foreach (var entry in entries)
        {
            hash.AppendData(entry);
        }

        return hash.GetHashAndReset();
    }

    private static void Add(byte[] sum, byte[] more)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] ^= more[i];
        }
    }
}

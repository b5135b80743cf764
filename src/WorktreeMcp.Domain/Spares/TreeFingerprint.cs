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
    private const int LongestName = 4096;
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
        var text = new byte[FactsLength + LongestName];
        var open = new Stack<byte[]>();
        open.Push(top);
        while (open.TryPop(out var folder))
        {
            var names = new List<byte[]>();
            if (!KernelFiles.List(folder, (name, _) => names.Add(KernelFiles.Joined(folder, name))))
            {
                return null;
            }

            foreach (var path in names)
            {
                var name = path.AsSpan(top.Length..^1);
                if (name.SequenceEqual(".git"u8))
                {
                    continue;
                }

                if (name.Length > LongestName || KernelFiles.Of(path) is not { } facts)
                {
                    return null;
                }

                Add(sum, name, facts, text);
                if ((facts.Mode & TypeBits) == FolderType)
                {
                    open.Push(path);
                }
            }
        }

        return Convert.ToHexStringLower(sum);
    }

    // Each entry by itself, so that the order in which a folder lists them says nothing. The number of the device is the machine's
    // of today, and those of files stay.
    private static void Add(byte[] sum, ReadOnlySpan<byte> name, FileFacts facts, Span<byte> text)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(text, facts.Inode);
        BinaryPrimitives.WriteUInt16LittleEndian(text[8..], facts.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(text[10..], facts.Links);
        BinaryPrimitives.WriteUInt64LittleEndian(text[14..], facts.Owner);
        BinaryPrimitives.WriteUInt64LittleEndian(text[22..], facts.Size);
        BinaryPrimitives.WriteInt64LittleEndian(text[30..], facts.Changed);
        name.CopyTo(text[FactsLength..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..(FactsLength + name.Length)], hash);
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] ^= hash[i];
        }
    }
}

using System.IO.Abstractions;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Takes the objects that a confined command made into the repository's store. Nothing of them is believed: each is unpacked,
/// hashed and packed again, and comes in only if its name is the hash of what it holds. So a store cannot be poisoned, and
/// bytes behind an object's end do not come along.
/// </summary>
/// <param name="store">The repository's object folder.</param>
/// <param name="files">For its files.</param>
/// <param name="durable">Whether each object is synced.</param>
/// <param name="hashLength">How many digits the repository's object ids have.</param>
/// <param name="indexPack">Checks a pack and writes its index; null when git refuses it, else the pack's hash.</param>
internal sealed class ObjectImport(string store, IFileSystem files, bool durable, int hashLength, Func<string, string?> indexPack)
{
    private const int LongestHeader = 32;
    private const int MostPacks = 10_000;
    private const int MostInFolder = 500_000;

    /// <summary>Takes over what is new.</summary>
    /// <param name="source">The private object folder.</param>
    /// <returns>How many objects and packs were refused.</returns>
    internal int Take(string source)
    {
        using var folder = UntrustedFolder.Open(source);
        var refused = 0;
        foreach (var name in folder?.Names() ?? [])
        {
            using var inner = folder!.Folder(name);
            if (inner is not null && name == "pack")
            {
                refused += inner.Names(MostPacks).Where(file => file.EndsWith(".pack", StringComparison.Ordinal)).Count(file => !TakePack(inner, file));
            }
            else if (inner is not null && name.Length == 2 && IsHex(name))
            {
                refused += inner.Names(MostInFolder).Where(rest => rest.Length is 38 or 62 && IsHex(rest)).Count(rest => !TakeLoose(inner, name, rest));
            }
        }

        return refused;
    }

    private static bool IsHex(string text) => text.All(char.IsAsciiHexDigitLower);

    private bool TakeLoose(UntrustedFolder folder, string first, string rest)
    {
        if (first.Length + rest.Length != hashLength)
        {
            return false;
        }

        var target = Path.Join(store, first, rest);
        if (files.File.Exists(target))
        {
            return true;
        }

        var temporary = Path.Join(store, $"tmp_obj_{Guid.NewGuid():N}");
        try
        {
            using (var source = folder.File(rest))
            {
                if (source is null || !Copy(source, temporary, first + rest))
                {
                    return false;
                }
            }

            files.Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            PutInPlace(temporary, target);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
        finally
        {
            files.File.Delete(temporary);
        }
    }

    private bool Copy(FileStream source, string temporary, string name)
    {
        using var content = new ZLibStream(source, CompressionMode.Decompress);
#pragma warning disable RS0030 // made anew, so it follows nothing
        using var target = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write);
#pragma warning restore RS0030
        using var hash = IncrementalHash.CreateHash(name.Length == 40 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        using (var packed = new ZLibStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            var buffer = new byte[64 * 1024];
            var (declared, total, count) = (-1L, 0L, 0);
            while ((count = content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0)
            {
                declared = declared < 0 ? WholeSize(buffer.AsSpan(0, count)) : declared;
                total += count;
                if (declared < 0 || total > declared)
                {
                    return false;
                }

                hash.AppendData(buffer, 0, count);
                packed.Write(buffer, 0, count);
            }

            if (total != declared)
            {
                return false;
            }
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != name)
        {
            return false;
        }

        target.Flush();
        if (durable)
        {
            Posix.Sync(target.SafeFileHandle, temporary);
        }

        return true;
    }

    // "blob 12\0" and the content: how long both are together, or -1.
    private static long WholeSize(ReadOnlySpan<byte> begin)
    {
        var end = begin[..Math.Min(begin.Length, LongestHeader)].IndexOf((byte)0);
        var words = end < 0 ? [] : Encoding.ASCII.GetString(begin[..end]).Split(' ');
        return words is ["blob" or "tree" or "commit" or "tag", var size] && long.TryParse(size, System.Globalization.NumberStyles.None, null, out var length)
            ? end + 1 + length
            : -1;
    }

    private bool TakePack(UntrustedFolder folder, string name)
    {
        var temporary = Path.Join(store, "pack", $"tmp_pack_{Guid.NewGuid():N}.pack");
        var index = Path.ChangeExtension(temporary, ".idx");
        try
        {
            files.Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
            using (var source = folder.File(name))
#pragma warning disable RS0030 // made anew, so it follows nothing
            using (var target = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
#pragma warning restore RS0030
            {
                CopyWhatIsThere(source, target);
                if (durable)
                {
                    target.Flush();
                    Posix.Sync(target.SafeFileHandle, temporary);
                }
            }

            if (indexPack(temporary) is not { } hash)
            {
                return false;
            }

            var final = Path.Join(store, "pack", $"pack-{hash}.pack");
            if (!files.File.Exists(final))
            {
                PutInPlace(temporary, final);
                PutInPlace(index, Path.ChangeExtension(final, ".idx"));
            }

            return true;
        }
        finally
        {
            files.File.Delete(temporary);
            files.File.Delete(index);
            files.File.Delete(Path.ChangeExtension(temporary, ".rev"));
        }
    }

    // Whoever still writes to it could go on for ever.
    private static void CopyWhatIsThere(FileStream? source, FileStream target)
    {
        var buffer = new byte[64 * 1024];
        for (var left = source?.Length ?? 0; left > 0;)
        {
            var count = source!.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (count == 0)
            {
                return;
            }

            target.Write(buffer, 0, count);
            left -= count;
        }
    }

    private void PutInPlace(string temporary, string target)
    {
        const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        new FileInfo(temporary).UnixFileMode = ReadOnly;

        try
        {
            files.File.Move(temporary, target);
        }
        catch (IOException) when (files.File.Exists(target))
        {
            // Another git made the same object meanwhile.
        }
    }
}

using System.Security.Cryptography;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>Where damaged bytes are set aside, intact, under a name that says what they were.</summary>
internal static class Quarantine
{
    private const int Chunk = 1024 * 1024;

    /// <summary>Keeps a copy of damaged bytes.</summary>
    /// <returns>The path of the copy.</returns>
    internal static string Keep(StateLayout layout, IDisk disk, string name, ReadOnlySpan<byte> bytes)
    {
        disk.MakeFolder(layout.Quarantine);
        var path = Path.Join(layout.Quarantine, $"{name}.{StateJson.Hash(bytes)[..12]}");
        var temporary = path + ".tmp";
        disk.WriteTemporary(temporary, bytes);
        disk.Sync(temporary);
        disk.Replace(temporary, path);
        return path;
    }

    /// <summary>Keeps a copy of a part of a file, however long it is.</summary>
    internal static void Keep(StateLayout layout, IDisk disk, string name, Stream stream, long offset)
    {
        disk.MakeFolder(layout.Quarantine);
        var temporary = Path.Join(layout.Quarantine, $"{name}.tmp");
        disk.WriteTemporary(temporary, []);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Chunk];
        stream.Seek(offset, SeekOrigin.Begin);
        for (var count = stream.Read(buffer); count > 0; count = stream.Read(buffer))
        {
            hash.AppendData(buffer, 0, count);
            disk.Append(temporary, buffer.AsSpan(0, count), sync: false);
        }

        disk.Sync(temporary);
        disk.Replace(temporary, Path.Join(layout.Quarantine, $"{name}.{Convert.ToHexStringLower(hash.GetHashAndReset())[..12]}"));
    }

    /// <summary>Moves a file there that is too large to be copied.</summary>
    /// <returns>Its path there.</returns>
    internal static string Move(StateLayout layout, IDisk disk, string file, DateTime now)
    {
        disk.MakeFolder(layout.Quarantine);
        var path = Path.Join(layout.Quarantine, $"{Path.GetFileName(file)}.large-{now.Ticks}");
        disk.Replace(file, path);
        return path;
    }
}

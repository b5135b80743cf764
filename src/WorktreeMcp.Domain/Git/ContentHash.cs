using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Text;

namespace WorktreeMcp.Domain.Git;

/// <summary>What a few small files hold, as one text: equal as long as none of them changes, comes or goes.</summary>
internal static class ContentHash
{
    private const long Most = 4 * 1024 * 1024;

    /// <summary>The text, or null where one of them cannot be read.</summary>
    internal static string? Of(IReadOnlyList<string> paths, IFileSystem files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            try
            {
                hash.AppendData(Encoding.UTF8.GetBytes(path));
                hash.AppendData(Bytes(path, files));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    // A pipe, which would hold up its reader for ever, has no length; what is larger than any file of settings goes by its stamp.
    private static byte[] Bytes(string path, IFileSystem files) => files.FileInfo.FromFileName(path) switch
    {
        { Exists: false } or { Length: 0 } => [],
        { Length: > Most } large => Encoding.UTF8.GetBytes($"{large.Length} {large.LastWriteTimeUtc.Ticks}"),
        _ => files.File.ReadAllBytes(path),
    };
}

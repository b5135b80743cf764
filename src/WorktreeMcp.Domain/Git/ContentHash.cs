using System.Security.Cryptography;
using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>What a few small files hold, as one text: equal as long as none of them changes, comes or goes.</summary>
internal static class ContentHash
{
    /// <summary>The text, or null where one of them cannot be read.</summary>
    internal static string? Of(IReadOnlyList<string> paths)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            try
            {
                hash.AppendData(Encoding.UTF8.GetBytes(path));
                hash.AppendData(PlainFile.BytesIfThere(path, FileLimits.GitSettings, followed: true) ?? []);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}

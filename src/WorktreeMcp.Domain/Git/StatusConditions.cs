using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Text;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// What a status depends on outside of the worktree and git's record of it: settings, attributes and ignore patterns. git is
/// asked once where they stand, and again when one of those files has changed.
/// </summary>
internal sealed class StatusConditions(SettingFiles settings, IFileSystem files)
{
    private readonly Lock _gate = new();
    private IReadOnlyList<string> _paths = [];
    private string? _hash;

    /// <summary>A text that stays the same as long as they do; null when they cannot be told.</summary>
    internal string? Now()
    {
        lock (_gate)
        {
            if (_hash is not null && Hash(_paths) == _hash)
            {
                return _hash;
            }

            try
            {
                _paths = [.. settings.Usual().Concat(settings.UsualIgnores()).Concat(settings.Named("core.attributesfile", "core.excludesfile")).Distinct(StringComparer.Ordinal)];
                return _hash = Hash(_paths);
            }
            catch (Refusal)
            {
                return _hash = null;
            }
        }
    }

    private string? Hash(IReadOnlyList<string> paths)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            try
            {
                hash.AppendData(Encoding.UTF8.GetBytes(path));
                hash.AppendData(files.File.Exists(path) ? files.File.ReadAllBytes(path) : []);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}

using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// What a status depends on outside of the worktree and git's record of it: settings, attributes and ignore patterns. git is
/// asked once where they stand, and again when one of those files has changed.
/// </summary>
internal sealed class StatusConditions(SettingFiles settings)
{
    private readonly Lock _gate = new();
    private IReadOnlyList<string> _paths = [];
    private string? _hash;

    /// <summary>A text that stays the same as long as they do; null when they cannot be told.</summary>
    internal string? Now()
    {
        lock (_gate)
        {
            if (_hash is not null && ContentHash.Of(_paths) == _hash)
            {
                return _hash;
            }

            try
            {
                _paths = [.. settings.Usual().Concat(settings.UsualIgnores()).Concat(settings.Named("core.attributesfile", "core.excludesfile")).Distinct(StringComparer.Ordinal)];
                return _hash = ContentHash.Of(_paths);
            }
            catch (Refusal)
            {
                return _hash = null;
            }
        }
    }
}

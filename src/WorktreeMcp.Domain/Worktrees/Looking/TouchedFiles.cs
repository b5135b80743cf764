using WorktreeMcp.Domain.Git;

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>The names of the files that somebody changed, and what they tell about a collision with somebody else's.</summary>
internal sealed class TouchedFiles
{
    private readonly HashSet<string> _all = new(StringComparer.Ordinal);
    private readonly HashSet<string> _foldersOfPresent = new(StringComparer.Ordinal);
    private readonly HashSet<string> _foldersOfGone = new(StringComparer.Ordinal);

    internal TouchedFiles(IReadOnlyList<ChangedFile> committed, IReadOnlyList<UncommittedFile> uncommitted)
    {
        foreach (var (path, gone) in committed.Select(file => (file.Path, file.Status == 'D')).Concat(uncommitted.Select(file => (file.Path, file.Gone))))
        {
            _all.Add(path);
            var folders = gone ? _foldersOfGone : _foldersOfPresent;
            for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            {
                folders.Add(path[..slash]);
            }
        }
    }

    internal bool IsEmpty => _all.Count == 0;

    /// <summary>Files that both touch.</summary>
    internal IReadOnlyList<string> SharedWith(TouchedFiles other) => [.. _all.Where(other._all.Contains).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Whether a merge could conflict: the same file, a file where the other has a folder, or a file in a folder that the
    /// other took files out of, since that may have been renamed.
    /// </summary>
    internal bool MayCollide(TouchedFiles other) =>
        _all.Overlaps(other._all)
        || _all.Overlaps(other._foldersOfPresent) || other._all.Overlaps(_foldersOfPresent)
        || _foldersOfPresent.Overlaps(other._foldersOfGone) || other._foldersOfPresent.Overlaps(_foldersOfGone);
}

using System.IO.Abstractions;
using WorktreeMcp.Domain.Processes;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Lock files that a killed git of ours left on refs. git never takes over such a file: until somebody removes it, no git
/// can write there. Invariants:
/// - only a file that is newer than the intent under which our git ran is taken for ours;
/// - it stays while any process has it open, and while any git is at work in this repository, since git closes some of
///   its lock files before it is done; it stays too where the system does not show its processes.
/// </summary>
internal sealed class LeftLocks(string commonDirectory, string root, IFileSystem files)
{
    // Time stamps of files come from a coarser clock than ours.
    private static readonly TimeSpan Coarse = TimeSpan.FromMilliseconds(20);

    /// <summary>Lock files that stand in the way of a branch and that nobody holds any more.</summary>
    /// <param name="branch">The branch, without <c>refs/heads/</c>.</param>
    /// <param name="intended">When our git was begun at the earliest, in unix seconds.</param>
    internal IReadOnlyList<string> Of(string branch, double intended)
    {
        return Of([Path.Join(commonDirectory, "refs", "heads", $"{branch}.lock"), Path.Join(commonDirectory, "packed-refs.lock"), Path.Join(commonDirectory, "packed-refs.new")], intended);
    }

    /// <summary>Lock files of one checkout that nobody holds any more.</summary>
    /// <param name="gitDirectory">git's directory of it.</param>
    /// <param name="intended">When our git was begun at the earliest, in unix seconds.</param>
    internal IReadOnlyList<string> OfCheckout(string gitDirectory, double intended) =>
        Of([Path.Join(gitDirectory, "index.lock"), Path.Join(gitDirectory, "HEAD.lock"), Path.Join(gitDirectory, "ORIG_HEAD.lock")], intended);

    private IReadOnlyList<string> Of(string[] places, double intended)
    {
        var since = DateTime.UnixEpoch.AddSeconds(intended) - Coarse;
        var found = places.Where(path => files.File.Exists(path) && files.File.GetLastWriteTimeUtc(path) >= since).ToList();
        return found.Count == 0 || !ProcessTable.IsReadable || GitAtWork.In(root, commonDirectory) ? [] : [.. found.Where(path => OpenFiles.HolderOf(path) is null)];
    }
}

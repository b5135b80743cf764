using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// git's records of worktrees, read one by one: a single broken one makes git's own listing fail for all of them.
/// </summary>
internal sealed class WorktreeRecords(RepositoryPlace place, IFileSystem files)
{
    // Time stamps of files come from a coarser clock than ours.
    private const double CoarseMilliseconds = 20;

    /// <summary>git's record that says it belongs to a directory, for a directory that cannot say so itself; null when there is none.</summary>
    internal AdminEntry? Of(string directory) =>
        All().FirstOrDefault(entry => entry.NamesWorktree(files) is { } named && AdminEntry.SamePath(named, directory));

    /// <summary>A record that a killed git began for a folder of that name and that does not say yet what it belongs to.</summary>
    internal AdminEntry? Unfinished(string folder, DateTime since) => All().FirstOrDefault(entry =>
        IsNamedFor(entry, folder)
        && entry.NamesWorktree(files) is null
        && files.Directory.EnumerateFiles(entry.Directory).All(file => Path.GetFileName(file) is "locked" or "gitdir")
        && !files.Directory.EnumerateDirectories(entry.Directory).Any()
        && files.Directory.GetLastWriteTimeUtc(entry.Directory) >= since.AddMilliseconds(-CoarseMilliseconds));

    /// <summary>Whether a git is at work that may be making this record.</summary>
    internal bool IsInTheMaking(AdminEntry entry) => GitAtWork.SinceBefore(entry.Directory, files.Directory.GetLastWriteTimeUtc(entry.Directory), commands: null, place.Root, place.CommonDirectory);

    /// <summary>Whether there is a record without its common directory: git then lists, adds and removes no worktree at all.</summary>
    /// <param name="besides">A folder whose own record does not count.</param>
    internal bool AnyBroken(string besides) => All().Any(entry => !IsNamedFor(entry, besides) && !entry.SharesCommonDirectory(place.CommonDirectory, files));

    // git names a record after the folder, with a number if that is taken.
    private static bool IsNamedFor(AdminEntry entry, string folder) =>
        entry.Id.StartsWith(folder, StringComparison.Ordinal) && entry.Id.AsSpan(folder.Length).IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>All of them, those in the trash too.</summary>
    internal IEnumerable<AdminEntry> All()
    {
        var folder = Path.Join(place.CommonDirectory, "worktrees");
        return files.Directory.Exists(folder)
            ? files.Directory.EnumerateDirectories(folder).Select(entry => new AdminEntry(Path.GetFileName(entry), entry))
            : [];
    }
}

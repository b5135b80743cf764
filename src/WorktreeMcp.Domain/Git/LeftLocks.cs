using System.Buffers;
using System.Diagnostics;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Lock files that a killed git of ours left on refs. git never takes over such a file: until somebody removes it, no git
/// can write there. Invariants:
/// - only a file that is newer than the intent under which our git ran is taken for ours;
/// - it stays while any process has it open, and while any git that may have made it is at work in this repository, since
///   git closes some of its lock files before it is done; it stays too where the system does not show its processes;
/// - whoever has to leave one keeps the intent on record, so that somebody comes back for it.
/// </summary>
internal sealed class LeftLocks(string commonDirectory, string root, IFileSystem files, IDisk disk)
{
    private const string Extension = ".lock";
    private static readonly SearchValues<char> PseudoRefLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    // What gc and maintenance start for it.
    private static readonly string[] PackingRefs = ["pack-refs", "refs"];
    private static readonly TimeSpan LongestPacking = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    // Time stamps of files come from a coarser clock than ours.
    private static readonly TimeSpan Coarse = TimeSpan.FromMilliseconds(20);

    /// <summary>Takes away the lock files that stand in the way of a branch and that nobody holds any more.</summary>
    /// <param name="branch">The branch, without <c>refs/heads/</c>.</param>
    /// <param name="intended">When our git was begun at the earliest, in unix seconds.</param>
    /// <returns>One that has to stay for now, or null.</returns>
    internal string? Free(string branch, double intended) =>
        Free([Path.Join(commonDirectory, "refs", "heads", $"{branch}.lock"), Path.Join(commonDirectory, "packed-refs.lock"), Path.Join(commonDirectory, "packed-refs.new")], intended);

    /// <summary>
    /// The same for a ref that nobody but us writes, and only with the repository's lock in hand: a git of ours that lives holds that
    /// lock too, so the one that left this file is gone. A git that packs all refs makes such a file as well, for moments; that one is waited for.
    /// </summary>
    /// <param name="name">The whole name.</param>
    internal void FreeOurs(string name)
    {
        var path = Path.Join(commonDirectory, $"{name}.lock");
        for (var begin = Stopwatch.GetTimestamp(); files.File.Exists(path); Thread.Sleep(Pause))
        {
            if (IsLeft(path, PackingRefs))
            {
                disk.Delete(path);
            }
            else if (Stopwatch.GetElapsedTime(begin) > LongestPacking)
            {
                return;
            }
        }
    }

    /// <summary>The same for one checkout.</summary>
    /// <param name="gitDirectory">git's directory of it.</param>
    /// <param name="intended">When our git was begun at the earliest, in unix seconds.</param>
    /// <returns>One that has to stay for now, or null.</returns>
    internal string? FreeCheckout(string gitDirectory, double intended) =>
        files.Directory.Exists(gitDirectory)
            ? Free([.. files.Directory.EnumerateFiles(gitDirectory, $"*{Extension}").Where(path => IsOfCheckout(Path.GetFileName(path.AsSpan())[..^Extension.Length]))], intended)
            : null;

    // Which of its pseudo-refs a merge or a reset locks differs from git to git; their names are capitals.
    private static bool IsOfCheckout(ReadOnlySpan<char> name) => name is "index" || !name.ContainsAnyExcept(PseudoRefLetters);

    private string? Free(string[] places, double intended)
    {
        var since = DateTime.UnixEpoch.AddSeconds(intended) - Coarse;
        var found = places.Where(path => files.File.Exists(path) && files.File.GetLastWriteTimeUtc(path) >= since).ToList();
        foreach (var path in found.Where(path => IsLeft(path, makers: null)).ToList())
        {
            disk.Delete(path);
        }

        return found.Find(files.File.Exists);
    }

    private bool IsLeft(string path, string[]? makers) =>
        ProcessTable.IsReadable && !GitAtWork.SinceBefore(path, files.File.GetLastWriteTimeUtc(path), makers, root, commonDirectory) && OpenFiles.HolderOf(path) is null;
}

using System.Globalization;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Setup;

/// <summary>What came along into a new worktree.</summary>
/// <param name="Copied">How many files were copied.</param>
/// <param name="LeftOut">Why some that match were not; null when all of them were.</param>
internal sealed record IncludedFiles(int Copied, string? LeftOut)
{
    internal static IncludedFiles None { get; } = new(0, null);
}

/// <summary>
/// Copies ignored files that <c>.worktreeinclude</c> of the main checkout names, such as <c>.env</c>, into a new worktree.
/// Invariants:
/// - git says what matches and what is untracked there and ignored here; nothing is matched by us;
/// - no link is followed, nothing that is there is overwritten, nothing of git's or ours is copied;
/// - what is hidden from commands is not brought to them under another name;
/// - a file that is not copied is a warning, never a worktree that is not made.
/// </summary>
internal sealed class WorktreeInclude(GitRepository git, StateLayout layout, IFileSystem files, IDisk disk, Func<IReadOnlyList<string>> hidden)
{
    internal const string FileName = ".worktreeinclude";

    internal const int MostFiles = 5_000;
    internal const long MostBytes = 1L << 30;

    /// <summary>Copies what is named into a worktree whose files are checked out.</summary>
    internal IncludedFiles CopyInto(AdminEntry entry, string directory)
    {
        var patterns = Path.Join(layout.Root, FileName);
        if (files.KindOf(patterns) is FileKind.None or FileKind.Link)
        {
            return IncludedFiles.None;
        }

        if (PlainFile.Problem(patterns, FileLimits.Patterns) is { } problem)
        {
            return new IncludedFiles(0, $"{FileName} could not be followed: {problem}.");
        }

        try
        {
            var named = git.UntrackedMatching(patterns).Where(IsTheUsers).ToList();
            var ignored = git.IgnoredIn(entry, directory, named).ToHashSet(StringComparer.Ordinal);
            return Copy([.. named.Where(ignored.Contains)], named.Count - ignored.Count, directory);
        }
        catch (Refusal refusal)
        {
            return new IncludedFiles(0, $"{FileName} could not be followed: {refusal.Message}");
        }
    }

    private IncludedFiles Copy(IReadOnlyList<string> paths, int notIgnored, string directory)
    {
        var (copied, bytes, tooMuch) = (0, 0L, 0);
        var refused = new List<string>();
        var secrets = new HiddenFiles(hidden(), files);
        foreach (var path in paths)
        {
            var source = Path.Join(layout.Root, path);
            var size = files.FileInfo.New(source) is var found && found.Kind() == FileKind.Regular ? found.SizeNow() : 0;
            if (copied == MostFiles || bytes + size > MostBytes)
            {
                tooMuch++;
            }
            else if ((secrets.Reason(source) ?? CopyOne(source, Path.Join(directory, path))) is { } problem)
            {
                refused.Add($"{path}: {problem}");
            }
            else
            {
                (copied, bytes) = (copied + 1, bytes + size);
            }
        }

        return new IncludedFiles(copied, LeftOut(tooMuch, notIgnored, refused));
    }

    // The copy keeps the mode, shares the blocks where the file system can, and fails if anything is there.
    private string? CopyOne(string source, string target)
    {
        try
        {
            if (files.KindOf(source) != FileKind.Regular)
            {
                return "it is a link or is gone";
            }

            if (LinkOnTheWay(target) is { } link)
            {
                return $"{link} is a link there";
            }

            disk.MakeFolder(Path.GetDirectoryName(target)!);
            files.File.Copy(source, target, overwrite: false);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
    }

    // A link that the branch holds would lead the copy out of the worktree.
    private string? LinkOnTheWay(string target)
    {
        for (var folder = Path.GetDirectoryName(target)!; folder.Length > layout.Worktrees.Length; folder = Path.GetDirectoryName(folder)!)
        {
            if (files.KindOf(folder) is FileKind.Link)
            {
                return folder;
            }
        }

        return null;
    }

    private bool IsTheUsers(string path)
    {
        var root = Path.GetRelativePath(layout.Root, layout.Worktrees);
        return !path.EndsWith('/') && !IsBelow(path, root) && !IsBelow(path, ".tasks") && !path.Split('/').Contains(".git", StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder + "/", StringComparison.OrdinalIgnoreCase);

    private static string? LeftOut(int tooMuch, int notIgnored, List<string> refused)
    {
        var reasons = new List<string>();
        if (tooMuch > 0)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{tooMuch} because at most {MostFiles} files and {MostBytes >> 20} MB are copied"));
        }

        if (notIgnored > 0)
        {
            reasons.Add($"{notIgnored} because they are tracked or not ignored in the worktree");
        }

        reasons.AddRange(refused.Take(5));
        if (refused.Count > 5)
        {
            reasons.Add($"{refused.Count - 5} more");
        }

        return reasons.Count == 0 ? null : $"Of the files that {FileName} names these were not copied: {string.Join("; ", reasons)}.";
    }
}

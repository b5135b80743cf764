using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// git's own record of one worktree: <c>worktrees/ID</c> in the common directory, read without asking git. That of a removed one lies out of
/// git's sight, in a folder of ours.
/// </summary>
/// <param name="Id">Its name, which differs from the worktree's when that was taken.</param>
/// <param name="Directory">Where it lies.</param>
internal sealed record AdminEntry(string Id, string Directory)
{
    private static readonly (string File, string Operation)[] Operations =
    [
        ("rebase-merge", "a rebase"), ("rebase-apply", "a rebase or am"), ("MERGE_HEAD", "a merge"),
        ("CHERRY_PICK_HEAD", "a cherry-pick"), ("REVERT_HEAD", "a revert"), ("BISECT_LOG", "a bisect"),
    ];

    private static readonly string[] HoldingCommits =
    [
        "HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "BISECT_HEAD", "MERGE_AUTOSTASH",
        "rebase-merge/orig-head", "rebase-merge/autostash", "rebase-merge/amend", "rebase-merge/stopped-sha", "rebase-apply/orig-head", "rebase-apply/autostash",
    ];

    private const string TrashPrefix = "wtmcp-trash-";

    /// <summary>Whether it belongs to a removed worktree.</summary>
    internal bool IsTrash => Id.StartsWith(TrashPrefix, StringComparison.Ordinal);

    /// <summary>Where git looks for its records.</summary>
    internal static string Folder(string commonDirectory) => Path.Join(commonDirectory, "worktrees");

    /// <summary>Where those of removed worktrees lie.</summary>
    internal static string TrashFolder(string commonDirectory) => Path.Join(commonDirectory, "worktree-mcp", "records");

    /// <summary>The record of a removed worktree.</summary>
    internal static AdminEntry InTrash(string commonDirectory, int worktreeId) =>
        new($"{TrashPrefix}{worktreeId}", Path.Join(TrashFolder(commonDirectory), $"{TrashPrefix}{worktreeId}"));

    /// <summary>The same where it lay before: among the others, where git reads each of them for every change of a worktree.</summary>
    internal static AdminEntry InTrashBefore(string commonDirectory, int worktreeId) => At(commonDirectory, $"{TrashPrefix}{worktreeId}");

    /// <summary>The record of a removed worktree, wherever it lies.</summary>
    internal static AdminEntry InTrash(string commonDirectory, int worktreeId, IFileSystem files)
    {
        var (now, before) = (InTrash(commonDirectory, worktreeId), InTrashBefore(commonDirectory, worktreeId));
        return files.KindOf(now.Directory) == FileKind.None && before.NamesWorktree(files) is not null ? before : now;
    }

    /// <summary>What its file <c>commondir</c> says where it lies now.</summary>
    internal string PathToCommon => Path.GetFileName(Path.GetDirectoryName(Directory)) == "worktrees" ? "../.." : "../../..";

    internal static AdminEntry At(string commonDirectory, string id) => new(id, Path.Join(Folder(commonDirectory), id));

    /// <summary>The entry that a worktree's <c>.git</c> file names, if it is one of this repository.</summary>
    internal static AdminEntry? NamedBy(string worktree, string commonDirectory, IFileSystem files)
    {
        if (Pointer(worktree, files) is not { } named)
        {
            return null;
        }

        var id = Path.GetFileName(named);
        var entry = At(commonDirectory, id);
        return SamePath(named, entry.Directory) && files.Directory.Exists(entry.Directory) ? entry : null;
    }

    /// <summary>The record that a worktree's <c>.git</c> file names, wherever that is and whether it is there or not; null when it names none.</summary>
    internal static string? Pointer(string worktree, IFileSystem files)
    {
        var pointer = Path.Join(worktree, ".git");
        var info = files.FileInfo.New(pointer);
        if (!info.Exists || info.Attributes.HasFlag(FileAttributes.ReparsePoint) || info.Length > 8192)
        {
            return null;
        }

        return PathIn(pointer, files) is { } text && text.StartsWith("gitdir: ", StringComparison.Ordinal) ? Path.GetFullPath(text[8..], worktree) : null;
    }

    /// <summary>Lets the other users of a shared repository go on with it: git does so with all that it makes but these two folders.</summary>
    /// <param name="checkout">The files that belong to it.</param>
    internal void ShareWith(string checkout)
    {
        SharedFiles.ShareFolder(Directory);
        SharedFiles.ShareFolder(checkout);
    }

    /// <summary>The directory that this entry says it belongs to, or null.</summary>
    internal string? NamesWorktree(IFileSystem files)
    {
        var text = PathIn(Path.Join(Directory, "gitdir"), files);
        return text is null ? null : Path.GetDirectoryName(Path.GetFullPath(text, Directory));
    }

    /// <summary>Whether its settings and objects are those of this repository: git would read others if the file said so.</summary>
    internal bool SharesCommonDirectory(string commonDirectory, IFileSystem files) =>
        PathIn(Path.Join(Directory, "commondir"), files) is { } text && SamePath(Path.GetFullPath(text, Directory), commonDirectory);

    /// <summary>What its file <c>commondir</c> says now.</summary>
    internal string? CommonLine(IFileSystem files) => PathIn(Path.Join(Directory, "commondir"), files);

    /// <summary>Whether a branch is checked out here, or waits here for the end of a rebase or a bisect.</summary>
    internal static bool HoldsBranch(string gitDirectory, string branch, RefReader refs, IFileSystem files)
    {
        var name = BranchRef.Of(branch);
        return refs.PlainHead(gitDirectory)?.Branch == name
            || PathIn(Path.Join(gitDirectory, "rebase-merge", "head-name"), files) == name
            || PathIn(Path.Join(gitDirectory, "rebase-apply", "head-name"), files) == name
            || PathIn(Path.Join(gitDirectory, "BISECT_START"), files) == branch;
    }

    /// <summary>Every commit that this record names: its HEAD, its own refs, their logs, and those that git keeps beside them.</summary>
    internal IEnumerable<string> Commits(IFileSystem files) => Named(files).Concat(LogLines(files).SelectMany(line => line.Split(' ', 3).Take(2)).Where(IsCommit));

    /// <summary>The same without those of which the logs say themselves that another one of them was made on top.</summary>
    internal IReadOnlyList<string> Tips(IFileSystem files)
    {
        var lines = LogLines(files).ToList();
        var parents = lines.Where(IsOnTop).Select(line => line.Split(' ', 2)[0]).ToHashSet(StringComparer.Ordinal);
        return [.. Named(files).Concat(lines.SelectMany(line => line.Split(' ', 3).Take(2)).Where(hash => IsCommit(hash) && !parents.Contains(hash))).Distinct()];
    }

    private IEnumerable<string> Named(IFileSystem files) => HoldingCommits.Select(name => Path.Join(Directory, name)).Concat(Below("refs", files)).SelectMany(path => HashesIn(path, files));

    private IEnumerable<string> LogLines(IFileSystem files) => Below("logs", files).SelectMany(log => PlainFile.Lines(log));

    internal static bool IsCommit(string hash) => RefReader.IsHash(hash) && hash.Any(digit => digit != '0');

    // git begins what it says of a commit with that; one that was amended stands on the parents of what it replaced.
    private static bool IsOnTop(string line) => line.Split('\t', 2) is [var names, var words] && (words.StartsWith("commit: ", StringComparison.Ordinal) || words.StartsWith("commit (merge): ", StringComparison.Ordinal) || words.EndsWith(": Fast-forward", StringComparison.Ordinal))
        && names.Split(' ', 3) is [var old, var now, ..] && old != now;

    private IEnumerable<string> Below(string folder, IFileSystem files) => files.KindOf(Path.Join(Directory, folder)) == FileKind.Folder
        ? files.Directory.EnumerateFiles(Path.Join(Directory, folder), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
        : [];

    // A merge of several has a line for each.
    private static string[] HashesIn(string file, IFileSystem files) => PathIn(file, files)?.Split('\n').Where(RefReader.IsHash).ToArray() ?? [];

    /// <summary>What git is in the middle of in this worktree, or null.</summary>
    internal string? OperationInProgress(IFileSystem files) => Operations
        .Where(o => files.File.Exists(Path.Join(Directory, o.File)) || files.Directory.Exists(Path.Join(Directory, o.File)))
        .Select(o => o.Operation)
        .FirstOrDefault();

    /// <summary>Why a person locked the worktree in git; null when it is not locked.</summary>
    internal string? LockReason(IFileSystem files)
    {
        var path = Path.Join(Directory, "locked");
        return PathIn(path, files) ?? (files.File.Exists(path) ? string.Empty : null);
    }

    // One line of text that can be a path; anything else reads as nothing.
    private static string? PathIn(string file, IFileSystem files)
    {
        try
        {
            var text = files.HoldsText(file) ? files.SmallText(file) : string.Empty;
            return text.Length is 0 or > 8192 || text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static bool SamePath(string left, string right) =>
        string.Equals(Path.TrimEndingDirectorySeparator(Path.GetFullPath(left)), Path.TrimEndingDirectorySeparator(Path.GetFullPath(right)), StringComparison.Ordinal);
}

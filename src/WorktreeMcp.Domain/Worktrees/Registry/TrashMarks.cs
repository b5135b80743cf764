using System.IO.Abstractions;
using WorktreeMcp.Domain.Git;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>What we leave in git's record of a worktree on its way into the trash: whose it is, and where its HEAD was.</summary>
internal static class TrashMarks
{
    private const string LockWords = "worktree-mcp: in the trash as ";

    /// <summary>The file that says where HEAD was.</summary>
    internal const string HeadBefore = "wtmcp-head";

    /// <summary>Why such a record is locked.</summary>
    internal static string LockOf(int worktreeId) => $"{LockWords}{worktreeId}";

    /// <summary>Whether a record is locked for the sake of the trash.</summary>
    internal static bool IsLocked(AdminEntry entry, IFileSystem files) => entry.LockReason(files)?.StartsWith(LockWords, StringComparison.Ordinal) == true;

    /// <summary>Whether git's record is that of a worktree in the trash, wherever the record lies by now.</summary>
    internal static bool IsLocked(AdminEntry entry, int worktreeId, IFileSystem files) => entry.LockReason(files)?.TrimEnd() == LockOf(worktreeId);

    /// <summary>The files in git's record of a removed worktree that are ours and not git's.</summary>
    internal static IEnumerable<string> Of(AdminEntry entry, IFileSystem files) => IsLocked(entry, files) ? [HeadBefore, "locked"] : [HeadBefore];
}

using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>What a branch's own log says of how it was made.</summary>
internal static class BranchBirth
{
    /// <summary>What our git writes there when it makes one.</summary>
    internal const string Words = "branch: created for a worktree";

    /// <summary>The commit at which a branch was made for a worktree; null when its log tells another story, or nothing.</summary>
    internal static string? Of(string commonDirectory, string branch, IFileSystem files)
    {
        var log = Path.Join(commonDirectory, "logs", "refs", "heads", branch);
        var first = files.KindOf(log) == FileKind.Regular ? PlainFile.Lines(log).FirstOrDefault() : null;
        return first?.EndsWith($"\t{Words}", StringComparison.Ordinal) == true && first.Split(' ') is [var none, var commit, ..] && none.All(digit => digit == '0') && RefReader.IsHash(commit)
            ? commit
            : null;
    }
}

using System.Globalization;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Temporary files that a kill left, and lock files of git that stand in the way.</summary>
internal sealed class LeftoverCheck(WorktreePlaces parts)
{
    private const string OfGitFiles = "*.wtmcp-tmp";

    internal IEnumerable<RepairableFinding> Look() => [.. Temporaries(), .. GitLocks()];

    // A writer holds the lock from a temporary's beginning to its end, so with the lock in hand each of them is a leftover.
    private IEnumerable<RepairableFinding> Temporaries()
    {
        var layout = parts.Layout;
        var all = Files(layout.Tasks, ".*.tmp").Concat(Files(layout.Worktrees, ".*.tmp")).Concat(Files(layout.Quarantine, "*.tmp")).Concat(Files(layout.Private, Path.GetFileName(layout.Edits[0])))
            .Concat(Folders(AdminEntry.Folder(layout.CommonDirectory)).Concat(Folders(layout.TrashedRecords)).SelectMany(record => Files(record, OfGitFiles)))
            .Concat(Folders(layout.Worktrees).SelectMany(tree => Files(tree, OfGitFiles)));
        return all.Select(path => RepairableFinding.Ours(
            "leftover_temporary",
            FindingSeverity.Warning,
            path,
            $"{path} is a temporary file of ours that a stopped writer left.",
            "It is deleted; what it was to become is in the operation log.",
            _ => parts.Disk.Delete(path)));
    }

    private IEnumerable<RepairableFinding> GitLocks()
    {
        var common = parts.Layout.CommonDirectory;
        var records = Folders(AdminEntry.Folder(common)).Concat(Folders(parts.Layout.TrashedRecords)).Where(path => !parts.Spares.Owns(new AdminEntry(Path.GetFileName(path), path))).ToList();
        var locks = Files(common, "*.lock").Concat(records.SelectMany(record => Files(record, "*.lock")))
            .Concat(Below(Path.Join(common, "refs", "heads"), "*.lock"));
        foreach (var path in locks)
        {
            var holder = OpenFiles.HolderOf(path);
            if (holder is null && new AdminEntry(Path.GetFileName(Path.GetDirectoryName(path)!), path).IsTrash)
            {
                yield return RepairableFinding.Ours(
                    "stale_lock",
                    FindingSeverity.Warning,
                    path,
                    $"{path} was left by a git that was killed in a worktree which is in the trash now; no process has it open.",
                    "It is deleted; it would stand in the way of a restored worktree.",
                    _ => parts.Disk.Delete(path));
                continue;
            }

            yield return RepairableFinding.ForPerson(
                "git_lock",
                holder is null ? FindingSeverity.Warning : FindingSeverity.Info,
                path,
                holder is null
                    ? $"{path} exists since {parts.Files.File.GetLastWriteTimeUtc(path).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}Z and no process that can be seen has it open: git refuses to write there."
                    : $"{path} is held by process {holder}: git is at work.",
                holder is null ? "If no git command runs in this repository, also not on another machine, move that file away." : "Wait until that process has ended.");
        }
    }

    private IEnumerable<string> Files(string folder, string pattern) =>
        parts.Files.KindOf(folder) == FileKind.Folder ? parts.Files.Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal) : [];

    private IEnumerable<string> Folders(string folder) =>
        parts.Files.KindOf(folder) == FileKind.Folder ? parts.Files.Directory.EnumerateDirectories(folder).Where(path => parts.Files.KindOf(path) == FileKind.Folder) : [];

    private IEnumerable<string> Below(string folder, string pattern) => Files(folder, pattern).Concat(Folders(folder).SelectMany(inner => Below(inner, pattern)));
}

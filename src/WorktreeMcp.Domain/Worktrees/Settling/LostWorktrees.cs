using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>
/// Takes worktrees of ours on the registry again when both the registry and the operation log that knew them are gone.
/// Invariants:
/// - only while no file tells of any worktree that was ever registered: what the registry does not know later was made by hand;
/// - only a directory and a record of git that name each other, on a branch of ours or named by a task;
/// - a branch counts as made for its worktree, which is what allows deleting it, only if its own log says so.
/// </summary>
internal sealed class LostWorktrees(WorktreePlaces parts)
{
    /// <summary>The worktrees that a registry which was lost must have known; none as long as it is there.</summary>
    internal IReadOnlyList<Worktree> Lost()
    {
        if (parts.Store.OnDisk.RegistryKind != FileKind.None || parts.Files.KindOf(parts.Layout.Worktrees) != FileKind.Folder)
        {
            return [];
        }

        var found = parts.Files.Directory.EnumerateDirectories(parts.Layout.Worktrees).Order(StringComparer.Ordinal)
            .Select(directory => (Directory: directory, Record: RecordOf(directory))).Where(one => one.Record is not null).ToList();
        if (found.Count == 0 || parts.Store.OnDisk.KnowsWorktrees)
        {
            return [];
        }

        var tasks = TasksByWorktree();
        return [.. found.Select(one => Read(one.Directory, one.Record!, tasks)).OfType<Worktree>()];
    }

    /// <summary>Puts them on the registry.</summary>
    internal void Run(StateChange change)
    {
        var lost = Lost();
        foreach (var worktree in lost)
        {
            var adopted = WorktreeEntries.Put(change, worktree with { Id = parts.NewWorktreeId(change), CreatedAt = change.Now });
            var reconciled = WorktreeEntries.Event("worktree.reconciled", adopted, adopted.TaskId is { } id ? parts.Board.Find(id) : null);
            reconciled["reason"] = "found again: the registry and the operation log that knew it were gone";
            change.Emit(reconciled);
        }

        if (lost.Count > 0)
        {
            change.Commit("worktree.adopt");
        }
    }

    private AdminEntry? RecordOf(string directory) =>
        parts.Files.KindOf(directory) == FileKind.Folder
        && WorktreeName.IsValid(Path.GetFileName(directory))
        && AdminEntry.NamedBy(directory, parts.Layout.CommonDirectory, parts.Files) is { IsTrash: false } record
        && record.NamesWorktree(parts.Files) is { } named && AdminEntry.SamePath(named, directory)
        && record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files)
            ? record
            : null;

    private Worktree? Read(string directory, AdminEntry record, Dictionary<string, BoardTask> tasks)
    {
        var name = Path.GetFileName(directory);
        var task = tasks.GetValueOrDefault(name);
        var own = parts.Settings.BranchPrefix + name;
        if (BranchOf(record, own) is not { } branch || (branch != own && task is null))
        {
            return null;
        }

        var birth = parts.Git.BirthOf(branch);
        return new Worktree
        {
            Id = 0,
            Name = name,
            Path = Path.GetRelativePath(parts.Layout.Root, directory),
            Branch = branch,
            BaseCommit = birth,
            AdminId = record.Id,
            TaskId = task?.Id,
            Status = task?.WorktreeState == WorktreeState.Kept.Word() ? WorktreeState.Kept : WorktreeState.Active,
            BranchCreated = birth is not null,
        };
    }

    // Its HEAD may be on another branch, or detached by a rebase: then its own is the one that was made for it.
    private string? BranchOf(AdminEntry record, string own) =>
        parts.Git.Refs.Resolve(BranchRef.Of(own)) is not null ? own : parts.Git.Refs.ReadHead(record.Directory)?.ShortBranch;

    private Dictionary<string, BoardTask> TasksByWorktree() => parts.Store.OnDisk.Tasks()
        .Select(stored => parts.Board.Find(stored.Id)).OfType<BoardTask>()
        .Where(task => task.LiveWorktree is not null)
        .GroupBy(task => task.LiveWorktree!, StringComparer.Ordinal)
        .ToDictionary(same => same.Key, same => same.OrderByDescending(task => task.IsOpen).ThenBy(task => task.Id).First(), StringComparer.Ordinal);
}

using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Trash;

/// <summary>
/// Decides what may come back from the trash, and where. Invariants:
/// - nothing that is there is touched: a taken name, path or branch refuses or is gone around, and is said;
/// - the intent is on record before the first rename, so whoever finds it after a kill can finish it.
/// </summary>
internal sealed class RestoreRequest(WorktreePlaces parts, WorktreeEntries entries, ISettling settling, OutOfTrash back)
{
    private static readonly NextStep ListTrash = new NextStep.ListWorktrees(Removed: true);

    private readonly TrashPointers _pointers = new(parts);
    private readonly WorktreeMoves _moves = new(parts);

    internal WorktreeRestoration Restore(string name, string? newName, int? trashId, string by)
    {
        WorktreeName.Require(name);
        if (newName is not null)
        {
            WorktreeName.Require(newName, "new_name");
        }

        var found = Choose(settling.SettledForChange(), name, trashId);
        _moves.RefuseLinkedTrash();
        using var lease = parts.TryLease(found, shared: false) ?? throw InUse(found);
        using var change = parts.Store.Continue("worktree.restore", by);
        var all = entries.All(change);
        var worktree = all.FirstOrDefault(w => w.Id == found.Id && w.Status == WorktreeState.Removed) ?? throw InUse(found);
        parts.Board.Claims.EnsureMay(parts.TaskOf(worktree), by);
        var target = newName ?? name;
        var path = newName is null ? worktree.Path : Path.GetRelativePath(parts.Layout.Root, parts.Layout.Worktree(newName));
        RefuseTaken(all, worktree, target, path);
        var record = RequireWhole(worktree);
        var adminId = back.FreeRecord(worktree.AdminId ?? target);
        RefuseSubmodules(worktree, record, adminId, path);

        var intent = WorktreeEntries.Put(change, worktree with
        {
            Status = WorktreeState.Restoring,
            Name = target,
            Path = path,
            AdminId = adminId,
            Trash = worktree.Trash! with
            {
                RemovedAt = RemovedAt(worktree),
                Was = new RemovedAs(worktree.Name, worktree.Path, worktree.AdminId),
            },
        });
        change.Commit("worktree.restore.begin");
        var others = all.Where(w => w.Id != worktree.Id && w.Status == WorktreeState.Removed && w.Name == name).Select(w => w.Id);
        return back.Finish(change, intent) with { StillInTrash = [.. others] };
    }

    /// <summary>When a worktree went into the trash.</summary>
    internal static double RemovedAt(Worktree worktree) => worktree.Trash?.RemovedAt ?? worktree.UpdatedAt;

    private static Worktree Choose(IReadOnlyList<Worktree> all, string name, int? trashId)
    {
        var removed = all.Where(w => w.Status == WorktreeState.Removed && w.Name == name).OrderByDescending(RemovedAt).ThenByDescending(w => w.Id).ToList();
        if (removed.FirstOrDefault(w => trashId is null || w.Id == trashId) is { } chosen)
        {
            return chosen;
        }

        if (removed.Count > 0)
        {
            throw new Refusal(
                RefusalCode.NotFound,
                $"trash_id {trashId} is no removed worktree \"{name}\"; of that name there {(removed.Count == 1 ? "is" : "are")} {string.Join(", ", removed.Select(w => w.Id))}.",
                $"Take trash_id from {new NextStep.ListWorktrees(Removed: true):with}, or leave it out for the one removed last.",
                ListTrash);
        }

        var live = all.FirstOrDefault(w => w.IsLive && w.Name == name);
        var names = all.Where(w => w.Status == WorktreeState.Removed).Select(w => $"\"{w.Name}\"").Distinct().Take(10).ToList();
        throw new Refusal(
            live is null ? RefusalCode.NotFound : RefusalCode.AlreadyExists,
            $"{(live is null ? $"No worktree \"{name}\" waits in the trash." : $"Worktree \"{name}\" is {live.Status.Word()}, and none of that name waits in the trash.")} {(names.Count == 0 ? "The trash is empty." : $"There are {string.Join(", ", names)}.")}",
            live is null ? (Advice)$"Take a name from {new NextStep.ListWorktrees(Removed: true):with}." : "Work in the one that is there.",
            live is null ? ListTrash : new NextStep.ShowWorktree(name));
    }

    private void RefuseTaken(IReadOnlyList<Worktree> all, Worktree worktree, string name, string path)
    {
        if (all.FirstOrDefault(w => w.IsLive && string.Equals(w.Name, name, StringComparison.OrdinalIgnoreCase)) is { } other)
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                $"The name \"{name}\" is taken: worktree \"{other.Name}\" is {other.Status.Word()} (branch {other.Branch}).",
                "Give new_name, under which it comes back beside that one.",
                new NextStep.RestoreWorktree(worktree.Name, FreeName(all, worktree.Name), worktree.Id));
        }

        var directory = Path.GetFullPath(path, parts.Layout.Root);
        if (parts.Exists(parts.DirectoryOf(worktree with { Path = path })) || LinkAbove(directory) is not null)
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                LinkAbove(directory) is { } link ? $"{directory} lies behind {link}, which is not a folder." : $"{directory} exists; it was left as it is.",
                "Give new_name for another place, or have a person look at that directory.",
                new NextStep.RestoreWorktree(worktree.Name, FreeName(all, worktree.Name), worktree.Id));
        }
    }

    private string FreeName(IReadOnlyList<Worktree> all, string name)
    {
        var taken = all.Where(w => w.IsLive).Select(w => w.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return Enumerable.Range(2, int.MaxValue - 2)
            .Select(number => $"{name[..Math.Min(name.Length, 55)]}-{number}")
            .First(candidate => !taken.Contains(candidate) && !parts.Exists(parts.Layout.Worktree(candidate)));
    }

    private string? LinkAbove(string directory)
    {
        for (var path = Path.GetDirectoryName(directory); path is not null && path.Length > parts.Layout.Root.Length; path = Path.GetDirectoryName(path))
        {
            if (parts.Files.KindOf(path) is FileKind.Link or FileKind.Regular)
            {
                return path;
            }
        }

        return null;
    }

    // Both directions of its identity in the trash, as before anything else that acts on a worktree.
    private AdminEntry RequireWhole(Worktree worktree)
    {
        if (_pointers.IsToRelink(worktree))
        {
            _pointers.RelinkTrash([worktree]);
        }

        var record = parts.TrashedRecord(worktree.Id);
        var tree = worktree.Trash?.Path is { } path ? Path.GetFullPath(path, parts.Layout.Root) : null;
        var problem = tree is null ? "it had no files when it was removed"
            : parts.Files.KindOf(tree) != FileKind.Folder ? $"its files are no longer at {tree}"
            : !parts.Files.Directory.Exists(record.Directory) ? $"git's record of it, {record.Directory}, is gone; its files are at {tree}"
            : AdminEntry.Pointer(tree, parts.Files) is not { } pointer || !AdminEntry.SamePath(pointer, record.Directory) ? $"{tree} does not name git's record {record.Id}"
            : record.NamesWorktree(parts.Files) is not { } named || !AdminEntry.SamePath(named, tree) ? $"git's record {record.Id} belongs to another directory"
            : !record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files) ? $"git's record {record.Id} names another common directory"
            : null;
        if (problem is not null)
        {
            var branchThere = parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is not null;
            throw new Refusal(
                RefusalCode.NotFound,
                $"Removed worktree \"{worktree.Name}\" (trash_id {worktree.Id}) cannot be brought back: {problem}.",
                branchThere
                    ? (Advice)$"Its branch {worktree.Branch} is still there: {Step.CreateWorktree} with that branch makes a worktree of its commits."
                    : $"worktree-mcp doctor says what is wrong with the trash; a new worktree is made with {Step.CreateWorktree}.",
                branchThere ? new NextStep.CreateWorktree(worktree.Name, worktree.Branch) : ListTrash);
        }

        if (parts.Files.Directory.EnumerateFiles(record.Directory, "*.lock").FirstOrDefault() is { } held)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"git is at work in the removed worktree \"{worktree.Name}\": {held} exists.",
                "Wait until that git command has ended, then repeat the call. If none runs, worktree-mcp doctor --fix removes what a killed one left.",
                ListTrash);
        }

        return record;
    }

    // A submodule's own files say by relative paths where it lies.
    private void RefuseSubmodules(Worktree worktree, AdminEntry record, string adminId, string path)
    {
        if (parts.Files.Directory.Exists(Path.Join(record.Directory, "modules")) && (adminId != worktree.AdminId || path != worktree.Path))
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                $"Removed worktree \"{worktree.Name}\" holds submodules, which work only where it was: {worktree.Path}, with git's record {worktree.AdminId}.",
                $"Free its name first, for example with {Step.RemoveWorktree}, then restore it without new_name.",
                new NextStep.ListWorktrees());
        }
    }

    private static Refusal InUse(Worktree worktree) => new(
        RefusalCode.WorktreeBusy,
        $"Removed worktree \"{worktree.Name}\" (trash_id {worktree.Id}) is being restored or deleted for good by somebody else.",
        "Look again in a moment.",
        ListTrash);
}

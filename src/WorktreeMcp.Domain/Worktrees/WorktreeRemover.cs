using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Takes worktrees down. What a removal may not touch is decided here and nowhere else. Invariants:
/// - without force it refuses on any work that is nowhere else: modified, staged, untracked, hidden, detached;
/// - with force it refuses still on doubt about identity, on a git lock and while somebody uses the worktree;
/// - whatever goes, goes into the trash.
/// </summary>
internal sealed class WorktreeRemover(RegistryParts parts, WorktreeEntries entries, WorktreeRepair repair, WorktreeTrash trash)
{
    private const int MostListed = 20;

    internal WorktreeRemoval Remove(string name, bool force, bool completeTask, string? reason, string by)
    {
        WorktreeName.Require(name);
        var all = entries.All();
        if (WorktreeEntries.Find(all, name) is { IsLive: false } gone)
        {
            return AlreadyRemoved(gone, completeTask, by);
        }

        var worktree = WorktreeEntries.Require(all, name);
        using var lease = Lease.Try(parts.Layout, worktree.Id, shared: false) ?? throw new Refusal(
            RefusalCode.WorktreeBusy,
            $"Worktree \"{name}\" is in use: a command runs in it, or it is being made or removed.",
            "Wait for it to end, then repeat the call; worktree_status shows what runs.",
            "worktree_status");
        var (ignored, uncommitted) = Inspect(worktree, force);

        using var change = parts.Store.Begin("worktree.remove", by);
        worktree = WorktreeEntries.Require(entries.All(change), name);
        var task = worktree.TaskId is { } id && parts.Store.TaskFiles.Find(id) is not null ? parts.Board.Require(id) : null;
        if (completeTask)
        {
            EnsureCanComplete(worktree, task);
        }

        var intent = WorktreeEntries.Put(change, worktree with
        {
            Status = WorktreeState.Removing,
            Reason = reason,
            Trash = new TrashedWorktree(null, worktree.AdminId, null, worktree.Status),
        });
        change.Emit(WorktreeEntries.Event("worktree.remove.before", worktree, task));
        change.Commit("worktree.remove.begin");
        return trash.Finish(change, intent, completeTask) with { Ignored = ignored, Uncommitted = uncommitted };
    }

    private WorktreeRemoval AlreadyRemoved(Worktree gone, bool completeTask, string by)
    {
        var task = gone.TaskId is { } id && parts.Store.TaskFiles.Find(id) is not null ? parts.Board.Require(id) : null;
        string? warning = null;
        IReadOnlyList<int> ready = [];
        if (completeTask && task is { IsOpen: true })
        {
            using var change = parts.Store.Begin("worktree.remove", by);
            repair.SettleAbandoned(change);
            var old = parts.Board.Require(task.Id);
            task = TaskBoard.Put(change, old.MoveTo(TaskState.Completed));
            TaskBoard.EmitCompleted(change, old, task);
            warning = change.Commit("worktree.remove");
            ready = parts.Board.NowReady(old, task);
        }

        var tree = gone.Trash?.Path is { } path ? Path.GetFullPath(path, parts.Layout.Root) : null;
        var branchThere = parts.Git.Refs.Resolve($"refs/heads/{gone.Branch}") is not null;
        return new WorktreeRemoval(
            new WorktreeStep(gone, parts.DirectoryOf(gone), task, Already: true, ready, warning), tree, !branchThere, branchThere ? "it has work of its own" : null, [], []);
    }

    private (IReadOnlyList<string> Ignored, IReadOnlyList<string> Uncommitted) Inspect(Worktree worktree, bool force)
    {
        var directory = parts.DirectoryOf(worktree);
        if (!parts.Exists(directory))
        {
            // Nothing of it is left to protect; its branch is judged by the same rule as always.
            return ([], []);
        }

        var entry = parts.RequireIdentity(worktree);
        RefuseLocked(worktree, entry);
        var changes = parts.Git.Status(entry, directory, ignored: true);
        if (!force)
        {
            RefuseInUse(worktree, entry, directory);
            RefuseWork(worktree, entry, directory, changes);
        }

        return (changes.Ignored, [.. changes.Staged.Concat(changes.Modified).Concat(changes.Conflicted).Concat(changes.Untracked).Distinct()]);
    }

    private void RefuseLocked(Worktree worktree, AdminEntry entry)
    {
        if (entry.LockReason(parts.Files) is { } reason)
        {
            throw new Refusal(
                RefusalCode.WorktreeLocked,
                $"Worktree \"{worktree.Name}\" is locked in git{(reason.Length > 0 ? $": {reason}" : " without a reason")}. Force does not change that.",
                $"A person who wants it gone runs git worktree unlock on {parts.DirectoryOf(worktree)} first.",
                "worktree_status");
        }

        if (parts.Exists(Path.Join(entry.Directory, "index.lock")))
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"git is at work in worktree \"{worktree.Name}\": {Path.Join(entry.Directory, "index.lock")} exists.",
                "Wait until that git command has ended, then repeat the call. If none runs, a person may remove that file.",
                "worktree_status");
        }
    }

    private void RefuseInUse(Worktree worktree, AdminEntry entry, string directory)
    {
        if (entry.OperationInProgress(parts.Files) is { } operation)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"Worktree \"{worktree.Name}\" is in the middle of {operation}.",
                "Finish or abort it there with worktree_run, then repeat the call. With force it goes into the trash as it is.",
                "worktree_run");
        }

        if (Occupants.In(directory) is { Count: > 0 } processes)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"Worktree \"{worktree.Name}\" is the current directory of {string.Join(", ", processes.Take(5).Select(p => $"{p.Name} (process {p.Pid})"))}.",
                "Let them end or change their directory, then repeat the call. With force they are left standing in the trash.",
                "worktree_status");
        }
    }

    private void RefuseWork(Worktree worktree, AdminEntry entry, string directory, WorktreeChanges changes)
    {
        var findings = new List<string>();
        Add("modified", changes.Modified);
        Add("staged", changes.Staged);
        Add("untracked", changes.Untracked);
        Add("with conflicts", changes.Conflicted);
        Add("changed behind assume-unchanged or skip-worktree", parts.Git.HiddenChanges(entry, directory));
        var head = parts.Git.Refs.ReadHead(entry.Directory);
        if (head is { Branch: null, Commit: { } commit })
        {
            Add("commits on no branch", [.. parts.Git.CommitsOnNoRef(commit, MostListed).Select(c => $"{c.Hash[..12]} {c.Subject}")]);
        }

        if (head?.ShortBranch != worktree.Branch)
        {
            findings.Add($"HEAD is {(head?.ShortBranch is { } other ? $"on branch {other}" : "detached")}, not on {worktree.Branch}");
        }

        if (findings.Count > 0)
        {
            throw new Refusal(
                RefusalCode.WorktreeDirty,
                $"Worktree \"{worktree.Name}\" holds work that a removal would take away: {string.Join("; ", findings)}.",
                "Commit it with worktree_run, or keep the worktree with worktree_keep. With force it goes into the trash as it is, from where it can be restored.",
                "worktree_run");
        }

        void Add(string what, IReadOnlyList<string> items)
        {
            if (items.Count > 0)
            {
                var more = items.Count > MostListed ? $" and {items.Count - MostListed} more" : string.Empty;
                findings.Add($"{what}: {string.Join(", ", items.Take(MostListed))}{more}");
            }
        }
    }

    private static void EnsureCanComplete(Worktree worktree, BoardTask? task)
    {
        if (task is null)
        {
            throw new Refusal(
                RefusalCode.InvalidArgument,
                $"complete_task was given, but worktree \"{worktree.Name}\" is bound to no task.",
                "Leave complete_task out.");
        }

        _ = task.Status == TaskState.Completed ? task : task.MoveTo(TaskState.Completed);
    }
}

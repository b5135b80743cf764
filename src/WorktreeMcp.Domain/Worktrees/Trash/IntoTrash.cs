using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Trash;

/// <summary>
/// Where removed worktrees wait. Nothing is deleted: the tree and git's record of it are renamed, still point at each
/// other, and the record stays locked with its HEAD detached. Invariants:
/// - git's record lies out of git's sight, so nobody lists it and no git reads it; a ref of ours holds all that it names, index and logs
///   too, from before it leaves until it is back or gone for good: <c>git gc</c>, <c>prune</c> and <c>reflog expire</c> take nothing of it;
/// - git run inside the trashed tree finds that record, and cannot act on a new worktree of the same name;
/// - every step is done once and can be repeated after a kill: the lock, the ref, the files, the record, HEAD.
/// </summary>
internal sealed class IntoTrash(WorktreePlaces parts)
{
    private readonly UnlandedWork _worth = new(parts);
    private readonly RecordPointers _pointers = new(parts);
    private readonly WorktreeMoves _moves = new(parts);
    private readonly WorktreeBranches _branches = new(parts);

    /// <summary>Finds out what a worktree's branch is worth, before the lock is taken: a removal need not ask git for long under it then.</summary>
    internal void Foresee(Worktree worktree)
    {
        if (worktree.BranchCreated && parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is { } tip)
        {
            _worth.OwnWork(worktree, tip);
        }
    }

    /// <summary>Takes the files and git's record away; says where they wait.</summary>
    /// <param name="worktree">Which.</param>
    /// <param name="guard">What git inherits.</param>
    /// <param name="isClean">Whether git has just said that nothing is staged.</param>
    internal TrashedWorktree TakeAway(Worktree worktree, SafeHandle guard, bool isClean = false)
    {
        var directory = parts.DirectoryOf(worktree);
        var old = Record(worktree, directory);
        var named = old is not null;
        old ??= Unfinished(worktree) is { } begun && !parts.Git.Records.IsInTheMaking(begun) ? begun : null;
        var head = parts.Git.Refs.ReadHead((old ?? Trashed(worktree)).Directory);
        if (old is not null)
        {
            // Locked first: a prune that runs in between would delete the record with its index.
            _pointers.Write(Path.Join(old.Directory, "locked"), TrashMarks.LockOf(worktree.Id));
        }

        HoldAll(old ?? Trashed(worktree), worktree.Id, worktree, guard, isClean);

        var tree = MoveTree(directory, worktree.Id, ours: named);
        if (old is not null)
        {
            _moves.DropRemade(Trashed(worktree));
            _moves.Once(old.Directory, Trashed(worktree).Directory);
        }

        var trashed = Trashed(worktree);
        if (!parts.Files.Directory.Exists(trashed.Directory))
        {
            return new TrashedWorktree(tree is null ? null : Relative(tree), null, head?.Commit, Before(worktree)) { KeptReason = worktree.Trash?.KeptReason };
        }

        if (worktree.Status == WorktreeState.Creating && tree is null)
        {
            // git had only begun: a record without files holds nothing, and nobody would ever come for it.
            parts.Files.Directory.Delete(trashed.Directory, recursive: true);
            parts.Git.Kept.Release([worktree.Id], parts.LeftLocks, guard);
            return new TrashedWorktree(null, null, head?.Commit, Before(worktree));
        }

        _moves.DropLocks(trashed);
        var attached = RememberHead(trashed, head);
        head = Whole(worktree.BaseCommit, trashed, head);
        PointAtEachOther(trashed, tree ?? TreeIn(parts.Layout.Trash, worktree.Id), head);
        return new TrashedWorktree(tree is null ? null : Relative(tree), trashed.Id, head?.Commit, Before(worktree))
        {
            Head = attached,
            BranchTip = parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) ?? worktree.Trash?.BranchTip,
            KeptReason = worktree.Trash?.KeptReason,
        };
    }

    /// <summary>
    /// git's record of a creation that a killed git of ours began and did not finish. git names a record after the folder,
    /// with a number if that is taken, and says last but one what it belongs to: one that is younger than the intent and
    /// names nothing is nobody's else.
    /// </summary>
    internal AdminEntry? Unfinished(Worktree worktree) => worktree.Status == WorktreeState.Creating && worktree.AdminId is null
        ? parts.Git.Records.Unfinished(worktree.Name, DateTime.UnixEpoch.AddSeconds(worktree.UpdatedAt))
        : null;

    /// <summary>Takes a worktree whose removal is on record into the trash and settles its branch and its task.</summary>
    internal WorktreeRemoval Finish(StateChange change, Worktree worktree, bool completeTask, bool isClean = false) =>
        Finish(change, worktree, completeTask, isClean, "worktree.remove.after");

    /// <summary>Takes a worktree off the registry that somebody took down with git itself.</summary>
    internal void Reconcile(StateChange change, Worktree worktree) => Finish(change, worktree, completeTask: false, isClean: false, "worktree.reconciled");

    /// <summary>Takes the lock back that <see cref="TakeAway"/> put on git's record, if nothing was moved yet.</summary>
    internal void TakeLockBack(AdminEntry entry)
    {
        parts.Disk.Delete(Path.Join(entry.Directory, TrashMarks.HeadBefore));
        if (TrashMarks.IsLocked(entry, parts.Files))
        {
            parts.Disk.Delete(Path.Join(entry.Directory, "locked"));
        }
    }

    private WorktreeRemoval Finish(StateChange change, Worktree worktree, bool completeTask, bool isClean, string eventName)
    {
        var place = TakeAway(worktree, change.Descriptor, isClean);
        var kept = SettleBranch(change, worktree);
        var removed = WorktreeEntries.Put(change, worktree with { Status = WorktreeState.Removed, Trash = place with { RemovedAt = change.Now, Took = worktree.Trash?.Took } });
        var old = worktree.TaskId is { } id ? parts.Board.Find(id) : null;
        var task = old is null ? null : Unbind(change, old, worktree, completeTask);
        var after = WorktreeEntries.Event(eventName, removed, task);
        after["branch"] = worktree.Branch;
        after["branch_kept"] = kept is not null;
        if (kept is not null)
        {
            after["branch_kept_because"] = kept;
        }

        if (worktree.Trash?.Took is { } took)
        {
            after["took"] = TrashImage.Write(took);
        }

        change.Emit(after);
        if (task is not null)
        {
            TaskBoard.EmitCompleted(change, old!, task);
        }

        var warning = change.Commit("worktree.remove");
        var step = new WorktreeStep(removed, parts.DirectoryOf(removed), task, Already: false, task is null ? [] : parts.Board.NowReady(old!, task), warning);
        return new WorktreeRemoval(step, place.Path is null ? null : Path.GetFullPath(place.Path, parts.Layout.Root), kept is null, kept, [], []);
    }

    /// <summary>The task after its worktree went: it keeps the name of where the work was done.</summary>
    private BoardTask? Unbind(StateChange change, BoardTask task, Worktree worktree, bool complete)
    {
        var next = task.Worktree == worktree.Name ? task with { WorktreeState = "removed" } : task;
        if (complete && next.IsOpen)
        {
            next = next.CompleteIfMet(parts.WorkIn(worktree));
        }

        return next == task ? task : TaskBoard.Put(change, next);
    }

    /// <summary>Deletes a branch that has nothing of its own; else says why it stays.</summary>
    private string? SettleBranch(StateChange change, Worktree worktree)
    {
        var before = _branches.Free(worktree);
        var tip = parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch));
        if (tip is null)
        {
            // A git that deleted it may have been killed before it was done.
            return before is null ? null : throw Locked(worktree, before);
        }

        if (!parts.Proof.MadeBranch(worktree))
        {
            return worktree.BranchCreated ? "nothing says that it was made for the worktree" : "it existed before the worktree";
        }

        if (parts.Git.CheckedOutAt(worktree.Branch) is { } elsewhere)
        {
            return $"it is checked out at {elsewhere}";
        }

        if (_worth.OwnWork(worktree, tip) is { } reason)
        {
            return reason;
        }

        KeepCommits(change, worktree, tip);
        var (words, wasKilled) = _branches.Drop(worktree, tip, change.Descriptor);
        if ((wasKilled || words is not null) && _branches.Free(worktree) is { } left)
        {
            throw Locked(worktree, left);
        }

        return words is null ? null : $"git would not delete it: {words}";
    }

    // Squash-merged: what it did has landed, its commits are nowhere else. What was amended or reset away stands in its log alone.
    private void KeepCommits(StateChange change, Worktree worktree, string tip)
    {
        try
        {
            var commits = parts.Git.Refs.Logged(worktree.Branch).Append(tip).Where(commit => commit != worktree.BaseCommit).ToHashSet();
            if (commits.Count > 0)
            {
                parts.Git.Kept.KeepBranch(worktree.Branch, commits, worktree.Id, parts.LeftLocks, change.Descriptor);
            }
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            throw new Refusal(
                RefusalCode.GitFailed,
                $"Worktree \"{worktree.Name}\" is in the trash, but what becomes of its branch {worktree.Branch} is open: {refusal.Message}",
                "Nothing is lost. The next call, even one that only reads, goes on from where this one stopped.",
                new NextStep.ListWorktrees(),
                refusal);
        }
    }

    private static Refusal Locked(Worktree worktree, string left) => new(
        RefusalCode.GitFailed,
        $"Worktree \"{worktree.Name}\" is in the trash, but {left} is in the way of its branch {worktree.Branch}, and cannot be taken away while git is at work in the repository.",
        "Nothing is lost. The next call after that git has ended, even one that only reads, finishes the removal.",
        new NextStep.ListWorktrees());

    private string? MoveTree(string directory, int id, bool ours)
    {
        _moves.RefuseLinkedTrash();
        if (IsToMove(directory, ours))
        {
            try
            {
                _moves.Once(directory, TreeIn(parts.Layout.Trash, id));
            }
            catch (IOException)
            {
                // The worktrees may lie on another file system than the git directory; a rename within it always works.
                _moves.Once(directory, TreeIn(Path.Join(parts.Layout.Worktrees, ".trash"), id));
            }
        }

        return new[] { parts.Layout.Trash, Path.Join(parts.Layout.Worktrees, ".trash") }
            .Select(folder => TreeIn(folder, id))
            .FirstOrDefault(parts.Files.Directory.Exists);
    }

    private AdminEntry? Record(Worktree worktree, string directory)
    {
        var entry = worktree.AdminId is { } id
            ? AdminEntry.At(parts.Layout.CommonDirectory, id)
            : AdminEntry.NamedBy(directory, parts.Layout.CommonDirectory, parts.Files) ?? parts.Git.Records.Of(directory);
        return entry?.NamesWorktree(parts.Files) is { } named && AdminEntry.SamePath(named, directory) ? entry : null;
    }

    // A folder that git's records do not know is not ours, unless git had only just made it; a link never is.
    private bool IsToMove(string directory, bool ours)
    {
        var info = parts.Files.DirectoryInfo.New(directory);
        return info.Exists && !info.Attributes.HasFlag(FileAttributes.ReparsePoint)
            && (ours || !parts.Files.Directory.EnumerateFileSystemEntries(directory).Any());
    }

    /// <summary>
    /// Brings git's record of a worktree that was removed before those lay out of git's sight to where they lie now; the caller holds the lock
    /// and the worktree's lease.
    /// </summary>
    /// <param name="id">The worktree's number.</param>
    /// <param name="worktree">Its entry, if it has one.</param>
    /// <param name="guard">What git inherits.</param>
    internal void BringOver(int id, Worktree? worktree, SafeHandle guard)
    {
        var (before, now) = (AdminEntry.InTrashBefore(parts.Layout.CommonDirectory, id), AdminEntry.InTrash(parts.Layout.CommonDirectory, id));
        if (before.NamesWorktree(parts.Files) is not { } tree || parts.Exists(now.Directory))
        {
            return;
        }

        HoldAll(before, id, worktree, guard, isClean: false);
        _moves.Once(before.Directory, now.Directory);
        _moves.DropLocks(now);
        PointAtEachOther(now, tree, Whole(worktree?.BaseCommit, now, parts.Git.Refs.ReadHead(now.Directory)));
    }

    // Without it nothing would hold what the record names once git no longer sees that.
    private void HoldAll(AdminEntry record, int id, Worktree? worktree, SafeHandle guard, bool isClean)
    {
        if (!parts.Exists(record.Directory) || (record.IsTrash && parts.Git.Kept.IsHeld(id)))
        {
            return;
        }

        if (record.IsTrash && !record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files))
        {
            // Moved already, and not yet told where it lies: git could not read its index.
            _pointers.Write(Path.Join(record.Directory, "commondir"), record.PathToCommon);
        }

        try
        {
            string?[] more = worktree is null ? [] : [worktree.Trash?.Tip, worktree.Trash?.BranchTip, parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch))];
            parts.Git.Kept.KeepRecord(record, id, [.. more.OfType<string>()], isClean, parts.LeftLocks, guard);
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            throw new IOException(refusal.Message, refusal);
        }
    }

    private AdminEntry Trashed(Worktree worktree) => parts.TrashedRecord(worktree.Id);

    // git writes a record with a HEAD of zeros first and its common directory last; left so by a kill, it would make every gc fail.
    private Head? Whole(string? baseCommit, AdminEntry entry, Head? head)
    {
        if (!entry.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files))
        {
            _pointers.Write(Path.Join(entry.Directory, "commondir"), entry.PathToCommon);
        }

        return head is null || head.Commit?.All(digit => digit == '0') == true ? new Head(null, baseCommit) : head;
    }

    // Beside the HEAD that is detached, so that whoever goes on after a kill still knows where it was.
    private string? RememberHead(AdminEntry entry, Head? head)
    {
        var path = Path.Join(entry.Directory, TrashMarks.HeadBefore);
        if (PlainFile.TextIfThere(path, FileLimits.Words) is { } before)
        {
            return before.Trim();
        }

        if (head?.Branch is { } branch)
        {
            _pointers.Write(path, branch);
        }

        return head?.Branch;
    }

    private void PointAtEachOther(AdminEntry entry, string tree, Head? head)
    {
        var pointer = Path.Join(tree, ".git");
        _pointers.Write(Path.Join(entry.Directory, "gitdir"), pointer);
        if (parts.Files.Directory.Exists(tree))
        {
            _pointers.Write(pointer, $"gitdir: {entry.Directory}");
        }

        // A branch without commits cannot be detached: it gets a name that nobody else wants.
        _pointers.Write(Path.Join(entry.Directory, "HEAD"), head?.Commit ?? $"ref: refs/worktree-mcp/trash/{entry.Id}");
    }

    private string Relative(string path) => Path.GetRelativePath(parts.Layout.Root, path);

    private static string TreeIn(string folder, int id) => Path.Join(folder, $"{id}");

    private static WorktreeState Before(Worktree worktree) => worktree.Trash?.Before ?? worktree.Status;
}

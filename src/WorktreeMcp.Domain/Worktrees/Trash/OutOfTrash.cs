using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Trash;

/// <summary>
/// The way back out of the trash: the renames of a removal in reverse, under the lock. Invariants:
/// - every step is done once and can be repeated after a kill; git's record stays locked until all of them are done;
/// - the files come last, when they name a whole record: a git clean takes a folder whose record is missing for rubbish;
/// - as long as the files are in the trash everything can be taken back; afterwards it is only finished;
/// - HEAD goes back on its branch only if that is where it was and nobody else works on it; no branch is ever moved.
/// Steps, after the intent (restoring) was committed, and why in this order:
/// 1. a free name for git's record, on record too;
/// 2. its common directory is put right, then the record comes back into git's sight: a wrong one there stops every git;
/// 3. record and files point at each other while the files are still in the trash, then the files move: they never lie in place without a record;
/// 4. the branch is made anew if it is gone, then both point at each other where they are now;
/// 5. HEAD goes back on its branch, the record is unlocked last: locked, no prune takes it, and everybody sees that it is not done;
/// 6. a look at what is there, then active again. The ref that held what the record names is let go of by the next sweep.
/// </summary>
internal sealed class OutOfTrash(WorktreePlaces parts)
{
    private readonly RecordPointers _pointers = new(parts);
    private readonly WorktreeMoves _moves = new(parts);
    private readonly WorktreeBranches _branches = new(parts);
    private readonly TrashContents _shelf = new(parts);

    /// <summary>Brings back what a restoration on record takes out of the trash; what cannot be is taken back and refused.</summary>
    internal WorktreeRestoration Finish(StateChange change, Worktree worktree)
    {
        try
        {
            return BringBack(change, worktree);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal { InnerException: IOException or UnauthorizedAccessException })
        {
            throw TakenBack(change, worktree, fault is Refusal ? fault.InnerException! : fault);
        }
    }

    /// <summary>The same for whoever finds it after a kill: what was taken back waits in the trash again.</summary>
    internal void Settle(StateChange change, Worktree worktree)
    {
        try
        {
            Finish(change, worktree);
        }
        catch (Refusal)
        {
            // In the trash again, or it shows as drift until its cause is gone.
        }
    }

    /// <summary>A name for git's record that nothing has; git numbers them in the same way.</summary>
    internal string FreeRecord(string wanted)
    {
        var id = wanted;
        for (var number = 1; parts.Exists(Record(id).Directory); number++)
        {
            id = $"{wanted}{number}";
        }

        return id;
    }

    private WorktreeRestoration BringBack(StateChange change, Worktree worktree)
    {
        var directory = parts.DirectoryOf(worktree);
        var tree = TreeOf(worktree);
        worktree = WithFreeRecord(change, worktree);
        var record = Record(worktree.AdminId!);
        if (!IsOurs(worktree, record))
        {
            // Before it comes into git's sight: one that names no common directory stops every other git.
            MakeWhole(InTrash(worktree), AdminEntry.At(parts.Layout.CommonDirectory, worktree.AdminId!).PathToCommon);
            _moves.Once(InTrash(worktree).Directory, record.Directory);
            if (IsOurs(worktree, record))
            {
                _moves.DropLocks(record);
            }
        }

        if (parts.Exists(tree))
        {
            _pointers.Link(record, tree);
            MoveTree(tree, directory);
        }

        _shelf.ForgetSize(worktree.Id);
        var made = MakeBranch(change, worktree);
        if (!parts.Exists(directory))
        {
            // Somebody deleted the files since the server died: then it is a worktree without a directory, as any other.
            return Conclude(change, worktree, record, made, detached: null);
        }

        _pointers.Link(record, directory);
        var detached = Attach(worktree, record);
        Unlock(record);
        if (parts.Identify(worktree).Problem is { } problem)
        {
            throw new IOException(problem);
        }

        return Conclude(change, worktree, record, made, detached);
    }

    private WorktreeRestoration Conclude(StateChange change, Worktree worktree, AdminEntry record, bool made, string? detached)
    {
        var (task, unbound) = TaskFor(worktree);
        var restored = WorktreeEntries.Put(change, worktree with { Status = worktree.Trash!.Before, Reason = worktree.Trash.KeptReason, Trash = null, TaskId = task?.Id });
        task = task is null ? null : TaskBoard.Put(change, task with { Worktree = restored.Name, WorktreeState = restored.Status.Word() });
        var lifecycleEvent = WorktreeEntries.Event("worktree.restored", restored, task);
        lifecycleEvent["branch"] = restored.Branch;
        lifecycleEvent["detached"] = detached is not null;
        change.Emit(lifecycleEvent);
        var step = new WorktreeStep(restored, parts.DirectoryOf(restored), task, Already: false, [], change.Commit("worktree.restore"));
        return new WorktreeRestoration(step, parts.Git.Refs.ReadHead(record.Directory)?.Commit, detached, made, unbound, []);
    }

    // Somebody's git may have taken that name since it was chosen.
    private Worktree WithFreeRecord(StateChange change, Worktree worktree)
    {
        var record = Record(worktree.AdminId!);
        if (!parts.Exists(InTrash(worktree).Directory) || !parts.Exists(record.Directory) || IsOurs(worktree, record))
        {
            return worktree;
        }

        worktree = WorktreeEntries.Put(change, worktree with { AdminId = FreeRecord(worktree.AdminId!) });
        change.Commit("worktree.restore.begin");
        return worktree;
    }

    // That there is a folder in the trash says nothing: a person's gc makes it anew to expire the log of a record that is renamed meanwhile.
    private bool IsOurs(Worktree worktree, AdminEntry record) => TrashMarks.IsLocked(record, worktree.Id, parts.Files)
        || (AdminEntry.Pointer(parts.DirectoryOf(worktree), parts.Files) is { } pointer && AdminEntry.SamePath(pointer, record.Directory)
            && record.NamesWorktree(parts.Files) is { } named && AdminEntry.SamePath(named, parts.DirectoryOf(worktree)));

    private void MoveTree(string tree, string directory)
    {
        _moves.Once(tree, directory);
        if (parts.Exists(tree))
        {
            throw new IOException($"{directory} was taken meanwhile");
        }
    }

    private bool MakeBranch(StateChange change, Worktree worktree)
    {
        if (worktree.Trash!.BranchTip is not { } tip || parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is not null || parts.Git.BranchClash(worktree.Branch) is not null)
        {
            return false;
        }

        _ = _branches.Free(worktree);
        var answer = parts.Git.CreateBranch(worktree.Branch, tip, change.Descriptor);
        if (parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) == tip)
        {
            return true;
        }

        return _branches.Free(worktree) is not { } left ? false : throw new IOException($"its branch {worktree.Branch} cannot be made while {left} is there and git is at work: {answer.Error}");
    }

    // Says why HEAD is not where it was; null when it is.
    private string? Attach(Worktree worktree, AdminEntry record)
    {
        var head = parts.Git.Refs.ReadHead(record.Directory);
        if (worktree.Trash!.Head is not { } wanted || head?.Branch == wanted)
        {
            return null;
        }

        if (Hindrance(worktree, wanted, head) is { } reason)
        {
            return reason;
        }

        _pointers.Write(Path.Join(record.Directory, "HEAD"), $"ref: {wanted}");
        return null;
    }

    private string? Hindrance(Worktree worktree, string wanted, Head? head)
    {
        var branch = new Head(wanted, null).ShortBranch!;
        if (head is null || head.Commit != worktree.Trash!.Tip || BranchRef.ShortOf(head.Branch) is not null)
        {
            return $"its HEAD was moved in the trash, to {head?.ShortBranch ?? head?.Commit?[..12] ?? "nowhere"}; it was on {branch}";
        }

        var tip = parts.Git.Refs.Resolve(wanted);
        if (tip != head.Commit)
        {
            return tip is null ? $"branch {branch} is gone and could not be made again" : $"branch {branch} has moved on to {tip[..12]}";
        }

        return parts.Git.CheckedOutAt(branch) is { } place ? $"branch {branch} is checked out at {place}" : null;
    }

    private void Unlock(AdminEntry record)
    {
        foreach (var name in TrashMarks.Of(record, parts.Files))
        {
            parts.Disk.Delete(Path.Join(record.Directory, name));
        }
    }

    private (BoardTask? Task, string? Unbound) TaskFor(Worktree worktree)
    {
        if (worktree.TaskId is not { } id)
        {
            return (null, null);
        }

        return parts.Board.Find(id) switch
        {
            null => (null, $"task {id} cannot be read"),
            { Status: TaskState.Deleted } => (null, $"task {id} was deleted"),
            { LiveWorktree: { } other } => (null, $"task {id} has worktree \"{other}\" now"),
            var task => (task, null),
        };
    }

    private Refusal TakenBack(StateChange change, Worktree worktree, Exception fault)
    {
        var undone = TryTakeBack(change, worktree);
        return new Refusal(
            RefusalCode.Internal,
            $"Worktree \"{worktree.Name}\" could not be brought back: {fault.Message}. {(undone ? "It waits in the trash as before." : "The next call, even one that only reads, goes on from where this one stopped.")}",
            $"Check free space and permissions of {parts.Layout.Worktrees}, then repeat the call.",
            new NextStep.ListWorktrees(Removed: true),
            fault);
    }

    // What made the restoration fail may stand in the way of taking it back too: then it stays on record.
    private bool TryTakeBack(StateChange change, Worktree worktree)
    {
        try
        {
            return TakeBack(change, worktree);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal { InnerException: IOException or UnauthorizedAccessException })
        {
            return false;
        }
    }

    // Not once the files are out of the trash.
    private bool TakeBack(StateChange change, Worktree worktree)
    {
        var tree = TreeOf(worktree);
        if (!parts.Exists(tree))
        {
            return false;
        }

        var (trashed, record) = (InTrash(worktree), Record(worktree.AdminId!));
        if (TrashMarks.IsLocked(record, worktree.Id, parts.Files))
        {
            _moves.DropRemade(trashed);
            parts.Git.Kept.KeepRecord(record, worktree.Id, [], isClean: false, parts.LeftLocks, change.Descriptor);
            _moves.Once(record.Directory, trashed.Directory);
            _moves.DropLocks(trashed);
        }

        MakeWhole(trashed, trashed.PathToCommon);

        _pointers.Link(trashed, tree);
        var was = worktree.Trash!.Was ?? new RemovedAs(worktree.Name, worktree.Path, worktree.AdminId);
        WorktreeEntries.Put(change, worktree with
        {
            Status = WorktreeState.Removed,
            Name = was.Name,
            Path = was.Path,
            AdminId = was.AdminId,
            Trash = worktree.Trash with { Was = null },
        });
        change.Commit("worktree.restore.undo");
        return true;
    }

    private void MakeWhole(AdminEntry record, string pathToCommon)
    {
        if (parts.Exists(record.Directory) && record.CommonLine(parts.Files) != pathToCommon)
        {
            _pointers.Write(Path.Join(record.Directory, "commondir"), pathToCommon);
        }
    }

    private AdminEntry InTrash(Worktree worktree) => parts.TrashedRecord(worktree.Id);

    private string TreeOf(Worktree worktree) => Path.GetFullPath(worktree.Trash!.Path!, parts.Layout.Root);

    private AdminEntry Record(string id) => AdminEntry.At(parts.Layout.CommonDirectory, id);
}

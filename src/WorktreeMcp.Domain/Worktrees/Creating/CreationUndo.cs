using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Trash;

namespace WorktreeMcp.Domain.Worktrees.Creating;

/// <summary>Takes a creation back that failed, or whose server is gone; safe to repeat at any point.</summary>
internal sealed class CreationUndo(WorktreePlaces parts, IntoTrash trash)
{
    private readonly WorktreeBranches _branches = new(parts);

    /// <summary>
    /// Takes a creation back: files into the trash, git's record dropped with them, the branch deleted only if we made
    /// it and nothing was done on it since. Where a killed git left something that another git may still hold, the intent
    /// stays on record and the next call goes on from there.
    /// </summary>
    internal void RollBack(StateChange change, Worktree worktree, string cause)
    {
        if (worktree.Spare is { } spare)
        {
            parts.Spares.FinishMove(spare, parts.DirectoryOf(worktree));
        }

        trash.TakeAway(worktree, change.Descriptor);
        DropDangling(worktree);
        _ = _branches.Free(worktree);
        ForgetUnborn(worktree);
        if (IsUntouched(worktree) && parts.Proof.MadeBranch(worktree))
        {
            _branches.Drop(worktree, worktree.BaseCommit!, change.Descriptor);
        }

        if (_branches.Free(worktree) is not null || trash.Unfinished(worktree) is not null)
        {
            return;
        }

        change.PutWorktree(worktree.Id, null);
        GiveBack(change, worktree);
        var task = worktree.TaskId is { } id && parts.Store.FindTask(id) is not null ? worktree.TaskId : null;
        change.Emit(WorktreeEntries.Event("worktree.create.failed", worktree with { TaskId = task }, null, cause));
        change.Commit("worktree.create.undo");
    }

    // Only what was claimed for this creation alone, and is as it was then.
    private void GiveBack(StateChange change, Worktree worktree)
    {
        if (worktree is { ClaimEpoch: { } epoch, TaskId: { } id } && parts.Board.Find(id) is { Status: TaskState.InProgress, LiveWorktree: null, NewerVersion: null } task && task.Epoch == epoch)
        {
            Claims.EmitReleased(change, task, TaskBoard.Put(change, task.MoveTo(TaskState.Pending)));
        }
    }

    /// <summary>The same where the refusal that led to it is what the caller has to know: what cannot be taken back now waits for the next call.</summary>
    internal void TryRollBack(StateChange change, Worktree worktree, string cause)
    {
        try
        {
            RollBack(change, worktree, cause);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
        {
            // The intent is on record. A full disk is full for this, too.
        }
    }

    /// <summary>
    /// Takes away the directory of a creation whose record was deleted while git made it: it holds nothing but a pointer to
    /// that record. Anything else in it lets it stay.
    /// </summary>
    internal void DropDangling(Worktree worktree)
    {
        var directory = parts.DirectoryOf(worktree);
        var records = Path.Join(parts.Layout.CommonDirectory, "worktrees");
        if (parts.Files.DirectoryInfo.New(directory) is { Exists: true } info && !info.Attributes.HasFlag(FileAttributes.ReparsePoint)
            && AdminEntry.Pointer(directory, parts.Files) is { } record
            && AdminEntry.SamePath(Path.GetDirectoryName(record)!, records) && !parts.Exists(record)
            && parts.Files.Directory.EnumerateFileSystemEntries(directory).Take(2).Count() == 1)
        {
            parts.Disk.Delete(Path.Join(directory, ".git"));
            parts.Files.Directory.Delete(directory);
        }
    }

    // git writes a branch's log before the branch: a kill in between leaves a log that a later branch would go on with.
    private void ForgetUnborn(Worktree worktree)
    {
        var reflog = Reflog(worktree);
        if (worktree.BranchCreated && parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is null && parts.Files.KindOf(reflog) == FileKind.Regular
            && PlainFile.Lines(reflog).Take(2).All(line => IsBirth(line, worktree.BaseCommit!)))
        {
            parts.Disk.Delete(reflog);
        }
    }

    private bool IsUntouched(Worktree worktree)
    {
        if (parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) != worktree.BaseCommit || parts.Git.CheckedOutAt(worktree.Branch) is not null)
        {
            return false;
        }

        var reflog = Reflog(worktree);
        return PlainFile.Lines(reflog).Take(2).Count() <= 1;
    }

    private string Reflog(Worktree worktree) => Path.Join(parts.Layout.CommonDirectory, "logs", "refs", "heads", worktree.Branch);

    private static bool IsBirth(string line, string commit) => line.StartsWith($"{new string('0', commit.Length)} {commit} ", StringComparison.Ordinal);
}

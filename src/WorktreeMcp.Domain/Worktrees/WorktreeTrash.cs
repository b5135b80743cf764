using System.Text;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Where removed worktrees wait. Nothing is deleted: the tree and git's record of it are renamed, still point at each
/// other, and the record stays locked with its HEAD detached. So the index, the reflog and commits on no branch are safe
/// from <c>git gc</c> and <c>prune</c>, and git run inside the trashed tree cannot act on a new worktree of the same name.
/// Every step is done once and can be repeated after a kill.
/// </summary>
internal sealed class WorktreeTrash(RegistryParts parts)
{
    /// <summary>Takes the files and git's record away; says where they wait.</summary>
    internal TrashedWorktree TakeAway(Worktree worktree)
    {
        var directory = parts.DirectoryOf(worktree);
        var old = Record(worktree, directory);
        var tip = (old ?? Trashed(worktree)) is { } entry ? parts.Git.Refs.ReadHead(entry.Directory)?.Commit : null;
        if (old is not null)
        {
            // Locked first: a prune that runs in between would delete the record with its index.
            Write(Path.Join(old.Directory, "locked"), $"worktree-mcp: in the trash as {worktree.Id}");
        }

        var tree = MoveTree(directory, worktree.Id);
        if (old is not null)
        {
            parts.MoveOnce(old.Directory, Trashed(worktree).Directory);
        }

        var trashed = Trashed(worktree);
        if (!parts.Files.Directory.Exists(trashed.Directory))
        {
            return new TrashedWorktree(tree is null ? null : Relative(tree), null, tip, Before(worktree));
        }

        PointAtEachOther(trashed, tree ?? TreeIn(parts.Layout.Trash, worktree.Id), tip);
        return new TrashedWorktree(tree is null ? null : Relative(tree), trashed.Id, tip, Before(worktree));
    }

    /// <summary>Takes a worktree whose removal is on record into the trash and settles its branch and its task.</summary>
    internal WorktreeRemoval Finish(StateChange change, Worktree worktree, bool completeTask)
    {
        var place = TakeAway(worktree);
        var kept = SettleBranch(change, worktree);
        var removed = WorktreeEntries.Put(change, worktree with { Status = WorktreeState.Removed, Trash = place });
        var old = worktree.TaskId is { } id ? FindTask(id) : null;
        var task = old is null ? null : Unbind(change, old, worktree.Name, completeTask);
        var after = WorktreeEntries.Event("worktree.remove.after", removed, task);
        after["branch"] = worktree.Branch;
        after["branch_kept"] = kept is not null;
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
    private static BoardTask? Unbind(StateChange change, BoardTask task, string name, bool complete)
    {
        var next = task.Worktree == name ? task with { WorktreeState = "removed" } : task;
        if (complete && next.IsOpen)
        {
            next = next.MoveTo(TaskState.Completed);
        }

        return next == task ? task : TaskBoard.Put(change, next);
    }

    /// <summary>Deletes a branch that has nothing of its own; else says why it stays.</summary>
    private string? SettleBranch(StateChange change, Worktree worktree)
    {
        var tip = parts.Git.Refs.Resolve($"refs/heads/{worktree.Branch}");
        if (tip is null)
        {
            return null;
        }

        if (!worktree.BranchCreated)
        {
            return "it existed before the worktree";
        }

        if (parts.Git.CheckedOutAt(worktree.Branch) is { } elsewhere)
        {
            return $"it is checked out at {elsewhere}";
        }

        if (worktree.BaseCommit is null || parts.BaseTip(worktree) is not { } baseTip)
        {
            return "its base is unknown";
        }

        var own = parts.Git.AheadBehind(tip, worktree.BaseCommit).Ahead == 0 ? 0 : parts.Git.AheadBehind(tip, baseTip).Ahead;
        if (own > 0)
        {
            return $"it has {own} commit{(own == 1 ? string.Empty : "s")} that {worktree.BaseRef ?? "its base"} does not have";
        }

        var deleted = parts.Git.DeleteBranch(worktree.Branch, tip, change.Descriptor);
        return deleted.Succeeded ? null : $"git would not delete it: {deleted.Error}";
    }

    private string? MoveTree(string directory, int id)
    {
        if (parts.Files.Directory.Exists(directory))
        {
            try
            {
                parts.MoveOnce(directory, TreeIn(parts.Layout.Trash, id));
            }
            catch (IOException)
            {
                // The worktrees may lie on another file system than the git directory; a rename within it always works.
                parts.MoveOnce(directory, TreeIn(Path.Join(parts.Layout.Worktrees, ".trash"), id));
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
            : AdminEntry.NamedBy(directory, parts.Layout.CommonDirectory, parts.Files);
        return entry?.NamesWorktree(parts.Files) is { } named && AdminEntry.SamePath(named, directory) ? entry : null;
    }

    private AdminEntry Trashed(Worktree worktree) => AdminEntry.At(parts.Layout.CommonDirectory, $"wtmcp-trash-{worktree.Id}");

    private void PointAtEachOther(AdminEntry entry, string tree, string? tip)
    {
        var pointer = Path.Join(tree, ".git");
        Write(Path.Join(entry.Directory, "gitdir"), pointer);
        if (parts.Files.Directory.Exists(tree))
        {
            Write(pointer, $"gitdir: {entry.Directory}");
        }

        if (tip is not null)
        {
            Write(Path.Join(entry.Directory, "HEAD"), tip);
        }
    }

    private void Write(string path, string line)
    {
        var temporary = path + ".wtmcp-tmp";
        parts.Store.Disk.WriteTemporary(temporary, Encoding.UTF8.GetBytes(line + "\n"));
        parts.Store.Disk.Replace(temporary, path);
    }

    private BoardTask? FindTask(int id)
    {
        try
        {
            return parts.Board.Require(id);
        }
        catch (Refusal)
        {
            return null;
        }
    }

    private string Relative(string path) => Path.GetRelativePath(parts.Layout.Root, path);

    private static string TreeIn(string folder, int id) => Path.Join(folder, $"{id}");

    private static WorktreeState Before(Worktree worktree) => worktree.Trash?.Before ?? worktree.Status;
}

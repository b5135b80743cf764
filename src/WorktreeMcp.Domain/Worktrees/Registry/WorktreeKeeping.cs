using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>Closes a worktree for now, and its task with it if that is wanted; its directory and its branch stay.</summary>
internal sealed class WorktreeKeeping(WorktreePlaces parts, WorktreeEntries entries, ISettling settling)
{
    internal WorktreeStep Keep(string name, string? reason, bool completeTask, string by)
    {
        using var change = settling.Begin("worktree.keep", by);
        var worktree = WorktreeEntries.Require(entries.All(change), name);
        if (!worktree.IsUsable)
        {
            throw new Refusal(RefusalCode.WorktreeBusy, $"Worktree \"{name}\" is {worktree.Status.Word()}.", $"Try again in a moment; {Step.ListWorktrees} shows where it stands.", new NextStep.ListWorktrees());
        }

        var directory = parts.DirectoryOf(worktree);
        var old = parts.TaskOf(worktree);
        parts.Board.Claims.EnsureMay(old, by);
        if (completeTask)
        {
            WorktreePlaces.EnsureCanComplete(worktree, old, parts.WorkIn(worktree));
        }

        var task = old is null ? null : Kept(old, worktree, completeTask);
        var already = worktree.Status == WorktreeState.Kept && (reason is null || reason == worktree.Reason);
        if (already && task == old)
        {
            parts.Board.Claims.RenewAlone(change, old?.Id);
            return new WorktreeStep(worktree, directory, old, Already: true, [], null);
        }

        var kept = WorktreeEntries.Put(change, worktree with { Status = WorktreeState.Kept, Reason = reason ?? worktree.Reason });
        if (task is not null && task != old)
        {
            task = TaskBoard.Put(change, task);
        }
        else
        {
            parts.Board.Claims.Renew(change, task?.Id);
        }

        var lifecycleEvent = WorktreeEntries.Event("worktree.keep", kept, task);
        lifecycleEvent["reason"] = reason;
        change.Emit(lifecycleEvent);
        if (task is not null)
        {
            TaskBoard.EmitCompleted(change, old!, task);
        }

        var warning = change.Commit("worktree.keep");
        return new WorktreeStep(kept, directory, task, already, task is null ? [] : parts.Board.NowReady(old!, task), warning);
    }

    private BoardTask Kept(BoardTask task, Worktree worktree, bool complete)
    {
        var next = task.Worktree == worktree.Name ? task with { WorktreeState = "kept" } : task;
        return complete && next.Status != TaskState.Completed ? next.CompleteWith(parts.WorkIn(worktree)) : next;
    }
}

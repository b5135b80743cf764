using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>
/// Binds a task to a worktree that exists: each names the other, in one operation. A task that had it before and is over lets go of it.
/// </summary>
internal sealed class WorktreeBinding(WorktreePlaces parts, WorktreeEntries entries, ISettling settling)
{
    internal WorktreeStep Bind(int taskId, string name, string? owner, string by)
    {
        var newOwner = owner is null ? null : TaskRules.Owner("owner", owner) is { Length: > 0 } given ? given : null;
        using var change = settling.Begin("worktree.bind", by);
        var task = parts.Board.Require(taskId);
        parts.Board.Claims.EnsureMay(task, by);
        var worktree = WorktreeEntries.Require(entries.All(change), name, "worktree");
        parts.Board.Claims.EnsureMay(parts.TaskOf(worktree), by);
        task.EnsureCanBind(name);
        EnsureFree(worktree, task);
        if (task.LiveWorktree == name && worktree.TaskId == taskId && worktree.Status == WorktreeState.Active && task.Status == TaskState.InProgress && (newOwner ?? task.Owner) == task.Owner)
        {
            parts.Board.Claims.RenewAlone(change, taskId);
            return new WorktreeStep(worktree, parts.DirectoryOf(worktree), task, Already: true, [], null);
        }

        parts.Board.EnsureNotBlocked(task);
        parts.RequireIdentity(worktree);
        if (worktree.TaskId != taskId && parts.TaskOf(worktree) is { } over && over.Worktree == name)
        {
            TaskBoard.Put(change, over with { Worktree = null, WorktreeState = null });
        }

        var mine = task.BindTo(name, "active", newOwner ?? task.Owner ?? by);
        var bound = TaskBoard.Put(change, mine.Owner == by ? parts.Board.Claims.Take(change, mine) : mine);
        var active = WorktreeEntries.Put(change, worktree with { Status = WorktreeState.Active, TaskId = taskId });
        change.Emit(WorktreeEntries.Event("worktree.bound", active, bound));
        Claims.EmitClaimed(change, task, bound);
        return new WorktreeStep(active, parts.DirectoryOf(active), bound, Already: false, [], change.Commit("worktree.bind"));
    }

    private void EnsureFree(Worktree worktree, BoardTask task)
    {
        if (!worktree.IsUsable)
        {
            throw new Refusal(RefusalCode.WorktreeBusy, $"Worktree \"{worktree.Name}\" is {worktree.Status.Word()}.", "Try again in a moment.", new NextStep.ListWorktrees());
        }

        if (worktree.TaskId != task.Id && parts.TaskOf(worktree) is { IsOpen: true } holder && holder.LiveWorktree == worktree.Name)
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                $"Worktree \"{worktree.Name}\" belongs to task {holder.Id} \"{holder.Subject}\" ({holder.Status.Word()}).",
                $"Make another worktree with {Step.CreateWorktree}, or complete that task first.",
                new NextStep.CreateWorktree(TaskId: task.Id));
        }
    }
}

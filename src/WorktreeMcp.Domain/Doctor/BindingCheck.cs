using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Tasks and worktrees that do not name each other. Where they disagree the registry is right.</summary>
internal sealed class BindingCheck(WorktreePlaces parts, IReadOnlyList<Worktree> entries)
{
    internal IEnumerable<RepairableFinding> Look()
    {
        var stored = parts.Store.OnDisk.Tasks();
        var there = stored.Select(task => task.Id).ToHashSet();
        var tasks = stored.Select(task => parts.ReadTask(task).Task).OfType<BoardTask>().OrderBy(task => task.Id).ToList();
        var live = entries.Where(w => w.IsUsable).ToList();
        var known = parts.NewestTasks();
        var doubled = Doubled(live, tasks);
        return
        [
            .. doubled,
            .. tasks.Select(task => OfTask(task, live)).OfType<RepairableFinding>(),
            .. live.Where(w => w.TaskId is { } id && !there.Contains(id) && !known.ContainsKey(id)).Select(OfMissingTask),
        ];
    }

    private static List<RepairableFinding> Doubled(List<Worktree> live, List<BoardTask> tasks)
    {
        var all = new List<RepairableFinding>();
        foreach (var same in live.Where(w => w.TaskId is not null).GroupBy(w => w.TaskId!.Value).Where(group => group.Count() > 1))
        {
            var task = tasks.FirstOrDefault(t => t.Id == same.Key);
            var right = same.FirstOrDefault(w => w.Name == task?.LiveWorktree);
            var names = string.Join(", ", same.Select(w => $"\"{w.Name}\""));
            all.Add(right is null
                ? RepairableFinding.ForPerson("task_with_two_worktrees", FindingSeverity.Warning, $"task {same.Key}", $"Worktrees {names} all say that they serve task {same.Key}, which names none of them.", $"Bind the task to the right one with {Step.BindTask}.")
                : RepairableFinding.Ours(
                    "task_with_two_worktrees",
                    FindingSeverity.Warning,
                    $"task {same.Key}",
                    $"Worktrees {names} all say that they serve task {same.Key}; the task names \"{right.Name}\".",
                    $"Only \"{right.Name}\" stays bound to it; the others stay as they are, without a task.",
                    change => Unbind(change, same.Where(w => w.Id != right.Id))));
        }

        return all;
    }

    private RepairableFinding? OfTask(BoardTask task, List<Worktree> live)
    {
        var subject = $"task {task.Id}";
        var claiming = live.Where(w => w.TaskId == task.Id).ToList();
        if (task.LiveWorktree is not { } name)
        {
            return claiming is [var only] && task.IsOpen
                ? RepairableFinding.Ours("task_unbound", FindingSeverity.Warning, subject, $"Worktree \"{only.Name}\" serves task {task.Id}, but the task does not name it.", "The task names it again.", change => Bind(change, task, only))
                : null;
        }

        var named = entries.Where(w => w.Name == name).OrderByDescending(w => w.IsLive).ThenByDescending(w => w.Id).FirstOrDefault();
        if (named is { IsLive: true, IsUsable: false } || (named?.TaskId == task.Id && named.IsUsable && named.Status.Word() == task.WorktreeState))
        {
            return null;
        }

        if (named is { IsUsable: true } && (named.TaskId == task.Id || (named.TaskId is null && claiming.Count == 0)))
        {
            return RepairableFinding.Ours("task_worktree_mismatch", FindingSeverity.Warning, subject, $"Task {task.Id} says that its worktree \"{name}\" is {task.WorktreeState}; the registry says {named.Status.Word()}{(named.TaskId is null ? " and no task" : string.Empty)}.", "Both say the same again.", change => Bind(change, task, named));
        }

        var what = named is null ? "which the registry does not know" : named.IsLive ? $"which serves task {named.TaskId}" : "which was removed";
        return claiming is [var right]
            ? RepairableFinding.Ours("task_worktree_mismatch", FindingSeverity.Warning, subject, $"Task {task.Id} names worktree \"{name}\", {what}; worktree \"{right.Name}\" serves it.", $"The task names \"{right.Name}\".", change => Bind(change, task, right))
            : RepairableFinding.Ours("task_worktree_dead", FindingSeverity.Warning, subject, $"Task {task.Id} names worktree \"{name}\" ({task.WorktreeState}), {what}.", "The task keeps the name and says that the worktree was removed.", change => Put(change, task with { WorktreeState = "removed" }));
    }

    private static RepairableFinding OfMissingTask(Worktree worktree) => RepairableFinding.Ours(
        "worktree_task_missing",
        FindingSeverity.Warning,
        $"worktree {worktree.Name}",
        $"Worktree \"{worktree.Name}\" serves task {worktree.TaskId}, which neither a file nor the operation log knows.",
        "It stays as it is, without a task.",
        change => Unbind(change, [worktree]));

    private static void Unbind(StateChange change, IEnumerable<Worktree> worktrees)
    {
        foreach (var worktree in worktrees)
        {
            change.Emit(Reconciled(WorktreeEntries.Put(change, worktree with { TaskId = null }), null));
        }

        change.Commit("doctor.binding");
    }

    private static void Bind(StateChange change, BoardTask task, Worktree worktree)
    {
        var bound = TaskBoard.Put(change, task with { Worktree = worktree.Name, WorktreeState = worktree.Status.Word() });
        if (worktree.TaskId != task.Id)
        {
            worktree = WorktreeEntries.Put(change, worktree with { TaskId = task.Id });
        }

        change.Emit(Reconciled(worktree, bound));
        change.Commit("doctor.binding");
    }

    private static void Put(StateChange change, BoardTask task)
    {
        var updated = TaskBoard.Event("task.updated", TaskBoard.Put(change, task));
        updated["changed"] = new System.Text.Json.Nodes.JsonArray("worktree_state");
        change.Emit(updated);
        change.Commit("doctor.binding");
    }

    private static System.Text.Json.Nodes.JsonObject Reconciled(Worktree worktree, BoardTask? task)
    {
        var reconciled = WorktreeEntries.Event("worktree.reconciled", worktree, task);
        reconciled["reason"] = "task and worktree did not name each other";
        return reconciled;
    }
}

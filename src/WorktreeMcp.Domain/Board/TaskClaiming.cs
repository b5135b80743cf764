using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Board;

/// <summary>Takes tasks and lets go of them; each in one change, so that of many who try one wins.</summary>
internal sealed class TaskClaiming(TaskBoard board, StateStore store)
{
    private const int MostNamed = 5;
    private const int MostSubject = 60;

    internal TaskTaken Claim(int? taskId, int? minutes, string by)
    {
        if (minutes is < 1 or > RepositorySettings.MostLeaseMinutes)
        {
            throw TaskRules.Invalid("lease_minutes", $"is {minutes}", $"Give 1 to {RepositorySettings.MostLeaseMinutes}, or leave it out.");
        }

        using var change = store.Begin("task.claim", by);
        var views = board.Everything(change).Views;
        var old = taskId is { } id ? Claimable(board.Require(id), by) : Best(change);
        var renewed = old.Owner == by && board.Claims.IsHeld(old);
        var task = TaskBoard.Put(change, board.Claims.Take(change, old.MoveTo(TaskState.InProgress), minutes));
        Claims.EmitClaimed(change, old, task);
        var warning = change.Commit("task.claim");
        return new TaskTaken(board.View(task), renewed, old.Owner == by ? null : old.Owner, Others(views, by, task.Id), warning);
    }

    /// <summary>Puts a task back on the board, whoever holds it.</summary>
    internal TaskChange Release(int id, string by)
    {
        using var change = store.Begin("task.release", by);
        var old = board.Require(id);
        if (!old.IsOpen)
        {
            throw new Refusal(RefusalCode.BadTransition, $"Task {id} is {old.Status.Word()}; nobody holds it.", "Only a pending or in_progress task can be released.", new NextStep.ShowTask(id));
        }

        var free = old.GivenTo(null).MoveTo(TaskState.Pending);
        if (free == old)
        {
            return new TaskChange(board.View(old), [], [], null);
        }

        free = TaskBoard.Put(change, free);
        Claims.EmitReleased(change, old, free);
        if (!old.HasClaim)
        {
            change.Emit(TaskBoard.Event("task.updated", free));
        }

        return new TaskChange(board.View(free), ["status", "owner"], [], change.Commit("task.release"));
    }

    private BoardTask Claimable(BoardTask task, string by)
    {
        if (!task.IsOpen)
        {
            throw new Refusal(
                RefusalCode.BadTransition,
                $"Task {task.Id} is {task.Status.Word()}; only a pending or in_progress task can be claimed.",
                $"Reopen it first: {new NextStep.ReopenTask(task.Id):with}.",
                new NextStep.ReopenTask(task.Id));
        }

        board.Claims.EnsureMay(task, by);
        if (task.Owner != by || !board.Claims.IsHeld(task))
        {
            board.EnsureNotBlocked(task);
        }

        return task;
    }

    private BoardTask Best(StateChange change) => Free(change, forWorktree: false).FirstOrDefault() ?? throw NothingFree(change);

    /// <summary>
    /// The tasks that the author of a change may take, the best first: what it holds and has no place for yet, where one is wanted; then
    /// the most urgent of what is ready and of what somebody left behind.
    /// </summary>
    internal IEnumerable<BoardTask> Free(StateChange change, bool forWorktree)
    {
        // One of the list may have been edited by hand since the list was read.
        var views = board.Everything(change).Views;
        var own = forWorktree ? views.Where(view => view.Task is { Worktree: null, Attention: TaskAttention.None } && view.Task.Owner == change.By && board.Claims.IsHeld(view.Task)) : [];
        foreach (var view in own.Concat(Candidates(views, change.By)))
        {
            if (board.Find(view.Task.Id) is { } task && task == view.Task && board.View(task).WaitsFor.Count == 0)
            {
                yield return task;
            }
        }
    }

    /// <summary>Why nothing can be taken, and who is at work on what is left.</summary>
    internal Refusal NothingFree(StateChange change)
    {
        var open = board.Everything(change).Views.Where(view => view.Task.IsOpen).ToList();
        var held = open.Where(view => board.Claims.IsHeld(view.Task)).ToList();
        var waiting = open.Where(view => view.WaitsFor.Count > 0).ToList();
        var asking = open.Where(view => view.Task.Attention != TaskAttention.None).ToList();
        return open.Count == 0
            ? new Refusal(RefusalCode.NotFound, "No task is ready: every task on the board is over.", $"Everything on the board is done; {Step.CreateTask} records a new goal.", board.NextFor(change.By))
            : new Refusal(
                RefusalCode.NotFound,
                $"No task is ready: of {open.Count} open ones {held.Count} are claimed, {waiting.Count} wait for others, {asking.Count} need a person."
                    + Listed(held, view => $"{view.Task.Owner} works on {Named(view)}")
                    + Listed(waiting.Except(held), view => $"{Named(view)} waits for {string.Join(", ", view.WaitsFor.Take(MostNamed))}")
                    + Listed(asking.Except(held).Except(waiting), view => $"{Named(view)} has attention {view.Task.Attention.Word()}"),
                $"Wait until one is completed or given back: {Step.ShowBoard} tells what there is then.",
                board.NextFor(change.By));
    }

    private static string Named(TaskView view) => $"{view.Task.Id} \"{(view.Task.Subject.Length <= MostSubject ? view.Task.Subject : view.Task.Subject[..MostSubject] + "…")}\"";

    private static string Listed(IEnumerable<TaskView> views, Func<TaskView, string> words)
    {
        var all = views.ToList();
        return all.Count == 0 ? string.Empty : $" {string.Join("; ", all.Take(MostNamed).Select(words))}{(all.Count > MostNamed ? $"; and {all.Count - MostNamed} more" : string.Empty)}.";
    }

    /// <summary>
    /// What an agent can take: the most urgent first, and of those ready ones before what somebody left behind half-done. One that is
    /// given to somebody else, or that a person should look at, is taken only by its number.
    /// </summary>
    internal IEnumerable<TaskView> Candidates(IReadOnlyList<TaskView> views, string by) => views
        .Where(view => view.WaitsFor.Count == 0 && view.Task.Attention == TaskAttention.None && (IsFree(view.Task, by) || IsAbandoned(view.Task)))
        .OrderByDescending(view => view.Task.Priority)
        .ThenBy(view => view.Task.Status == TaskState.InProgress)
        .ThenBy(view => view.Task.Id);

    private bool IsFree(BoardTask task, string by) => task.Status == TaskState.Pending && (task.Owner is null || task.Owner == by || task.HasClaim) && !board.Claims.IsHeld(task);

    private bool IsAbandoned(BoardTask task) => board.IsLeftBehind(task) && task.WorktreeState != "kept";

    private List<int> Others(IReadOnlyList<TaskView> views, string by, int taken) =>
        [.. views.Where(view => view.Task.Id != taken && view.Task.Owner == by && board.Claims.IsHeld(view.Task)).Select(view => view.Task.Id).Order()];
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// The board: what is to be done. Invariants:
/// - a check and its change happen under one lock;
/// - ready and blocked are derived from other tasks, never stored;
/// - a damaged file is named and left alone; all other tasks work.
/// </summary>
public sealed class TaskBoard
{
    private readonly StateStore _store;
    private readonly TaskRecording _recording;
    private readonly TaskPlanning _planning;
    private readonly TaskChanging _changing;
    private readonly TaskClaiming _claiming;
    private readonly TaskIndex _index;
    private readonly ConcurrentDictionary<int, Parsed> _parsed = new();

    /// <summary>The board that lies in a state.</summary>
    /// <param name="store">The state.</param>
    /// <param name="endsWithThisProcess">Whose claims end with this process; null for nobody's.</param>
    /// <param name="leaseMinutes">How long a claim holds if the caller does not say.</param>
    public TaskBoard(StateStore store, Func<string, bool>? endsWithThisProcess = null, int leaseMinutes = RepositorySettings.DefaultLeaseMinutes)
    {
        _store = store;
        _index = new TaskIndex(store.Layout);
        Claims = new Claims(store, Find, endsWithThisProcess ?? (_ => false), leaseMinutes) { Instead = by => Instead(by) };
        (_recording, _planning, _changing, _claiming) = (new TaskRecording(this, store), new TaskPlanning(this, store), new TaskChanging(this, store), new TaskClaiming(this, store));
        Questions = new TaskQuestions(this, store);
        Contracts = new TaskContracts(this, store);
        store.Edits.Read = TaskHandEdit.Of;
    }

    /// <summary>What agents ask persons, and what these say.</summary>
    public TaskQuestions Questions { get; }

    /// <summary>What tasks are held to.</summary>
    public TaskContracts Contracts { get; }

    /// <summary>Where the work of a task stands when it is to be completed.</summary>
    internal Func<BoardTask, FinishedWork> WorkOf { get; init; } = _ => FinishedWork.Unknown;

    /// <summary>Tasks that a newer version of this program has written, as of the last look at all.</summary>
    internal IReadOnlyList<BoardTask> Newer => _index.Newer;

    /// <summary>Who holds which task; asked by everything that changes a task or its worktree.</summary>
    internal Claims Claims { get; }

    /// <summary>What an agent does instead of what another holds; asked with the lock in hand, so it takes only what is known.</summary>
    internal Func<string, NextStep?> Instead { private get; init; } = _ => null;

    /// <summary>Records a goal.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="by">Who records it.</param>
    /// <returns>The task.</returns>
    public TaskChange Create(NewTask request, string by) => _recording.Create(TaskRecording.Checked(request), request, by);

    /// <summary>Records goals that wait for each other: all of them or none.</summary>
    /// <param name="plan">The goals.</param>
    /// <param name="by">Who records them.</param>
    /// <returns>The tasks.</returns>
    public TaskPlanned Plan(TaskPlan plan, string by) => _planning.Plan(plan, TaskPlanning.Checked(plan), by);

    /// <summary>Lists tasks.</summary>
    /// <param name="filter">Which ones.</param>
    /// <returns>One page.</returns>
    public TaskPage List(TaskFilter filter)
    {
        var after = filter.Cursor is null ? (TaskOrder?)null : TaskOrder.Parse(filter.Cursor);
        var (views, damaged) = Everything();
        var (total, rest) = (0, new List<TaskView>());
        foreach (var view in views)
        {
            if ((filter.Ready is null || view.IsReady == filter.Ready) && filter.Matches(view.Task))
            {
                total++;
                if (rest.Count <= filter.Limit && (after is null || TaskOrder.Of(view.Task).CompareTo(after.Value) > 0))
                {
                    rest.Add(view);
                }
            }
        }

        var page = rest.Take(filter.Limit).ToList();
        return new TaskPage(page, total, rest.Count > filter.Limit ? TaskOrder.Of(page[^1].Task).ToString() : null, damaged);
    }

    /// <summary>All tasks with what follows from others, in the order of lists, and the files that cannot be understood.</summary>
    internal TaskOverview Everything() => _index.Of(_store.Tasks(), Read);

    /// <summary>The same as it was last seen, without a look at the disk.</summary>
    internal IReadOnlyList<TaskView> Known() => _index.Of(_store.KnownTasks(), Read).Views;

    /// <summary>Those of them that an agent can take, the best first.</summary>
    internal IEnumerable<TaskView> Takeable(IReadOnlyList<TaskView> views, string by) => _claiming.Candidates(views, by);

    /// <summary>What an agent does that can take nothing.</summary>
    internal NextStep? NextFor(string by) => Instead(by);

    /// <summary>The same in the middle of a change.</summary>
    internal TaskOverview Everything(StateChange change) => _index.Of(change.Tasks(), Read);

    /// <summary>Whether an open task has an owner of that name, whether or not its claim still lives.</summary>
    internal bool Bears(string owner) => Everything().Views.Any(view => view.Task.IsOpen && view.Task.Owner == owner);

    /// <summary>One task as it is now.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The task with what it waits for.</returns>
    public TaskView Get(int id)
    {
        // Through the store, so that an operation which a kill interrupted is finished first.
        _ = _store.Task(id);
        return View(Require(id));
    }

    /// <summary>Tasks that wait for this one, as last seen.</summary>
    /// <param name="id">A task's number.</param>
    /// <returns>Their numbers, ascending.</returns>
    public IReadOnlyList<int> WaitingFor(int id) =>
        [.. _store.KnownTasks().Select(s => Parse(s).Task).OfType<BoardTask>().Where(t => t.IsOpen && t.BlockedBy.Contains(id)).Select(t => t.Id).Order()];

    /// <summary>Takes a task for the caller, or the best one that is ready; a repetition renews.</summary>
    /// <param name="taskId">Its number; null for the best.</param>
    /// <param name="leaseMinutes">How long the claim holds without a renewal; null for what is configured.</param>
    /// <param name="by">Who takes it.</param>
    /// <returns>The task, in progress.</returns>
    public TaskTaken Claim(int? taskId, int? leaseMinutes, string by) => _claiming.Claim(taskId, leaseMinutes, by);

    /// <summary>The tasks that the author of a change may take, the best first.</summary>
    internal IEnumerable<BoardTask> Free(StateChange change, bool forWorktree) => _claiming.Free(change, forWorktree);

    /// <summary>Why nothing can be taken.</summary>
    internal Refusal NothingFree(StateChange change) => _claiming.NothingFree(change);

    /// <summary>Puts a task back on the board, whoever holds it; for a person who supervises.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="by">Who frees it.</param>
    /// <returns>The task, pending and without an owner.</returns>
    public TaskChange Release(int id, string by) => _claiming.Release(id, by);

    /// <summary>For how many seconds its owner still holds a task; 0 when nobody does.</summary>
    /// <param name="task">The task.</param>
    /// <returns>Seconds.</returns>
    public double LeaseLeft(BoardTask task) => Claims.Left(task);

    /// <summary>Whether a task was begun and its claim has ended.</summary>
    /// <param name="task">The task.</param>
    /// <returns>True if so.</returns>
    public bool IsLeftBehind(BoardTask task) => task.Status == TaskState.InProgress && task.HasClaim && !Claims.IsHeld(task);

    /// <summary>Changes a task.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="edit">What to change.</param>
    /// <param name="by">Who changes it.</param>
    /// <returns>The task afterwards.</returns>
    public TaskChange Update(int id, TaskEdit edit, string by)
    {
        edit.RequireSomething();
        return _changing.Update(id, edit, by);
    }

    /// <summary>Stages that a task needs somebody's attention, with its event.</summary>
    internal static BoardTask RaiseAttention(StateChange change, BoardTask task, TaskAttention attention)
    {
        var raised = Put(change, task with { Attention = attention });
        var updated = Event("task.updated", raised);
        updated["changed"] = new JsonArray("attention");
        change.Emit(updated);
        return raised;
    }

    /// <summary>The task, or a refusal that names the nearest that exists or what is wrong with its file.</summary>
    internal BoardTask Require(int id)
    {
        if (_store.FindTask(id) is not { } stored)
        {
            var highest = _store.OnDisk.HighestTask;
            throw new Refusal(
                RefusalCode.NotFound,
                highest == 0 ? $"task_id {id} names no task; the board is empty." : $"task_id {id} names no task; the highest number on the board is {highest}.",
                $"Take a task id from {Step.ListTasks}.",
                new NextStep.ListTasks());
        }

        var parsed = Parse(stored);
        return parsed.Task ?? throw new Refusal(
            RefusalCode.CorruptFile,
            $"{_store.Layout.Task(id)} cannot be read: {parsed.Problem}. It was left as it is; all other tasks work.",
            "A person should repair or remove that file.",
            new NextStep.ListTasks());
    }

    /// <summary>Stages a changed task with its new revision; a change by its owner renews the claim.</summary>
    internal static BoardTask Put(StateChange change, BoardTask task)
    {
        if (task.Claim is { } claim && task.HasClaim && task.Owner == change.By)
        {
            var now = change.Moment;
            task = task.HeldBy(change.By, claim.From(now, claim.Left(task.LeaseUntil!.Value, now)), now);
        }

        var next = task with { Revision = task.Revision + 1, UpdatedAt = change.Now };
        change.PutTask(next.Id, TaskImage.Write(next));
        return next;
    }

    /// <summary>Stages the event of a completed task, if it has just become so.</summary>
    internal static void EmitCompleted(StateChange change, BoardTask old, BoardTask task)
    {
        if (old.Status != TaskState.Completed && task.Status == TaskState.Completed)
        {
            change.Emit(Event("task.completed", task));
        }
    }

    /// <summary>Refuses if a task waits for others and is to be started.</summary>
    internal void EnsureNotBlocked(BoardTask task)
    {
        if (WaitsFor(task, IsOpen) is { Count: > 0 } open)
        {
            throw new Refusal(
                RefusalCode.TaskBlocked,
                $"Task {task.Id} waits for {string.Join(", ", open.Select(Describe))}.",
                $"Complete these first, or drop the dependency with {Step.ChangeTask} remove_blocked_by.",
                new NextStep.ShowTask(open[0]));
        }
    }

    /// <summary>The tasks that became ready because one is over now.</summary>
    internal IReadOnlyList<int> NowReady(BoardTask old, BoardTask task) =>
        old.IsOpen && !task.IsOpen ? [.. WaitingFor(task.Id).Where(id => Find(id) is { } waiting && View(waiting).IsReady)] : [];

    internal TaskView View(BoardTask task) => new(task, WaitsFor(task, IsOpen));

    internal static JsonObject Event(string name, BoardTask task) => new()
    {
        ["event"] = name,
        ["task"] = new JsonObject { ["id"] = task.Id, ["status"] = task.Status.Word() },
        ["worktree"] = task.Worktree is null ? [] : new JsonObject { ["name"] = task.Worktree, ["status"] = task.WorktreeState },
    };

    /// <summary>What a task waits for from now on; refuses what does not exist and what would close a cycle.</summary>
    internal List<int> Blockers(int id, IReadOnlyList<int> kept, IReadOnlyList<int> added, string argument)
    {
        var all = kept.Concat(added).Distinct().ToList();
        if (all.Count > TaskRules.BlockerCount)
        {
            throw TaskRules.Invalid(argument, $"would make {all.Count} tasks to wait for", $"At most {TaskRules.BlockerCount} are allowed.");
        }

        foreach (var blocker in added.Except(kept))
        {
            if (blocker != id && Find(blocker) is null or { Status: TaskState.Deleted })
            {
                throw new Refusal(RefusalCode.NotFound, $"{argument} names task {blocker}, which does not exist.", $"Take task ids from {Step.ListTasks}.", new NextStep.ListTasks());
            }

            if (Dependencies.Path(blocker, id, other => Find(other)?.BlockedBy ?? []) is { } path)
            {
                throw TaskRules.Invalid(argument, $"would close a cycle: {string.Join(" -> ", path.Prepend(id))}", "Leave out the dependency that closes it.");
            }
        }

        return all;
    }

    // A deleted or vanished task is not waited for: it will never be completed. One with a damaged file may still be open.
    internal static IReadOnlyList<int> WaitsFor(BoardTask task, Func<int, bool> isOpen) =>
        task.BlockedBy.Count == 0 ? [] : [.. task.BlockedBy.Where(isOpen)];

    private bool IsOpen(int id) => _store.FindTask(id) is { } stored && Parse(stored).Task is not { IsOpen: false };

    /// <summary>The task, or null when there is none or its file is damaged.</summary>
    internal BoardTask? Find(int id) => _store.FindTask(id) is { } stored ? Parse(stored).Task : null;

    private string Describe(int id) => Find(id) is { } task ? $"{id} \"{task.Subject}\" ({task.Status.Word()})" : $"{id} (its file is damaged)";

    private (BoardTask? Task, string? Problem) Read(StoredTask stored) => Parse(stored) is var parsed ? (parsed.Task, parsed.Problem) : default;

    // What the log does not know came from elsewhere.
    private BoardTask Known(BoardTask task) => task.Contract == TaskContract.None || _store.Edits.Knows(task.Id) ? task : task with { Contract = task.Contract.ByHand(TaskContract.None) };

    private Parsed Parse(StoredTask stored)
    {
        if (_parsed.TryGetValue(stored.Id, out var known) && ReferenceEquals(known.Stored, stored))
        {
            return known;
        }

        Parsed parsed;
        try
        {
            parsed = stored.Problem is { } problem ? new Parsed(stored, null, problem) : new Parsed(stored, Known(TaskImage.Read(stored.Id, stored.Bytes)), null);
        }
        catch (FormatException fault)
        {
            parsed = new Parsed(stored, null, fault.Message);
        }

        return _parsed[stored.Id] = parsed;
    }

    private sealed record Parsed(StoredTask Stored, BoardTask? Task, string? Problem);
}

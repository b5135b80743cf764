using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Board;

/// <summary>All tasks as they were last looked at.</summary>
/// <param name="Views">In the order of lists, with what follows from other tasks.</param>
/// <param name="Damaged">The files that cannot be understood.</param>
internal sealed record TaskOverview(IReadOnlyList<TaskView> Views, IReadOnlyList<DamagedTask> Damaged);

/// <summary>Puts all tasks in order, anew only when one of their files is another one; what did not change is not made again.</summary>
internal sealed class TaskIndex(StateLayout layout)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, BoardTask> _tasks = [];
    private readonly Dictionary<int, TaskView> _known = [];
    private IReadOnlyList<StoredTask>? _of;
    private TaskOverview _overview = new([], []);

    /// <summary>Those of them that a newer version of this program has written.</summary>
    internal IReadOnlyList<BoardTask> Newer { get; private set; } = [];

    /// <summary>The tasks of these files.</summary>
    /// <param name="stored">The files; the same collection as before means that none has changed.</param>
    /// <param name="parse">What stands in one of them, or what is wrong with it.</param>
    internal TaskOverview Of(IReadOnlyList<StoredTask> stored, Func<StoredTask, (BoardTask? Task, string? Problem)> parse)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_of, stored))
            {
                var damaged = Read(stored, parse);
                _overview = new TaskOverview(InOrder(damaged), damaged);
                Newer = [.. _tasks.Values.Where(task => task.NewerVersion is not null).OrderBy(task => task.Id)];
                _of = stored;
            }

            return _overview;
        }
    }

    private List<DamagedTask> Read(IReadOnlyList<StoredTask> stored, Func<StoredTask, (BoardTask? Task, string? Problem)> parse)
    {
        _tasks.Clear();
        var damaged = new List<DamagedTask>();
        foreach (var file in stored)
        {
            var (task, problem) = parse(file);
            if (task is not null)
            {
                _tasks[task.Id] = task;
            }
            else
            {
                damaged.Add(new DamagedTask(file.Id, layout.Task(file.Id), problem!));
            }
        }

        return [.. damaged.OrderBy(file => file.Id)];
    }

    private TaskView[] InOrder(List<DamagedTask> damaged)
    {
        var broken = damaged.Select(file => file.Id).ToHashSet();
        var keys = new long[_tasks.Count];
        var views = new TaskView[_tasks.Count];
        var at = 0;
        foreach (var task in _tasks.Values)
        {
            keys[at] = TaskOrder.Of(task).Key;
            views[at++] = View(task, broken);
        }

        if (_known.Count > views.Length)
        {
            foreach (var gone in _known.Keys.Where(id => !_tasks.ContainsKey(id)).ToList())
            {
                _known.Remove(gone);
            }
        }

        Array.Sort(keys, views);
        return views;
    }

    private TaskView View(BoardTask task, HashSet<int> broken)
    {
        IReadOnlyList<int> waits = task.BlockedBy.Count == 0 ? [] : TaskBoard.WaitsFor(task, id => _tasks.TryGetValue(id, out var blocker) ? blocker.IsOpen : broken.Contains(id));
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, task.Id, out _);
        return known is not null && ReferenceEquals(known.Task, task) && known.WaitsFor.SequenceEqual(waits) ? known : known = new TaskView(task, waits);
    }
}

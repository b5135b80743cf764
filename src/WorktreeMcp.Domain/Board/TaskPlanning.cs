using System.Globalization;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// Records many goals that wait for each other: all of them or none, in one operation. What a plan is by itself is checked without the
/// lock; what it says of tasks that exist, under it.
/// </summary>
internal sealed class TaskPlanning(TaskBoard board, StateStore store)
{
    private const string Kind = "task.plan";
    private const int MostTasks = 100;
    private const int MostKeys = 5;

    /// <summary>The goals of a plan, each within its bounds; refuses keys that do not tell them apart.</summary>
    internal static IReadOnlyList<BoardTask> Checked(TaskPlan plan)
    {
        if (plan.Tasks.Count is 0 or > MostTasks)
        {
            throw TaskRules.Invalid("tasks", $"has {plan.Tasks.Count} members", $"Give 1 to {MostTasks} tasks; more go into a second plan, whose needs name the ids of the first.");
        }

        var keys = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (place, planned) in plan.Tasks.Index())
        {
            RequireKey(planned.Key, place);
            if (!keys.TryAdd(planned.Key, place))
            {
                throw TaskRules.Invalid($"tasks[{place}].key", $"is \"{planned.Key}\", as that of tasks[{keys[planned.Key]}] is", "Give each task a key of its own.");
            }
        }

        return [.. plan.Tasks.Select(Checked)];
    }

    /// <summary>Records them.</summary>
    internal TaskPlanned Plan(TaskPlan plan, IReadOnlyList<BoardTask> goals, string by)
    {
        using var change = store.Begin(Kind, by);
        if (change.AnswerOf(plan.RequestId, Kind) is { } images)
        {
            return FirstAnswer(plan, images);
        }

        var ids = goals.Select(_ => change.NewTaskId()).ToList();
        var numbers = plan.Tasks.Zip(ids).ToDictionary(pair => pair.First.Key, pair => pair.Second, StringComparer.Ordinal);
        var needs = plan.Tasks.Select(planned => Needs(planned, numbers)).ToList();
        RefuseCycle(plan, ids, needs);
        var tasks = new List<BoardTask>(goals.Count);
        foreach (var (place, goal) in goals.Index())
        {
            var task = TaskBoard.Put(change, goal with { Id = ids[place], BlockedBy = needs[place], CreatedAt = change.Now });
            change.Emit(TaskBoard.Event("task.created", task));
            tasks.Add(task);
        }

        var ready = tasks.Where(task => !task.BlockedBy.Any(need => numbers.ContainsValue(need) || board.Find(need) is not { IsOpen: false })).ToList();
        return Answer(plan, tasks, ready, change.Commit(Kind, plan.RequestId));
    }

    private static TaskPlanned Answer(TaskPlan plan, IReadOnlyList<BoardTask> tasks, IEnumerable<BoardTask> ready, string? warning) => new(
        [.. plan.Tasks.Zip(tasks, (planned, task) => KeyValuePair.Create(planned.Key, task))],
        [.. ready.OrderBy(TaskOrder.Of).Select(task => task.Id)],
        warning);

    // The operation knows no keys: they are those of the repetition, whose goals must be the same in the same order.
    private TaskPlanned FirstAnswer(TaskPlan plan, IReadOnlyList<JsonObject> images)
    {
        var first = images.Select(image => TaskImage.Read((int)image["id"]!, StateJson.Line(image))).ToList();
        return first.Select(task => task.Subject).SequenceEqual(plan.Tasks.Select(planned => planned.Goal.Subject), StringComparer.Ordinal)
            ? Answer(plan, first, first.Where(task => board.Find(task.Id) is { } now && board.View(now).IsReady), null)
            : throw new Refusal(RefusalCode.InvalidArgument, $"request_id \"{plan.RequestId}\" was used for another plan before.", "Use a new request_id for each different call.");
    }

    private static void RequireKey(string key, int place)
    {
        if (string.IsNullOrWhiteSpace(key) || key.Length > TaskRules.NameLength || key.Any(char.IsControl))
        {
            throw TaskRules.Invalid($"tasks[{place}].key", "is empty, overlong or unprintable", $"A key has 1 to {TaskRules.NameLength} printable characters, such as \"parser\".");
        }

        if (IdIn(key) is not null)
        {
            throw TaskRules.Invalid($"tasks[{place}].key", $"is \"{key}\", which reads like a task's id", "Use a word such as \"parser\"; needs could not tell it from an id.");
        }
    }

    private static BoardTask Checked(PlannedTask planned)
    {
        try
        {
            return TaskRecording.Checked(planned.Goal);
        }
        catch (Refusal refusal)
        {
            throw new Refusal(refusal.Code, $"Of \"{planned.Key}\": {refusal.Message}", refusal.Hint, refusal.Next);
        }
    }

    private List<int> Needs(PlannedTask planned, Dictionary<string, int> numbers)
    {
        var needs = planned.Needs.Select(need => numbers.TryGetValue(need, out var number) ? number : Existing(planned, need, numbers.Keys)).Distinct().ToList();
        return needs.Count <= TaskRules.BlockerCount ? needs
            : throw TaskRules.Invalid("needs", $"of \"{planned.Key}\" has {needs.Count} members", $"At most {TaskRules.BlockerCount} are allowed.");
    }

    private int Existing(PlannedTask planned, string need, IEnumerable<string> keys)
    {
        if (IdIn(need) is not { } id)
        {
            var nearest = NearestName.Of(need, keys);
            throw new Refusal(
                RefusalCode.InvalidArgument,
                $"needs of \"{planned.Key}\" names \"{VisibleText.Of(need.Length > TaskRules.NameLength ? need[..TaskRules.NameLength] : need)}\", which is no key of this plan.",
                nearest is not null ? $"Did you mean \"{nearest}\"?" : $"Its keys are {string.Join(", ", keys.Take(MostKeys))}{(keys.Count() > MostKeys ? ", ..." : string.Empty)}; tasks that exist are named by their id.");
        }

        return board.Find(id) is not null and not { Status: TaskState.Deleted } ? id : throw new Refusal(
            RefusalCode.NotFound, $"needs of \"{planned.Key}\" names task {id}, which does not exist.", $"Take task ids from {Step.ListTasks}.", new NextStep.ListTasks());
    }

    private static int? IdIn(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    // A file written by hand may wait for a number that no task has yet: then the way leads through it.
    private void RefuseCycle(TaskPlan plan, List<int> ids, List<List<int>> needs)
    {
        var planned = ids.Zip(needs).ToDictionary(pair => pair.First, pair => (IReadOnlyList<int>)pair.Second);
        if (Dependencies.Cycle(ids, id => planned.GetValueOrDefault(id) ?? board.Find(id)?.BlockedBy ?? []) is { } cycle)
        {
            var names = ids.Zip(plan.Tasks).ToDictionary(pair => pair.First, pair => pair.Second.Key);
            throw TaskRules.Invalid(
                "tasks",
                $"wait for each other in a cycle: {string.Join(" -> ", cycle.Select(id => names.GetValueOrDefault(id) ?? $"{id}"))}",
                "Leave out the dependency that closes it. Nothing of the plan was recorded.");
        }
    }
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;

namespace WorktreeMcp.Server.Wire;

/// <summary>A goal of task_plan, with the members of task_create.</summary>
public sealed record PlannedGoal(
    [property: Description("Your name for it within this plan, such as \"parser\".")][property: StringLength(100, MinimumLength = 1)] string Key,
    [property: StringLength(500, MinimumLength = 1)] string Subject,
    [property: StringLength(16_000)] string? Description = null,
    [property: Description("What must be completed first: keys of this plan, or ids of tasks that exist, such as \"7\".")] string[]? Needs = null,
    TaskPriority? Priority = null,
    string[]? Labels = null,
    string[]? Acceptance = null,
    [property: StringLength(4_000)] string? Verify = null,
    string[]? Scope = null)
{
    internal PlannedTask ToTask() => new(Key, new NewTask(Subject, Description, Priority: Priority ?? TaskPriority.Normal, Labels: Labels) { Acceptance = Acceptance, Verify = Verify, Scope = Scope }, Needs ?? []);
}

/// <summary>Answer of task_plan.</summary>
public sealed record PlanRecorded(IReadOnlyDictionary<string, int> Ids, IReadOnlyList<int> Ready, string? Warning, bool? Done, string? Next)
{
    internal static PlanRecorded From(TaskPlanned planned, Onward onward) =>
        new(planned.Tasks.ToDictionary(task => task.Key, task => task.Value.Id), planned.Ready, planned.Warning, onward.Done(), onward.Next());
}

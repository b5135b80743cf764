namespace WorktreeMcp.Domain.Board;

/// <summary>One goal of a plan.</summary>
/// <param name="Key">Its name within the plan.</param>
/// <param name="Goal">The goal. What it waits for stands in <paramref name="Needs"/>, and the request's id with the plan.</param>
/// <param name="Needs">What must be completed first: keys of the plan, and numbers of tasks that exist.</param>
public sealed record PlannedTask(string Key, NewTask Goal, IReadOnlyList<string> Needs);

/// <summary>Goals that are recorded together.</summary>
/// <param name="Tasks">The goals, at most a hundred.</param>
/// <param name="RequestId">The caller's id: a repetition answers with the first result.</param>
public sealed record TaskPlan(IReadOnlyList<PlannedTask> Tasks, string? RequestId = null);

/// <summary>What became of a plan.</summary>
/// <param name="Tasks">The tasks, by their keys, in the order of the plan.</param>
/// <param name="Ready">Those that can be begun, the best first.</param>
/// <param name="Warning">Done, but the next call must finish writing it; else null.</param>
public sealed record TaskPlanned(IReadOnlyList<KeyValuePair<string, BoardTask>> Tasks, IReadOnlyList<int> Ready, string? Warning);

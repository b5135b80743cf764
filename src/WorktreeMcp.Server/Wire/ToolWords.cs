using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Wire;

/// <summary>How an agent is told of steps: by the names of tools and their arguments.</summary>
public static class ToolWords
{
    private const string Elsewhere = "a tool that is not listed here";

    private static readonly JsonTypeInfo<string> Text = WireJson.TypeInfo<string>();

    // Whoever is spoken to goes with the request: the words are made far below it, in many places. Null where all tools are listed.
    private static readonly AsyncLocal<Func<string, bool>?> Listed = new();

    /// <summary>In what this request goes on to do, no other tool is named.</summary>
    /// <param name="isListed">Whether the client is shown a tool; null for all.</param>
    internal static void NameOnly(Func<string, bool>? isListed) => Listed.Value = isListed;

    /// <summary>Whether the client is shown a tool.</summary>
    internal static bool IsListed(string tool) => Listed.Value?.Invoke(tool) ?? true;

    /// <summary>The tool that does a step, or what stands in for it where the client is not shown that one.</summary>
    /// <param name="step">The step.</param>
    /// <returns>Its name.</returns>
    public static string Of(Step step) => Tool(step) is var tool && IsListed(tool) ? tool : step switch
    {
        Step.ListTasks or Step.ListWorktrees when IsListed(Tool(Step.ShowBoard)) => Tool(Step.ShowBoard),
        Step.ShowTask => "its file in .tasks",
        Step.DiffWorktree => "git diff",
        Step.ReadEvents => ".worktrees/events.jsonl",
        Step.RunCommand or Step.ReadFile or Step.EditFile => "a shell",
        _ => Elsewhere,
    };

    private static string Tool(Step step) => step switch
    {
        Step.ShowBoard => "board_show",
        Step.CreateTask => "task_create",
        Step.ListTasks => "task_list",
        Step.ShowTask => "task_get",
        Step.ChangeTask => "task_update",
        Step.ClaimTask => "task_claim",
        Step.BindTask => "task_bind_worktree",
        Step.CreateWorktree => "worktree_create",
        Step.ListWorktrees => "worktree_list",
        Step.ShowWorktree => "worktree_status",
        Step.DiffWorktree => "worktree_diff",
        Step.RunCommand => "worktree_run",
        Step.ReadOutput => "worktree_output",
        Step.StopRun => "worktree_stop",
        Step.LandWorktree => "worktree_merge",
        Step.KeepWorktree => "worktree_keep",
        Step.RemoveWorktree => "worktree_remove",
        Step.RestoreWorktree => "worktree_restore",
        Step.ReadEvents => "worktree_events",
        Step.ReadFile => "worktree_read",
        Step.EditFile => "worktree_edit",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "No tool does it."),
    };

    /// <summary>A step as the call that does it.</summary>
    /// <param name="step">The step; null has no words.</param>
    /// <returns>Such as <c>worktree_status(name: "a")</c>, or null.</returns>
    public static string? Of(NextStep? step) => Possible(step) is { } possible ? Written(possible) : null;

    // What shows the same or more, where the client is not shown the tool itself.
    private static NextStep? Possible(NextStep? step) => step is null || IsListed(Tool(step.Kind)) ? step : step switch
    {
        NextStep.DiffWorktree diff when IsListed(Tool(Step.ShowWorktree)) => new NextStep.ShowWorktree(diff.Name),
        NextStep.ShowBoard => null,
        _ => Possible(new NextStep.ShowBoard()),
    };

    private static string Written(NextStep step) =>
        $"{Tool(step.Kind)}({string.Join(", ", Arguments(step).Select(argument => $"{argument.Name}: {argument.Value}"))})";

    /// <summary>A sentence with the names of tools in it.</summary>
    /// <param name="advice">The sentence.</param>
    /// <returns>Its words.</returns>
    public static string Of(Advice advice) => string.Concat(advice.Parts.Select(part => part switch
    {
        { Text: { } text } => text,
        { Kind: { } kind } => Of(kind),
        { Step: { } step } when !IsListed(Tool(step.Kind)) => Of(step.Kind),
        { Form: StepForm.With, Step: { } step } => $"{Of(step.Kind)} with {string.Join(" and ", Arguments(step).Select(argument => $"{argument.Name} {argument.Value}"))}",
        _ => Written(part.Step!),
    }));

    private static IEnumerable<(string Name, string Value)> Arguments(NextStep step)
    {
        IReadOnlyList<(string Name, object? Value)> all = step switch
        {
            NextStep.ShowBoard board => [("wait_seconds", board.WaitSeconds), ("since_seq", board.SinceSeq)],
            NextStep.CreateTask => [("subject", "...")],
            NextStep.ListTasks list => [("cursor", list.Cursor)],
            NextStep.ShowTask task => [("task_id", task.Id)],
            NextStep.ReopenTask task => [("task_id", task.Id), ("status", "pending")],
            NextStep.FinishTask task => [("task_id", task.Id), ("status", "completed")],
            NextStep.MeetCriteria task => [("task_id", task.Id), ("met", task.Numbers)],
            NextStep.ClaimTask task => [("task_id", task.Id)],
            NextStep.CreateWorktree made => [("name", made.Name), ("branch", made.Branch), ("task_id", made.TaskId)],
            NextStep.ListWorktrees list => [("status", list.Removed ? "removed" : null), ("cursor", list.Cursor)],
            NextStep.ShowWorktree worktree => [("name", worktree.Name)],
            NextStep.DiffWorktree diff => [("name", diff.Name), ("format", diff.Patch ? "patch" : null), ("cursor", diff.Cursor)],
            NextStep.RunCommand run => [("name", run.Name), ("command", run.Command)],
            NextStep.ReadOutput output => [("run_id", output.RunId), ("offset", output.Offset)],
            NextStep.StopRun stop => [("run_id", stop.RunId)],
            NextStep.LandWorktree landing => [("name", landing.Name), ("into", landing.Into), ("strategy", landing.Strategy), ("complete_task", Given(landing.CompleteTask)), ("remove", Given(landing.Remove))],
            NextStep.KeepWorktree worktree => [("name", worktree.Name), ("complete_task", Given(worktree.CompleteTask))],
            NextStep.RemoveWorktree worktree => [("name", worktree.Name), ("complete_task", Given(worktree.CompleteTask))],
            NextStep.RestoreWorktree back => [("name", back.Name), ("new_name", back.NewName), ("trash_id", back.TrashId)],
            NextStep.ReadEvents events => [("since_seq", events.Since)],
            NextStep.ReadFile file => [("name", file.Name), ("path", file.Path), ("from_line", file.FromLine)],
            NextStep.EditFile file => [("name", file.Name), ("path", file.Path), ("old_text", "..."), ("new_text", "...")],
            _ => [],
        };
        return all.Where(argument => argument.Value is not null).Select(argument => (argument.Name, Written(argument.Value!)));
    }

    private static bool? Given(bool wanted) => wanted ? true : null;

    private static string Written(object value) => value switch
    {
        string text => JsonSerializer.Serialize(text, Text),
        true => "true",
        IReadOnlyList<int> numbers => $"[{string.Join(", ", numbers)}]",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };
}

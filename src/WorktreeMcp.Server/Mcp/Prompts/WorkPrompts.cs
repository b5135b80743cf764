using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp.Prompts;

/// <summary>What a person can ask an agent for with one word; each leads along the tools.</summary>
[McpServerPromptType]
public sealed partial class WorkPrompts
{
    /// <summary>Break a goal into tasks that several agents can work on side by side.</summary>
    /// <param name="goal">What is to be reached.</param>
    [McpServerPrompt(Name = "plan_work", Title = "Plan work")]
    public static partial string Plan(string goal) =>
        $"""
        Plan this goal on the shared board, so that several agents can work on it side by side:

        {goal}

        1. Call board_show. Do not record again what is there already.
        2. Read the code far enough to know which files each part will touch. Cut the goal into tasks that one agent can finish in one worktree; parts that touch the same files belong into one task, or wait for each other.
        3. Record them all with one call of task_plan: the subject says the result, the description says which files, what must not change and how to tell that it is done. Let one wait for another only where it really needs it.
        4. Show the plan as a short list with the ids, and say what can be started now. Start nothing yourself.
        """;

    /// <summary>Take a task and work on it in a worktree of its own.</summary>
    /// <param name="task_id">Which one; the best ready one if left out.</param>
    [McpServerPrompt(Name = "start_task", Title = "Start a task")]
    public static partial string Start(string? task_id = null) =>
        $"""
        Take {(string.IsNullOrWhiteSpace(task_id) ? "the best ready task" : $"task {task_id.Trim()}")} from the shared board and do it.

        1. Call {(string.IsNullOrWhiteSpace(task_id) ? "worktree_create()" : $"worktree_create(task_id: {task_id.Trim()})")}: it claims the task and makes the place to work. If it was left behind by another, call task_claim with its id first, which shows what lies there.
        2. Work only under the path that is returned, never in the main checkout.
        3. Build and test with worktree_run. Commit after each step that works. Put what others must know into task_update(note).
        4. If you need a decision, ask with task_update(question), and wait for the answer with board_show(wait_seconds: 300).
        5. When it is done and committed, finish as in the prompt wrap_up.
        """;

    /// <summary>Look at the work in a worktree as a reviewer.</summary>
    /// <param name="name">The worktree.</param>
    [McpServerPrompt(Name = "review_worktree", Title = "Review a worktree")]
    public static partial string Review(string name) =>
        $"""
        Review the work in worktree "{name}". Change nothing in it.

        1. Call worktree_status(name: "{name}") and task_get for its task: the description says what was wanted.
        2. Read the changes against the base with {ToolWords.Of(Step.DiffWorktree)}. Read the code around them, not only the lines that changed.
        3. Run the tests there with worktree_run.
        4. Report what is wrong or missing, the worst first, each with its file and line; then say whether it can land. Record the verdict with task_update(note), which every task takes.
        """;

    /// <summary>Finish the work in a worktree.</summary>
    /// <param name="name">The worktree.</param>
    [McpServerPrompt(Name = "wrap_up", Title = "Wrap up a worktree")]
    public static partial string WrapUp(string name) =>
        $"""
        Finish the work in worktree "{name}".

        1. Call worktree_status(name: "{name}"). Commit what belongs to the task, and name what does not.
        2. Run the tests once more with worktree_run. If they fail, repair them or say what is left, and stop.
        3. If conflicts with the base are predicted, merge the base inside the worktree, resolve them and test again.
        4. Add a note to the task with task_update: what was done, what was decided, what is left.
        5. Call worktree_merge with complete_task, remove and the test command as verify_command to land it; or worktree_keep with complete_task if somebody else reviews and lands it. Say which tasks have become ready.
        """;
}

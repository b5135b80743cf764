using ModelContextProtocol.Server;

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

        1. Call board_show and task_list. Do not record again what is there already.
        2. Read the code far enough to know which files each part will touch. Cut the goal into tasks that one agent can finish in one worktree; parts that touch the same files belong into one task, or wait for each other.
        3. Call task_create for each: the subject says the result, the description says which files, what must not change and how to tell that it is done. Give blocked_by only where one really needs the other.
        4. Show the plan as a short list with the ids, and say what can be started now. Start nothing yourself.
        """;

    /// <summary>Take a task and work on it in a worktree of its own.</summary>
    /// <param name="task_id">Which one; the best ready one if left out.</param>
    [McpServerPrompt(Name = "start_task", Title = "Start a task")]
    public static partial string Start(string? task_id = null) =>
        $"""
        Take {(string.IsNullOrWhiteSpace(task_id) ? "the best ready task" : $"task {task_id.Trim()}")} from the shared board and do it.

        1. Call {(string.IsNullOrWhiteSpace(task_id) ? "task_claim()" : $"task_claim(task_id: {task_id.Trim()})")}. If the answer says that work was left behind, look at it with worktree_status before you go on with it.
        2. Call worktree_create with its id. Work only under the path that it returns, never in the main checkout.
        3. Build and test with worktree_run. Commit after each step that works. Put what others must know into task_update(note).
        4. If you need a decision, set attention to needs_input with a note that says what for, and stop.
        5. When it is done and committed, finish as in the prompt wrap_up.
        """;

    /// <summary>Look at the work in a worktree as a reviewer.</summary>
    /// <param name="name">The worktree.</param>
    [McpServerPrompt(Name = "review_worktree", Title = "Review a worktree")]
    public static partial string Review(string name) =>
        $"""
        Review the work in worktree "{name}". Change nothing in it.

        1. Call worktree_status(name: "{name}") and task_get for its task: the description says what was wanted.
        2. Read the changes against the base with worktree_diff. Read the code around them, not only the lines that changed.
        3. Run the tests there with worktree_run.
        4. Report what is wrong or missing, the worst first, each with its file and line; then say whether it can land. Record the verdict with task_update(note) if you may change the task, else give it to the person.
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

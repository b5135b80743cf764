using System.Text.Json;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>One call, with its arguments as they stand in JSON.</summary>
internal sealed record ToolStep(string Tool, string Arguments);

/// <summary>Puts the run's id that an answer gave into the steps after it, where they say RUN_ID.</summary>
internal sealed class RunIds
{
    private string _last = "RUN_ID";

    public string Into(ToolStep step) => step.Arguments.Replace("RUN_ID", _last, StringComparison.Ordinal);

    public void See(JsonElement answer) => _last = answer.TryGetProperty("run_id", out var id) ? id.GetString()! : _last;
}

/// <summary>A short life of two tasks in a fresh repository that calls every tool at least once; each call succeeds.</summary>
internal static class EveryToolOnce
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "task_create", "task_plan", "task_list", "task_get", "task_update", "task_bind_worktree", "worktree_create", "worktree_list",
        "worktree_status", "worktree_run", "worktree_keep", "worktree_remove", "worktree_events",
        "task_claim", "worktree_diff", "worktree_conflicts", "worktree_merge", "worktree_restore", "worktree_output", "worktree_stop", "board_show",
        "worktree_read", "worktree_edit",
    ];

    public static IReadOnlyList<ToolStep> Steps { get; } =
    [
        new("task_create", """{"subject":"Sign in","description":"With a token.","priority":"high","labels":["auth"]}"""),
        new("task_create", """{"subject":"Sign out","blocked_by":[1]}"""),
        new("task_plan", """{"tasks":[{"key":"docs","subject":"Describe both","needs":["2"]},{"key":"site","subject":"Publish it","needs":["docs"]}]}"""),
        new("board_show", "{}"),
        new("task_list", """{"ready":true}"""),
        new("task_claim", """{"lease_minutes":30}"""),
        new("task_update", """{"task_id":1,"note":"Started.","attention":"review"}"""),
        new("worktree_create", """{"name":"lane"}"""),
        new("task_bind_worktree", """{"task_id":1,"worktree":"lane"}"""),
        new("worktree_run", """{"name":"lane","command":"echo token > token.txt && git add -A && git commit -q -m token && echo done"}"""),
        new("worktree_edit", """{"name":"lane","path":"docs/new.md","new_text":"# Tokens\n","create":true}"""),
        new("worktree_read", """{"name":"lane","path":"docs/new.md"}"""),
        new("worktree_edit", """{"name":"lane","path":"docs/new.md","old_text":"Tokens","new_text":"Tickets"}"""),
        new("worktree_run", """{"name":"lane","command":"git add -A && git commit -q -m docs"}"""),
        new("worktree_run", """{"name":"lane","command":"echo up; sleep 600","background":true}"""),
        new("worktree_output", """{"run_id":"RUN_ID"}"""),
        new("worktree_stop", """{"run_id":"RUN_ID"}"""),
        new("worktree_status", """{"name":"lane"}"""),
        new("worktree_diff", """{"name":"lane","format":"patch"}"""),
        new("worktree_conflicts", "{}"),
        new("worktree_merge", """{"name":"lane","strategy":"squash","verify_command":"test -f token.txt"}"""),
        new("worktree_list", "{}"),
        new("task_get", """{"task_id":1}"""),
        new("worktree_keep", """{"name":"lane","reason":"To be reviewed."}"""),
        new("worktree_remove", """{"name":"lane","complete_task":true}"""),
        new("worktree_restore", """{"name":"lane"}"""),
        new("worktree_remove", """{"name":"lane"}"""),
        new("worktree_events", """{"limit":200}"""),
    ];
}

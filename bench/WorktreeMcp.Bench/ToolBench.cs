using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>Each tool, warm, on a board of a given size.</summary>
internal sealed class ToolBench(Report report, BenchOptions options, Scratch scratch)
{
    internal void Run(int tasks, int worktrees)
    {
        var root = scratch.Repository($"board-{tasks}");
        Boards.WriteTasks(root, tasks);
        using var server = Server.Start(Server.Served, root).Initialize();
        report.Section(string.Create(CultureInfo.InvariantCulture, $"Tools, warm, with {tasks:N0} tasks and {worktrees} worktrees"));
        report.Row("first `task_list` of a fresh server", Samples.Of(1, () => server.Call("task_list")));
        for (var i = 1; i <= worktrees; i++)
        {
            server.Call("worktree_create", $$"""{"name":"work-{{i}}"}""");
        }

        Tasks(server, tasks);
        Worktrees(server, root, worktrees);
        if (server.Memory() is { } memory)
        {
            report.Note(string.Create(CultureInfo.InvariantCulture, $"Resident memory of the server after these calls: {memory.Now:0} MB (peak {memory.Peak:0} MB)."));
        }
    }

    private void Tasks(Server server, int tasks)
    {
        var random = new Random(1);
        int Any() => 1 + random.Next(tasks);
        Measure("`task_create`", "< 10 ms", () => server.Call("task_create", """{"subject":"Measure how long this takes","description":"One call."}"""));
        Measure("`task_get`", "< 10 ms", () => server.Call("task_get", $$"""{"task_id":{{Any()}}}"""));
        Measure("`task_update` with a note", "< 10 ms", () => server.Call("task_update", $$"""{"task_id":{{Any()}},"note":"Looked at it."}"""));
        Measure("`task_list`, first page of 20", "< 30 ms", () => server.Call("task_list"));
        var cursor = Server.Content(server.Call("task_list", """{"limit":5}""")).GetProperty("next_cursor").GetString();
        Measure("`task_list`, a later page", "< 30 ms", () => server.Call("task_list", $$"""{"cursor":"{{cursor}}"}"""));
        Measure("`task_list` of ready tasks with a text", "< 30 ms", () => server.Call("task_list", """{"ready":true,"query":"NUMBER 77"}"""));
        Measure("`task_update`, then `task_list`", "", () =>
        {
            server.Call("task_update", $$"""{"task_id":{{Any()}},"note":"Looked at it again."}""");
            server.Call("task_list");
        });

        void Measure(string what, string aim, Action call)
        {
            _ = Samples.Of(options.Warm, call);
            report.Row(what, Samples.Of(options.Calls, call), aim);
        }
    }

    private void Worktrees(Server server, string root, int worktrees)
    {
        var rows = Math.Min(worktrees, 20);
        var random = new Random(2);
        string Any() => $"work-{1 + random.Next(worktrees)}";
        _ = Samples.Of(options.Warm / 4, () => server.Call("worktree_list"));
        var (listed, byHand) = Samples.Pairs(
            options.Slow,
            _ => server.Call("worktree_list"),
            _ =>
            {
                Commands.Git(root, "worktree", "list", "--porcelain");
                for (var i = 1; i <= rows; i++)
                {
                    Status(root, $"work-{i}");
                }
            });
        report.Row($"`worktree_list`, {rows} rows", listed, $"`git worktree list` and {rows} x `git status`", byHand);
        if (worktrees > rows)
        {
            report.Row($"`worktree_list`, {worktrees} rows", Samples.Of(options.Slow / 2, () => server.Call("worktree_list", """{"limit":100}""")));
        }

        _ = Samples.Of(options.Warm / 4, () => server.Call("worktree_status", $$"""{"name":"{{Any()}}"}"""));
        var (shown, status) = Samples.Pairs(
            options.Slow * 2, _ => server.Call("worktree_status", $$"""{"name":"{{Any()}}"}"""), _ => Status(root, Any()));
        report.Row("`board_show`", Samples.Of(options.Slow, () => server.Call("board_show")), "< 300 ms");
        report.Row("`worktree_status`", shown, "`git status`", status);
        report.Row("`worktree_events`", Samples.Of(options.Calls, () => server.Call("worktree_events")), "< 10 ms");
    }

    private static void Status(string root, string name) =>
        Commands.Git(Path.Join(root, ".worktrees", name), "status", "--porcelain=v2", "-z", "--untracked-files=all");
}

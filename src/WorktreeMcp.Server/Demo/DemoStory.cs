using System.Text.Json;

namespace WorktreeMcp.Server.Demo;

/// <summary>
/// Two agents at once: two tasks, two worktrees, the same file edited in both, commands, commits; one worktree is kept,
/// one removed with its task completed. Every step is a call over stdio, and the end is checked.
/// </summary>
internal sealed class DemoStory(DemoScratch scratch, TextWriter output)
{
    private const string Kept = "task-1-add-a-farewell";
    private const string Removed = "task-2-translate-the";

    private readonly DemoNarration _tale = new(output);

    /// <summary>Plays it.</summary>
    /// <returns>How many checks did not hold.</returns>
    internal async Task<int> Play()
    {
        var before = scratch.Read(scratch.SharedFile);
        await using var ada = await DemoAgent.Start("ada", scratch.Root);
        await using var ben = await DemoAgent.Start("ben", scratch.Root);

        Say("\nTwo agents, each with a server of its own, put goals on one board");
        var first = Id(await Step(ada, "task_create", ("subject", "Add a farewell"), ("priority", "high")));
        var second = Id(await Step(ben, "task_create", ("subject", "Translate the greeting")));
        var third = Id(await Step(ben, "task_create", ("subject", "Announce both"), ("blocked_by", new[] { second })));

        Say("\nBoth make a worktree at the same time");
        await Task.WhenAll(
            Step(ada, "worktree_create", ("task_id", first)),
            Step(ben, "worktree_create", ("task_id", second)));

        Say($"\nBoth edit {scratch.SharedFile} and commit, at the same time");
        await Task.WhenAll(
            Step(ada, "worktree_run", ("name", Kept), ("command", Edit("Goodbye."))),
            Step(ben, "worktree_run", ("name", Removed), ("command", Edit("Bonjour."))));
        Check("the main checkout did not see either edit", scratch.Read(scratch.SharedFile) == before && scratch.Git("status", "--porcelain").Length == 0);

        Say("\nUncommitted work is safe: a removal refuses and says what stands in the way");
        await Step(ben, "worktree_run", ("name", Removed), ("command", "echo draft > notes.txt"));
        var refused = await Step(ben, "worktree_remove", ("name", Removed), ("complete_task", true));
        Check("the removal was refused as worktree_dirty", refused.TryGetProperty("error", out var error) && error.GetProperty("code").GetString() == "worktree_dirty");
        await Step(ben, "worktree_run", ("name", Removed), ("command", "git add -A && git commit -q -m 'Keep the draft'"));

        Say("\nOne worktree is kept, the other removed with its task completed");
        await Step(ada, "worktree_keep", ("name", Kept), ("reason", "waits for a review"));
        var gone = await Step(ben, "worktree_remove", ("name", Removed), ("complete_task", true));
        await Finish(ada, before, gone, (first, second, third));
        return _tale.Failed;
    }

    private async Task Finish(DemoAgent agent, string before, JsonElement gone, (int First, int Second, int Third) ids)
    {
        Say("\nThe board at the end");
        var (board, _) = await agent.Call("task_list");
        foreach (var row in board.GetProperty("tasks").EnumerateArray())
        {
            var worktree = row.TryGetProperty("worktree", out var name) ? $"{name.GetString()} ({row.GetProperty("worktree_state").GetString()})" : "-";
            Say($"  {row.GetProperty("id").GetInt32()}  {row.GetProperty("status").GetString(),-12} {(row.TryGetProperty("ready", out var ready) && ready.GetBoolean() ? "ready" : ""),-6} {row.GetProperty("subject").GetString(),-24} {worktree}");
        }

        Say("\nBoth planes on disk");
        foreach (var line in scratch.Planes())
        {
            Say($"  {line}");
        }

        Say("\nThe log of every step (.worktrees/events.jsonl)");
        var events = scratch.Read(".worktrees/events.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in events)
        {
            Say($"  {line}");
        }

        Say("\nChecks");
        CheckTasks(board, ids);
        Check("the kept worktree is there, the removed one is not", scratch.Has($".worktrees/{Kept}/.git") && !scratch.Has($".worktrees/{Removed}"));
        Check("both branches hold their commits", Commits(Kept) == 1 && Commits(Removed) == 2);
        Check("the removed files wait in the trash", gone.TryGetProperty("trash_path", out var trash) && Path.Exists(Path.Join(trash.GetString(), "notes.txt")));
        Check("the main checkout is as it was", scratch.Read(scratch.SharedFile) == before && scratch.Git("status", "--porcelain").Length == 0);
        CheckEvents([.. events.Select(line => JsonElement.Parse(line).GetProperty("event").GetString()!)]);
    }

    private void CheckTasks(JsonElement board, (int First, int Second, int Third) ids)
    {
        var rows = board.GetProperty("tasks").EnumerateArray().ToDictionary(row => row.GetProperty("id").GetInt32());
        Check("the kept task is in progress, the other completed", Status(ids.First) == "in_progress" && Status(ids.Second) == "completed");
        Check("the task that waited is ready now", rows[ids.Third].GetProperty("ready").GetBoolean());

        string? Status(int id) => rows[id].GetProperty("status").GetString();
    }

    private void CheckEvents(IReadOnlyList<string> names)
    {
        Check("every step that began also ended", names.Count(n => n.EndsWith(".before", StringComparison.Ordinal))
            == names.Count(n => n.EndsWith(".after", StringComparison.Ordinal) || n.EndsWith(".failed", StringComparison.Ordinal)));
        Check("task.completed was emitted once", names.Count(n => n == "task.completed") == 1);
    }

    private string Edit(string line) => $"echo '{line}' >> '{scratch.SharedFile}' && git add -A && git commit -q -m '{line}'";

    private int Commits(string name) =>
        int.Parse(scratch.Git("rev-list", "--count", $"HEAD..wt/{name}"), System.Globalization.CultureInfo.InvariantCulture);

    private static int Id(JsonElement created) => created.GetProperty("task").GetProperty("id").GetInt32();

    private Task<JsonElement> Step(DemoAgent agent, string tool, params (string Name, object Value)[] arguments) => _tale.Step(agent, tool, arguments);

    private void Check(string what, bool holds) => _tale.Check(what, holds);

    private void Say(string line) => _tale.Say(line);
}

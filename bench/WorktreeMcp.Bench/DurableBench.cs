namespace WorktreeMcp.Bench;

/// <summary>Small changes on a disk, where an fsync costs something; only small files, so that a slow disk is not measured for its size.</summary>
internal static class DurableBench
{
    internal static void Run(Report report, BenchOptions options, string folder)
    {
        using var scratch = new Scratch(folder);
        var root = scratch.Repository("durable");
        using var server = Server.Start(Server.Served, root).Initialize();
        report.Section($"Small changes on {Machine.FileSystem(folder)}, fsync included");
        var count = options.Calls / 2;
        var file = Path.Join(scratch.Folder, "append");
        _ = Samples.Of(options.Warm, () => server.Call("task_create", """{"subject":"Durable"}"""));
        var (created, synced) = Samples.Pairs(count, _ => server.Call("task_create", """{"subject":"Durable"}"""), _ => AppendAndSync(file));
        report.Row("`task_create`", created, "append 1 KB and fsync", synced, "< 10 ms");
        _ = Samples.Of(options.Warm, () => server.Call("task_update", """{"task_id":1,"note":"Durable."}"""));
        var plan = Plan(100);
        _ = Samples.Of(Math.Min(5, options.Warm), () => server.Call("task_plan", plan));
        report.Row("`task_plan` of 100 tasks", Samples.Of(options.Slow / 2, () => server.Call("task_plan", plan)), "< 30 ms");
        using var relaxed = Relaxed(scratch);
        _ = Samples.Of(options.Warm, () => relaxed.Call("task_update", """{"task_id":1,"note":"Durable."}"""));
        var (full, none) = Samples.Pairs(
            count,
            _ => server.Call("task_update", """{"task_id":1,"note":"Durable."}"""),
            _ => relaxed.Call("task_update", """{"task_id":1,"note":"Durable."}"""));
        report.Row("`task_update` with a note", full, "durability relaxed: no fsync", none, "< 10 ms");
        var create = new Samples();
        for (var i = 0; i < options.Slow / 4; i++)
        {
            var name = $"w{i}";
            create.Time(() => server.Call("worktree_create", $$"""{"name":"{{name}}"}"""));
        }

        report.Row("`worktree_create`", create);
    }

    // Each waits for the one before.
    private static string Plan(int tasks) => $$"""{"tasks":[{{string.Join(',', Enumerable.Range(0, tasks).Select(Goal))}}]}""";

    private static string Goal(int task)
    {
        var needs = task == 0 ? string.Empty : $"\"k{task - 1}\"";
        return $$"""{"key":"k{{task}}","subject":"Goal {{task}} of a plan","description":"What is to be done, where, and how to tell that it is done.","needs":[{{needs}}]}""";
    }

    private static Server Relaxed(Scratch scratch)
    {
        var root = scratch.Repository("relaxed");
        File.WriteAllText(Path.Join(root, ".worktree-mcp.json"), """{"durability":"relaxed"}""");
        var server = Server.Start(Server.Served, root).Initialize();
        server.Call("task_create", """{"subject":"Relaxed"}""");
        return server;
    }

    private static void AppendAndSync(string path)
    {
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, 0);
        stream.Write(new byte[1024]);
        stream.Flush(flushToDisk: true);
    }
}

namespace WorktreeMcp.Bench;

/// <summary>How long a client waits before the first call.</summary>
internal static class StartBench
{
    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var root = scratch.Repository("start");
        var published = options.Publish ? ReadyToRun.Publish(scratch.Folder) : null;
        report.Section("Start");
        if (published is null)
        {
            report.Row("start to `initialize` reply", Samples.Of(options.Slow / 4, () => Initialize(Server.Built, root)));
        }
        else
        {
            var (compiled, plain) = Samples.Pairs(options.Slow / 2, _ => Initialize(published, root), _ => Initialize(Server.Built, root));
            report.Row("start to `initialize` reply, ReadyToRun", compiled, "plain build", plain);
            var (first, plainFirst) = Samples.Pairs(options.Slow / 2, _ => FirstCall(published, root), _ => FirstCall(Server.Built, root));
            report.Row("start to the first `task_create` answer, ReadyToRun", first, "plain build", plainFirst);
        }

        using var server = Server.Start(Server.Built, root).Initialize();
        if (NodeServer.Prepare(scratch.Folder, server) is { } node)
        {
            var (ours, other) = Samples.Pairs(options.Slow / 2, _ => Initialize(published ?? Server.Built, root), _ => node.Start().Initialize().Abandon());
            report.Row($"start to `initialize` reply, {(published is null ? "plain build" : "ReadyToRun")}", ours, "a Node.js server with the same tools", other, "≤ 1 x");
        }
        else
        {
            report.Note("No Node.js server beside it: node, npm or the sources are missing, or its packages could not be restored.");
        }

        _ = Samples.Of(options.Warm, () => server.Request("tools/list"));
        report.Row("`tools/list`", Samples.Of(options.Calls, () => server.Request("tools/list")));
    }

    private static void Initialize(string program, string root) => Server.Start(program, root).Initialize().Abandon();

    private static void FirstCall(string program, string root)
    {
        var server = Server.Start(program, root).Initialize();
        server.Call("task_create", """{"subject":"First call"}""");
        server.Abandon();
    }
}

namespace WorktreeMcp.Bench;

/// <summary>How long a client waits before the first call, and what a server holds after a thousand, in each form it can be published in.</summary>
internal static class StartBench
{
    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var root = scratch.Repository("start");
        List<PublishedForm> forms = options.Publish ? [.. new[] { PublishedForm.OnInstalledRuntime(scratch.Folder), PublishedForm.Native(scratch.Folder, report) }.OfType<PublishedForm>()] : [];
        if (Server.Served != Server.Built)
        {
            forms.Insert(0, new PublishedForm("ReadyToRun, one program", Server.Served));
        }

        report.Section("Start");
        foreach (var form in forms)
        {
            var (ours, plain) = Samples.Pairs(options.Slow / 2, _ => Initialize(form.Program, root), _ => Initialize(Server.Built, root));
            report.Row($"start to `initialize` reply, {form.Name}", ours, "plain build", plain, IsNative(form) ? string.Empty : "≤ 0.65 x");
            var (first, plainFirst) = Samples.Pairs(options.Slow / 2, _ => FirstCall(form.Program, root), _ => FirstCall(Server.Built, root));
            report.Row($"start to the first `task_create` answer, {form.Name}", first, "plain build", plainFirst);
        }

        using (var server = Server.Start(Server.Served, root).Initialize())
        {
            BesideNode(report, options, scratch, server, root, forms);
            _ = Samples.Of(options.Warm, () => server.Request("tools/list"));
            report.Row("`tools/list`", Samples.Of(options.Calls, () => server.Request("tools/list")));
        }

        MemoryBench.Run(report, options, scratch, [new PublishedForm("plain build", Server.Built), .. forms]);
    }

    private static void BesideNode(Report report, BenchOptions options, Scratch scratch, Server server, string root, List<PublishedForm> forms)
    {
        if (NodeServer.Prepare(scratch.Folder, server) is not { } node)
        {
            report.Note("No Node.js server beside it: node, npm or the sources are missing, or its packages could not be restored.");
            return;
        }

        foreach (var form in forms.DefaultIfEmpty(new PublishedForm("plain build", Server.Built)))
        {
            var (ours, other) = Samples.Pairs(options.Slow / 2, _ => Initialize(form.Program, root), _ => node.Start().Initialize().Abandon());
            report.Row($"start to `initialize` reply, {form.Name}", ours, "a Node.js server with the same tools", other, IsNative(form) ? "≤ 0.25 x" : "≤ 1 x");
        }
    }

    private static bool IsNative(PublishedForm form) => form.Name.StartsWith("NativeAOT", StringComparison.Ordinal);

    private static void Initialize(string program, string root) => Server.Start(program, root).Initialize().Abandon();

    private static void FirstCall(string program, string root)
    {
        var server = Server.Start(program, root).Initialize();
        server.Call("task_create", """{"subject":"First call"}""");
        server.Abandon();
    }
}

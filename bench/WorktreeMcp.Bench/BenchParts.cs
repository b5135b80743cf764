namespace WorktreeMcp.Bench;

/// <summary>The parts of a run, in their order.</summary>
internal static class BenchParts
{
    private static readonly (string Name, Action<Report, BenchOptions, Scratch> Run)[] All =
    [
        ("start", StartBench.Run),
        ("small", (report, options, scratch) => WorktreeBench.Run(report, options, scratch, "Worktrees of 5 files beside git alone")),
        ("large", Large),
        ("trash", TrashBench.Run),
        ("together", TogetherBench.Run),
        ("reading", ReadingBench.Run),
        ("tools", Tools),
        ("events", EventBench.Run),
        ("waiting", WaitingBench.Run),
        ("landing", LandingBench.Run),
        ("locks", LockBench.Run),
        ("runs", Runs),
    ];

    /// <summary>What they are called.</summary>
    internal static IEnumerable<string> Names => All.Select(part => part.Name);

    /// <summary>Measures what was asked for.</summary>
    internal static void Run(Report report, BenchOptions options)
    {
        using var scratch = new Scratch(options.In);
        if (options.Publish && PublishedForm.OneProgram(scratch.Folder) is { } published)
        {
            Server.Served = published.Program;
        }

        report.Note($"Measured is {(Server.Served == Server.Built ? "the plain build" : "the one program that `dotnet publish` makes")}, unless a row says otherwise.");
        foreach (var (_, run) in All.Where(part => options.Only.Count == 0 || options.Only.Contains(part.Name)))
        {
            run(report, options, scratch);
        }
    }

    private static void Large(Report report, BenchOptions options, Scratch scratch)
    {
        foreach (var files in options.LargeSizes)
        {
            SpareBench.Run(report, options, scratch, files);
        }
    }

    private static void Tools(Report report, BenchOptions options, Scratch scratch)
    {
        var tools = new ToolBench(report, options, scratch);
        tools.Run(tasks: 10, worktrees: 10);
        tools.Run(tasks: 1_000, worktrees: options.ManyWorktrees);
        tools.Run(options.ManyTasks, options.ManyWorktrees);
    }

    private static void Runs(Report report, BenchOptions options, Scratch scratch)
    {
        RunBench.Run(report, options, scratch);
        SandboxBench.Run(report, options, scratch);
    }
}

using WorktreeMcp.Bench;

if (args is [LockWorker.Word, var repository, var worker, var count])
{
    return LockWorker.Run(repository, worker, int.Parse(count, System.Globalization.CultureInfo.InvariantCulture));
}

if (BenchOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(BenchOptions.Usage);
    return 2;
}

var report = new Report(Console.Out);
report.Note(Machine.Describe(options.In));
using (var scratch = new Scratch(options.In))
{
    if (options.LandingOnly)
    {
        LandingBench.Run(report, options, scratch);
        report.Note($"Load at the end: {Machine.Load()}.");
        return 0;
    }

    if (options.ReadingOnly)
    {
        ReadingBench.Run(report, options, scratch);
        report.Note($"Load at the end: {Machine.Load()}.");
        return 0;
    }

    if (options.OnlyLocks)
    {
        LockBench.Run(report, options, scratch);
        report.Note($"Load at the end: {Machine.Load()}.");
        return 0;
    }

    RunBench.Run(report, options, scratch);
    SandboxBench.Run(report, options, scratch);
    if (options.OnlyRuns)
    {
        return 0;
    }

    foreach (var files in options.LargeSizes)
    {
        SpareBench.Run(report, options, scratch, files);
    }

    if (options.OnlyLarge)
    {
        report.Note($"Load at the end: {Machine.Load()}.");
        return 0;
    }

    StartBench.Run(report, options, scratch);
    WorktreeBench.Run(report, options, scratch, "Worktrees of 5 files beside git alone");
    var tools = new ToolBench(report, options, scratch);
    tools.Run(tasks: 10, worktrees: 10);
    tools.Run(options.ManyTasks, options.ManyWorktrees);
    EventBench.Run(report, options, scratch);
    ReadingBench.Run(report, options, scratch);
    LandingBench.Run(report, options, scratch);
    LockBench.Run(report, options, scratch);
}

if (options.DurableIn is { } durable)
{
    DurableBench.Run(report, options, durable);
}

report.Note($"Load at the end: {Machine.Load()}.");
return 0;

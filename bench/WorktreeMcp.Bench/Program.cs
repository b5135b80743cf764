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

using var file = options.OpenFile();
var report = new Report(Console.Out, file);
report.Note("# Results of the benchmarks");
report.Note(Machine.Describe(options.In));
BenchParts.Run(report, options);
if (options.DurableIn is { } durable)
{
    DurableBench.Run(report, options, durable);
}

report.Note($"Load at the end: {Machine.Load()}.");
return 0;

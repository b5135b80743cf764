using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>Reading a long event log, and how much of it is read.</summary>
internal static class EventBench
{
    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var root = scratch.Repository("events");
        var size = Boards.WriteEvents(root, options.ManyEvents);
        using var server = Server.Start(Server.Served, root).Initialize();
        var middle = options.ManyEvents / 2;
        report.Section(string.Create(CultureInfo.InvariantCulture, $"Events, from a log of {options.ManyEvents:N0} lines ({size / 1e6:0} MB)"));
        (string What, string Arguments)[] calls =
        [
            ("newest 20", "{}"),
            ("newest 200", """{"limit":200}"""),
            ("20 since the middle", $$"""{"since_seq":{{middle}}}"""),
            ("newest 20 of one task of 5,000", """{"task_id":77}"""),
        ];
        var read = new List<string>();
        foreach (var (what, arguments) in calls)
        {
            var rare = what.Contains("5,000", StringComparison.Ordinal);
            _ = Samples.Of(rare ? 3 : options.Warm, () => server.Call("worktree_events", arguments));
            report.Row($"`worktree_events`, {what}", Samples.Of(rare ? options.Slow / 4 : options.Calls, () => server.Call("worktree_events", arguments)), rare ? "" : "< 10 ms");
            var before = server.BytesRead();
            server.Call("worktree_events", arguments);
            if (server.BytesRead() is { } after)
            {
                read.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {(after - before!.Value) / 1024.0:0} KiB"));
            }
        }

        report.Row("`task_create` beside that log", Samples.Of(options.Calls, () => server.Call("task_create", """{"subject":"Beside a long log"}""")), "< 10 ms");
        if (read.Count > 0)
        {
            report.Note($"Bytes that one call read (rchar of the process): {string.Join("; ", read)}.");
        }
    }
}

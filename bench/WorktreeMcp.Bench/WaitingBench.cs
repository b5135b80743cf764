using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>What ten servers cost that wait for something to do, how fast they are woken by another one, and what news adds to a call.</summary>
internal static class WaitingBench
{
    private const int Servers = 10;

    // What /proc counts processor time in.
    private const double Tick = 0.01;

    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var root = scratch.Repository("waiting");
        using var other = Server.Start(Server.Served, root).Initialize();
        var waiting = Enumerable.Range(0, Servers).Select(_ => Server.Start(Server.Served, root).Initialize()).ToList();
        report.Section(string.Create(CultureInfo.InvariantCulture, $"Waiting, {Servers} servers at once"));
        var woken = new Samples();
        for (var round = 0; round < options.Slow; round++)
        {
            var waits = Begin(other, waiting);
            Thread.Sleep(100);
            woken.Time(() =>
            {
                other.Call("task_create", """{"subject":"Something to do"}""");
                waiting.Zip(waits).ToList().ForEach(pair => pair.First.Await(pair.Second));
            });
        }

        report.Row($"from the call of another server that changes the board until all {Servers} have answered", woken, "< 50 ms");
        report.Row("`task_list` of a server whose agent holds a task", Samples.Of(options.Calls, () => other.Call("task_list")), "");
        News(report, options, other, waiting[0]);
        Rest(report, options, Begin(other, waiting), waiting);
        waiting.ForEach(server => server.Dispose());
    }

    // The same call of an agent to whom another has just left a word, and of one to whom nobody has.
    private static void News(Report report, BenchOptions options, Server other, Server writer)
    {
        var held = Server.Content(other.Call("task_create", """{"subject":"Held"}""")).GetProperty("task").GetProperty("id").GetInt32();
        var loose = Server.Content(other.Call("task_create", """{"subject":"Not held"}""")).GetProperty("task").GetProperty("id").GetInt32();
        other.Call("task_claim", $$"""{"task_id":{{held}}}""");
        var (before, told, untold) = (other.Spent(), new Samples(), new Samples());
        for (var round = 0; round < options.Calls; round++)
        {
            foreach (var (task, samples) in round % 2 == 0 ? [(held, told), (loose, untold)] : new[] { (loose, untold), (held, told) })
            {
                writer.Call("task_update", $$"""{"task_id":{{task}},"note":"The parser gives null for an empty field now."}""");
                samples.Time(() => other.Call("task_get", $$"""{"task_id":1}"""));
            }
        }

        report.Row("`task_get` that brings news", told, "without news, after a change of the same kind", untold, "< 1 ms more");
        if (before is { } begun && other.Spent() is { } ended)
        {
            report.Note(string.Create(CultureInfo.InvariantCulture, $"Page faults of processes that the server started for {2 * options.Calls} calls with and without news: {ended.ChildFaults - begun.ChildFaults}."));
        }
    }

    private static void Rest(Report report, BenchOptions options, List<int> waits, List<Server> waiting)
    {
        var seconds = options.Quick ? 5 : 60;
        Thread.Sleep(1_000);
        var before = waiting.ConvertAll(server => server.Spent());
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        var after = waiting.ConvertAll(server => server.Spent());
        if (before.Contains(null) || after.Contains(null))
        {
            return;
        }

        var used = after.Zip(before).Sum(pair => pair.First!.Value.Ticks - pair.Second!.Value.Ticks) * Tick / seconds;
        var children = after.Zip(before).Sum(pair => pair.First!.Value.ChildFaults - pair.Second!.Value.ChildFaults);
        report.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"{waits.Count} servers that waited for {seconds} s took {used * 100:0.00} % of a core together (aim: < 0.5 %); page faults of processes that they started: {children}."));
    }

    private static List<int> Begin(Server other, List<Server> waiting)
    {
        var seen = Server.Content(other.Call("board_show")).GetProperty("last_seq").GetInt64();
        return waiting.ConvertAll(server => server.Begin("tools/call", $$$"""{"name":"board_show","arguments":{"wait_seconds":300,"since_seq":{{{seen}}}}}"""));
    }
}

using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>Commands: what a run adds to its command, a flood of output, and many at once.</summary>
internal static class RunBench
{
    private const int Both = 32;

    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var root = scratch.Repository("runs");
        using var server = Server.Start(Server.Served, root).Initialize();
        server.Call("worktree_create", """{"name":"lane"}""");
        report.Section("Commands");
        _ = Samples.Of(options.Warm, () => Command(server, "true"));
        var (ours, shell) = Samples.Pairs(options.Calls, _ => Command(server, "true"), _ => Commands.Output("/bin/sh", root, "-c", "true"));
        report.Row("`worktree_run` of `true`", ours, "`/bin/sh -c true` from .NET", shell, "< 5 ms more");
        report.Row("`worktree_run` of `true` in the background", Samples.Of(options.Slow / 4, () => server.Call("worktree_run", """{"name":"lane","command":"true","background":true}""")));
        Flood(report, options, server);
        Many(report, options, server);
    }

    private static void Flood(Report report, BenchOptions options, Server server)
    {
        var megabytes = options.Quick ? 100 : 1_000;
        var before = server.Memory();
        var took = Samples.Of(1, () => Command(server, string.Create(CultureInfo.InvariantCulture, $"yes | head -c {megabytes}000000")));
        var after = server.Memory();
        report.Row($"`worktree_run` of {megabytes} MB of output", took);
        if (before is { } old && after is { } now)
        {
            report.Note(string.Create(CultureInfo.InvariantCulture, $"Resident memory grew from {old.Now:0} MB by {now.Peak - old.Now:0} MB at its peak (aim: less than 64 MB)."));
            report.Section("Commands, many at once");
        }
    }

    private static void Many(Report report, BenchOptions options, Server server)
    {
        var calls = Enumerable.Range(0, Both).Select(_ => server.Begin("tools/call", """{"name":"worktree_run","arguments":{"name":"lane","command":"i=0; while [ $i -lt 60 ]; do echo $i; sleep 0.05; i=$((i+1)); done"}}""")).ToList();
        report.Row($"`ping` while {Both - 1} commands run and print", Samples.Of(options.Calls / 4, () => server.Request("ping")), "< 100 ms");
        report.Row($"the rest of these {Both} commands", Samples.Of(1, () => calls.ForEach(server.Await)));
    }

    private static void Command(Server server, string command) => server.Call("worktree_run", $$"""{"name":"lane","command":"{{command}}"}""");
}

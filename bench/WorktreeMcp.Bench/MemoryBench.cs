using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>What a server holds after a thousand mixed calls: every client starts one.</summary>
internal static class MemoryBench
{
    // What the garbage collector may hand out between two collections, in hexadecimal bytes; the configuration that is built in says the same.
    private const string Budget = "400000";

    internal static void Run(Report report, BenchOptions options, Scratch scratch, IEnumerable<PublishedForm> forms)
    {
        report.Note($"Resident memory after {options.MixedCalls} mixed calls (aim: 60 MB). Mapped files are the program, the runtime and libraries, which servers of one machine share.");
        report.Table("form", "", "resident MB", "mapped files MB", "its own MB");
        foreach (var form in forms)
        {
            Measure(report, options, scratch, form, string.Empty);
            if (form.Name.Contains("net9.0", StringComparison.Ordinal))
            {
                Measure(report, options, scratch, form, $"DOTNET_GCGen0MaxBudget={Budget}, which that framework reads from the environment only", ("DOTNET_GCGen0MaxBudget", Budget));
            }
        }
    }

    private static void Measure(Report report, BenchOptions options, Scratch scratch, PublishedForm form, string with, params (string Name, string Value)[] variables)
    {
        var root = scratch.Repository($"memory-{Guid.NewGuid():N}");
        using var server = Server.Start(form.Program, root, variables).Initialize();
        for (var i = 0; i < 4; i++)
        {
            server.Call("worktree_create", $$"""{"name":"w{{i}}"}""");
        }

        for (var i = 0; i < options.MixedCalls; i++)
        {
            Call(server, i);
        }

        if (server.Memory() is { } memory && server.OwnMemory() is { } own)
        {
            report.Cells(form.Name, with, Mb(memory.Now), Mb(memory.Now - own), Mb(own));
        }
    }

    private static void Call(Server server, int number)
    {
        switch (number % 10)
        {
            case 0 or 1:
                server.Call("task_create", $$"""{"subject":"Task {{number}}"}""");
                break;
            case 2 or 3:
                server.Call("task_update", $$"""{"task_id":{{1 + (number / 10)}},"note":"Note {{number}}."}""");
                break;
            case 4:
                server.Call("task_list");
                break;
            case 5:
                server.Call("board_show");
                break;
            case 6:
                server.Call("worktree_list");
                break;
            case 7:
                server.Call("worktree_status", $$"""{"name":"w{{number % 4}}"}""");
                break;
            case 8:
                server.Call("worktree_run", $$"""{"name":"w{{number % 4}}","command":"true"}""");
                break;
            default:
                server.Call("worktree_events");
                break;
        }
    }

    private static string Mb(double value) => value.ToString("0", CultureInfo.InvariantCulture);
}

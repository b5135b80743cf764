namespace WorktreeMcp.Bench;

/// <summary>A command in the sandbox beside the same one without.</summary>
internal static class SandboxBench
{
    private const string Arguments = """{"name":"run","command":"true"}""";

    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var root = scratch.Repository("confined");
        using var plain = Server.Start(Server.Served, root).Initialize();
        using var confined = Server.Start(Server.Served, root, ("WORKTREEMCP_RUN_SANDBOX", "auto")).Initialize();
        plain.Call("worktree_create", """{"name":"run"}""");
        var first = Server.Content(confined.Call("worktree_run", Arguments));
        if (first.GetProperty("sandbox").GetString() != "bubblewrap")
        {
            report.Note($"No sandbox: {first.GetProperty("sandbox_reason").GetString()}.");
            return;
        }

        _ = Samples.Of(options.Warm / 4, () => plain.Call("worktree_run", Arguments));
        _ = Samples.Of(options.Warm / 4, () => confined.Call("worktree_run", Arguments));
        var (inside, outside) = Samples.Pairs(
            options.Slow * 2, _ => confined.Call("worktree_run", Arguments), _ => plain.Call("worktree_run", Arguments));
        report.Section("Commands in the sandbox");
        report.Row("`worktree_run` of `true` in the sandbox", inside, "without", outside, "≤ 25 ms more");
    }
}

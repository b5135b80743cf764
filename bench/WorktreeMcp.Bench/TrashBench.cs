namespace WorktreeMcp.Bench;

/// <summary>What removed worktrees that wait cost: the same calls in a repository with many of them and in one with none, in turn.</summary>
internal static class TrashBench
{
    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var waiting = options.Quick ? 40 : 450;
        using var full = Server.Start(Server.Served, scratch.Repository("full")).Initialize();
        using var none = Server.Start(Server.Served, scratch.Repository("none")).Initialize();
        for (var i = 0; i < waiting; i++)
        {
            Create(full, $"w{i}");
            Remove(full, $"w{i}");
        }

        report.Section($"{waiting} removed worktrees that wait in the trash beside none");
        Pair("`worktree_create`", Create, Remove);
        Pair("`worktree_remove`", (server, name) => Remove(server, name), (_, _) => { }, Create);

        void Pair(string call, Action<Server, string> measured, Action<Server, string> afterwards, Action<Server, string>? before = null)
        {
            for (var i = 0; i < options.Slow; i++)
            {
                before?.Invoke(full, $"m{i}");
                before?.Invoke(none, $"m{i}");
            }

            var (many, few) = Samples.Pairs(options.Slow, i => measured(full, $"m{i}"), i => measured(none, $"m{i}"));
            report.Row($"{call}, {waiting} waiting", many, "none waiting", few, "≤ 1.2 x");
            for (var i = 0; i < options.Slow; i++)
            {
                afterwards(full, $"m{i}");
                afterwards(none, $"m{i}");
            }
        }
    }

    private static void Create(Server server, string name) => server.Call("worktree_create", $$"""{"name":"{{name}}"}""");

    private static void Remove(Server server, string name) => server.Call("worktree_remove", $$"""{"name":"{{name}}"}""");
}

namespace WorktreeMcp.Bench;

/// <summary>Making and removing worktrees beside git alone, on two equal repositories.</summary>
internal static class WorktreeBench
{
    internal static void Run(Report report, BenchOptions options, Scratch scratch, string title)
    {
        var served = scratch.Repository("served");
        var plain = scratch.Repository("plain");
        using var server = Server.Start(Server.Served, served).Initialize();
        CreateAndRemove(server, plain, options.Quick ? 5 : 30, "warm");
        EmptyTrash(served);

        var (created, added, removed, gone) = CreateAndRemove(server, plain, options.Slow, "w");
        report.Section(title);
        report.Row("`worktree_create`", created, "`git worktree add -b`", added, "≤ 1.3 x");
        report.Row("`worktree_remove`", removed, "`git worktree remove`", gone);

        // What was removed waits in the trash, where git looks through its records; git alone keeps nothing.
        var (createdAgain, addedAgain, _, _) = CreateAndRemove(server, plain, options.Slow, "x");
        report.Row($"`worktree_create`, {options.Slow} in the trash", createdAgain, "`git worktree add -b`, no trash", addedAgain);
    }

    // By hand, so that warming up leaves nothing behind.
    private static void EmptyTrash(string root)
    {
        var git = Path.Join(root, ".git");
        var records = Directory.GetDirectories(Path.Join(git, "worktrees"), "wtmcp-trash-*");
        foreach (var folder in records.Concat(Directory.GetDirectories(Path.Join(git, "worktree-mcp", "trash"))))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (Samples Created, Samples Added, Samples Removed, Samples Gone) CreateAndRemove(Server server, string plain, int count, string prefix)
    {
        var (created, added) = Samples.Pairs(
            count,
            i => server.Call("worktree_create", $$"""{"name":"{{prefix}}{{i}}"}"""),
            i => Commands.Git(plain, "worktree", "add", "-q", "-b", $"wt/{prefix}{i}", Path.Join(plain, ".worktrees", $"{prefix}{i}")));
        var (removed, gone) = Samples.Pairs(
            count,
            i => server.Call("worktree_remove", $$"""{"name":"{{prefix}}{{i}}"}"""),
            i => Commands.Git(plain, "worktree", "remove", Path.Join(plain, ".worktrees", $"{prefix}{i}")));
        return (created, added, removed, gone);
    }
}

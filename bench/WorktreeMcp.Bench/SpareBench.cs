namespace WorktreeMcp.Bench;

/// <summary>
/// Making and removing worktrees of a large repository: from a checkout that was kept ready and without one, beside git alone.
/// Each repetition waits until the spare is there; that wait is in nobody's time, and neither is what empties the trash. Before each
/// call and each git the disk is at rest, so that none pays for the files that another wrote or deleted.
/// </summary>
internal static class SpareBench
{
    internal static void Run(Report report, BenchOptions options, Scratch scratch, int files)
    {
        var root = LargeRepository.Make(Path.Join(scratch.Folder, $"large{files}"), files, 1_001);
        var plain = LargeRepository.Make(Path.Join(scratch.Folder, $"large{files}-plain"), files, 1_001);
        report.Section($"Worktrees of {files:N0} files beside git alone");
        foreach (var (behind, what) in new[] { (0, "spare at the base"), (10, "spare 10 commits behind"), (100, "spare 100 commits behind"), (1_000, "spare 1,000 commits behind") })
        {
            Create(report, options, root, plain, behind, what);
            EmptyTrash(root);
        }

        Create(report, options, root, plain, null, "no spare");
        EmptyTrash(root);
        OfAnother(report, options, root, plain, atOnce: true);
        EmptyTrash(root);
        OfAnother(report, options, root, plain, atOnce: false);
        Directory.Delete(root, recursive: true);
        Directory.Delete(plain, recursive: true);
    }

    private static void Create(Report report, BenchOptions options, string root, string plain, int? behind, string what)
    {
        using var server = Start(root, behind is null ? 0 : 1);
        if (behind is null)
        {
            Gone(root);
        }
        else
        {
            // A few first, so that what is measured is compiled.
            for (var i = 0; i < 3; i++)
            {
                Ready(root, "main");
                server.Call("worktree_create", """{"name":"warm"}""");
                server.Call("worktree_remove", """{"name":"warm"}""");
            }
        }

        var (created, added, removed, gone) = (new Samples(), new Samples(), new Samples(), new Samples());
        for (var i = 0; i < options.Large; i++)
        {
            if (behind is not null)
            {
                Ready(root, "main");
            }

            // The main checkout stays where it is; the worktree starts from a commit that is older or the same.
            var at = $"main~{behind ?? 0}";
            Commands.Git(plain, "worktree", "prune");
            created.TimeAtRest(root, () => server.Call("worktree_create", $$"""{"name":"w{{i}}","base_ref":"{{at}}"}"""));
            if (behind is not null)
            {
                // The next spare is made meanwhile, and neither git's time nor the removal's is to be measured beside that.
                Ready(root, "main");
            }

            added.TimeAtRest(plain, () => Commands.Git(plain, "worktree", "add", "-q", "-b", $"wt/w{i}", Path.Join(plain, ".worktrees", $"w{i}"), at));

            // As after any work in them: until somebody asks git, it reads all files of a fresh checkout again.
            Commands.Git(Path.Join(root, ".worktrees", $"w{i}"), "status");
            Commands.Git(Path.Join(plain, ".worktrees", $"w{i}"), "status");
            removed.TimeAtRest(root, () => server.Call("worktree_remove", $$"""{"name":"w{{i}}"}"""));
            gone.TimeAtRest(plain, () => Commands.Git(plain, "worktree", "remove", Path.Join(plain, ".worktrees", $"w{i}")));
            Commands.Git(plain, "branch", "-q", "-D", $"wt/w{i}");
        }

        report.Row($"`worktree_create`, {what}", created, "`git worktree add -b`", added, behind switch { 0 => "≤ 0.01 x, under 30 ms", 10 => "≤ 0.1 x", null => "≤ 1 x", _ => string.Empty });
        if (behind is 0 or null)
        {
            report.Row("`worktree_remove`", removed, "`git worktree remove`", gone, "≤ 0.14 x");
        }
    }

    // The server that made the spare is gone, and with it the watch: whoever comes next has to look at every file, in the call or before it.
    private static void OfAnother(Report report, BenchOptions options, string root, string plain, bool atOnce)
    {
        var (created, added) = (new Samples(), new Samples());
        using (Start(root, 1))
        {
            Ready(root, "main");
        }

        for (var i = 0; i < options.Large; i++)
        {
            using var server = Start(root, null);
            if (!atOnce)
            {
                Thread.Sleep(TimeSpan.FromSeconds(3));
            }

            created.TimeAtRest(root, () => server.Call("worktree_create", $$"""{"name":"u{{i}}"}"""));
            Ready(root, "main");
            added.TimeAtRest(plain, () => Commands.Git(plain, "worktree", "add", "-q", "-b", $"wt/u{i}", Path.Join(plain, ".worktrees", $"u{i}")));
            server.Call("worktree_remove", $$"""{"name":"u{{i}}"}""");
            Commands.Git(plain, "worktree", "remove", Path.Join(plain, ".worktrees", $"u{i}"));
            Commands.Git(plain, "branch", "-q", "-D", $"wt/u{i}");
        }

        var when = atOnce ? "first call of a server that has not looked yet: full check" : "server that has looked at it";
        report.Row($"`worktree_create`, spare of another server, {when}", created, "`git worktree add -b`", added, atOnce ? "≤ 0.125 x" : "≤ 0.01 x, under 30 ms");
    }

    private static Server Start(string root, int? spares)
    {
        var server = Server.Start(Server.Served, root, spares is null ? [] : [("WORKTREEMCP_SPARES", $"{spares}")]).Initialize();
        server.Call("worktree_list");
        return server;
    }

    internal static void Ready(string root, string at)
    {
        var commit = Commands.Git(root, "rev-parse", at).Trim();
        Until(() => Records(root).Any(file => File.ReadAllText(file).Contains(commit, StringComparison.Ordinal)), "No spare was made within three minutes.");
    }

    // A server that keeps none takes away what others kept; until then it would use it.
    private static void Gone(string root) => Until(() => !Records(root).Any(), "The spares did not go within three minutes.");

    private static IEnumerable<string> Records(string root)
    {
        var folder = Path.Join(root, ".git", "worktree-mcp", "spares");
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "spare-*.json") : [];
    }

    private static void Until(Func<bool> condition, string otherwise)
    {
        var came = SpinWait.SpinUntil(
            () =>
            {
                Thread.Sleep(20);
                return condition();
            },
            TimeSpan.FromMinutes(3));
        if (!came)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    internal static void EmptyTrash(string root)
    {
        var git = Path.Join(root, ".git");
        var records = Directory.GetDirectories(Path.Join(git, "worktrees"), "wtmcp-trash-*");
        foreach (var folder in records.Concat(Directory.GetDirectories(Path.Join(git, "worktree-mcp", "trash"))))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

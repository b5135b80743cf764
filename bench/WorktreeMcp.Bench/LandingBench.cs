namespace WorktreeMcp.Bench;

/// <summary>Landing beside git alone, and foretelling conflicts, on repositories of many files.</summary>
internal static class LandingBench
{
    private const int Folders = 100;

    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var files = options.Quick ? 1_000 : 10_000;
        var served = Repository(scratch, "landing", files);
        var plain = Repository(scratch, "merging", files);
        using var server = Server.Start(Server.Served, served).Initialize();
        report.Section($"Landing and conflicts with {files} files");
        Land(report, options, server, served, plain);
        Foretell(report, options, server, served, files);
    }

    // Each lands a branch of one commit in a base that has gone on, so that there is something to merge.
    private static void Land(Report report, BenchOptions options, Server server, string served, string plain)
    {
        var count = options.Slow / 2;
        for (var i = 0; i < count + 2; i++)
        {
            server.Call("worktree_create", $$"""{"name":"land{{i}}"}""");
            Commands.Git(plain, "worktree", "add", "-q", "-b", $"wt/land{i}", Path.Join(plain, ".worktrees", $"land{i}"));
        }

        // Nobody commits in the second of the checkout. git would read all files of such a worktree again whenever it is asked
        // for its status, since its index is no younger than they are.
        Thread.Sleep(TimeSpan.FromSeconds(1.1));
        for (var i = 0; i < count + 2; i++)
        {
            Change(Path.Join(served, ".worktrees", $"land{i}"), $"landed{i}.txt");
            Change(Path.Join(plain, ".worktrees", $"land{i}"), $"landed{i}.txt");
        }

        Ours(count);
        Other(count);
        var (landed, merged) = Samples.Pairs(count, Ours, Other);
        report.Row("`worktree_merge` without verify", landed, "`git merge`", merged, "≤ 2 x");

        void Ours(int i) => server.Call("worktree_merge", $$"""{"name":"land{{i}}"}""");
        void Other(int i) => Commands.Git(plain, "merge", "-q", "--no-ff", "--no-edit", $"wt/land{i}");
    }

    // Half of them committed, half not; each shares a file with its two neighbours.
    private static void Foretell(Report report, BenchOptions options, Server server, string served, int files)
    {
        var lanes = options.Quick ? 6 : 30;
        foreach (var folder in Directory.GetDirectories(Path.Join(served, ".worktrees"), "land*"))
        {
            server.Call("worktree_remove", $$"""{"name":"{{Path.GetFileName(folder)}}"}""");
        }

        for (var i = 0; i < lanes; i++)
        {
            server.Call("worktree_create", $$"""{"name":"lane{{i}}"}""");
            var lane = Path.Join(served, ".worktrees", $"lane{i}");
            foreach (var file in new[] { i, i + 1 })
            {
                File.AppendAllText(Path.Join(lane, NameOf(file)), $"lane {i}\n");
            }

            if (i % 2 == 0)
            {
                Commands.Git(lane, "commit", "-q", "-a", "-m", $"lane {i}");
            }
        }

        server.Call("worktree_conflicts");
        report.Row($"`worktree_conflicts`, {lanes} worktrees of {files} files", Samples.Of(options.Quick ? 3 : 10, () => server.Call("worktree_conflicts")), "< 3,000 ms");
    }

    private static string Repository(Scratch scratch, string name, int files)
    {
        var root = scratch.Repository(name);
        for (var i = 0; i < files; i++)
        {
            var path = Path.Join(root, NameOf(i));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, $"line one of file {i}\nline two\nline three\n");
        }

        Commands.Git(root, "add", "-A");
        Commands.Git(root, "commit", "-q", "-m", "Many");
        return root;
    }

    private static string NameOf(int i) => Path.Join($"dir{i % Folders}", $"file{i}.txt");

    private static void Change(string folder, string file)
    {
        File.WriteAllText(Path.Join(folder, file), "landed\n");
        Commands.Git(folder, "add", file);
        Commands.Git(folder, "commit", "-q", "-m", file);
    }
}

using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>
/// Lists and the board over many worktrees of a large repository: first of a fresh server, until every row is as of now, when
/// nothing has changed, and after a change in each of ten. Beside it stands git's status in each, two at a time.
/// </summary>
internal static class ReadingBench
{
    private const string All = """{"limit":100}""";

    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var files = options.Quick ? 2_000 : 12_000;
        var root = LargeRepository.Make(Path.Join(scratch.Folder, "reading"), files, 10);
        var made = 0;
        foreach (var worktrees in new[] { 1, 20, options.ManyWorktrees }.Distinct().Order())
        {
            using (var maker = Server.Start(Server.Served, root, ("WORKTREEMCP_SPARES", "0")).Initialize())
            {
                for (; made < worktrees; made++)
                {
                    maker.Call("worktree_create", $$"""{"name":"w{{made}}"}""");
                    Prepare(root, made);
                }
            }

            // git looks into every file of a fresh checkout until somebody has refreshed its index.
            Statuses(root, worktrees);
            report.Section(string.Create(CultureInfo.InvariantCulture, $"Looking at {worktrees} worktrees of {files:N0} files"));
            Look(report, options, root, worktrees);
        }

        Directory.Delete(root, recursive: true);
    }

    // Half of them have a commit of their own, a third of them uncommitted work.
    private static void Prepare(string root, int number)
    {
        var folder = Path.Join(root, ".worktrees", $"w{number}");
        if (number % 2 == 0)
        {
            File.WriteAllText(Path.Join(folder, "own.txt"), $"{number}\n");
            Commands.Git(folder, "add", "own.txt");
            Commands.Git(folder, "commit", "-q", "-m", "Own");
        }

        if (number % 3 == 0)
        {
            File.AppendAllText(Path.Join(folder, "part0", "folder0", "file0.txt"), "more\n");
        }
    }

    private static void Look(Report report, BenchOptions options, string root, int worktrees)
    {
        using var server = Server.Start(Server.Served, root, ("WORKTREEMCP_SPARES", "0")).Initialize();
        var (first, board, complete) = (new Samples(), new Samples(), new Samples());
        first.Time(() => server.Call("worktree_list", All));
        board.Time(() => server.Call("board_show"));
        complete.Time(() => Complete(server));
        report.Row("`worktree_list`, first call of a fresh server", first, "< 300 ms");
        report.Row("`board_show` right after it", board, "< 300 ms");
        report.Row("from there until every row is as of now", complete, "`git status` in each, two at a time", Samples.Of(options.Quick ? 1 : 3, () => Statuses(root, worktrees)), "≤ 1 x");
        _ = Samples.Of(options.Warm / 4, () => server.Call("worktree_list", All));
        _ = Samples.Of(options.Warm / 4, () => server.Call("board_show"));
        report.Row("`worktree_list`, nothing changed", Samples.Of(options.Slow, () => server.Call("worktree_list", All)), "< 300 ms, no process");
        report.Row("`board_show`, nothing changed", Samples.Of(options.Slow, () => server.Call("board_show")), "< 300 ms, no process");
        var changed = 0;
        report.Row($"`worktree_list`, {Math.Min(worktrees, 10)} changed", Samples.Of(options.Slow / 4, () => Change(ref changed)), "< 300 ms");
        Complete(server);
        report.Row("`worktree_status` of one", Samples.Of(options.Slow / 2, () => server.Call("worktree_status", """{"name":"w0"}""")), "always asks git");
        if (server.Memory() is { } memory)
        {
            report.Note(string.Create(CultureInfo.InvariantCulture, $"Resident memory of the server after these calls: {memory.Now:0} MB (peak {memory.Peak:0} MB)."));
        }

        void Change(ref int count)
        {
            count++;
            for (var i = 0; i < Math.Min(worktrees, 10); i++)
            {
                File.WriteAllText(Path.Join(root, ".worktrees", $"w{i}", "part1", "changed.txt"), $"{count}\n");
            }

            server.Call("worktree_list", All);
        }
    }

    private static void Complete(Server server)
    {
        while (server.Call("worktree_list", All) is var answer && (answer.Contains("status_age_seconds", StringComparison.Ordinal) || answer.Contains("status_pending", StringComparison.Ordinal)))
        {
        }
    }

    private static void Statuses(string root, int worktrees) => Parallel.For(0, worktrees, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i =>
        Commands.Git(Path.Join(root, ".worktrees", $"w{i}"), "status", "--porcelain=v2", "-z", "--untracked-files=all"));
}

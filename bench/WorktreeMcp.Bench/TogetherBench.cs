using System.Diagnostics;

namespace WorktreeMcp.Bench;

/// <summary>Several servers that create at the same moment with one spare between them, beside as many gits at the same moment.</summary>
internal static class TogetherBench
{
    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        var files = options.LargeSizes[options.LargeSizes.Count / 2];
        var root = LargeRepository.Make(Path.Join(scratch.Folder, "together"), files, 1);
        var plain = LargeRepository.Make(Path.Join(scratch.Folder, "together-plain"), files, 1);
        report.Section($"Servers that create at once in {files:N0} files, with one spare");
        foreach (var count in new[] { 1, 4, 16 })
        {
            var (ours, git) = (new Samples(), new Samples());
            for (var round = 0; round < options.Together; round++)
            {
                Ours(root, count, ours);
                Git(plain, count, git);
            }

            report.Row($"{count} x `worktree_create`, until the last has answered", ours, $"{count} x `git worktree add -b` at once", git, "≤ 1 x");
        }

        Directory.Delete(root, recursive: true);
        Directory.Delete(plain, recursive: true);
    }

    private static void Ours(string root, int count, Samples samples)
    {
        var servers = Enumerable.Range(0, count).Select(_ => Server.Start(Server.Served, root, [("WORKTREEMCP_SPARES", "1")]).Initialize()).ToList();
        try
        {
            servers.ForEach(server => server.Call("worktree_list"));
            SpareBench.Ready(root, "main");
            samples.TimeAtRest(root, () =>
            {
                var begun = servers.Select((server, number) => server.Begin("tools/call", $$$"""{"name":"worktree_create","arguments":{"name":"t{{{number}}}"}}""")).ToList();
                for (var number = 0; number < count; number++)
                {
                    servers[number].Await(begun[number]);
                }
            });
            for (var number = 0; number < count; number++)
            {
                servers[number].Call("worktree_remove", $$"""{"name":"t{{number}}"}""");
            }
        }
        finally
        {
            servers.ForEach(server => server.Dispose());
        }

        SpareBench.EmptyTrash(root);
    }

    private static void Git(string plain, int count, Samples samples)
    {
        samples.TimeAtRest(plain, () =>
        {
            var gits = Enumerable.Range(0, count).Select(number => Process.Start(
                new ProcessStartInfo("git", ["-C", plain, "worktree", "add", "-q", "-b", $"wt/t{number}", Path.Join(plain, ".worktrees", $"t{number}")]))!).ToList();
            gits.ForEach(git => git.WaitForExit());
            if (gits.Exists(git => git.ExitCode != 0))
            {
                throw new InvalidOperationException("git worktree add failed.");
            }

            gits.ForEach(git => git.Dispose());
        });
        for (var number = 0; number < count; number++)
        {
            Commands.Git(plain, "worktree", "remove", "--force", Path.Join(plain, ".worktrees", $"t{number}"));
            Commands.Git(plain, "branch", "-q", "-D", $"wt/t{number}");
        }
    }
}

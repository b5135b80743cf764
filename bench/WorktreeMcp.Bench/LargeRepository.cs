using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace WorktreeMcp.Bench;

/// <summary>A generated repository: files of some hundred bytes in folders of 20, and a history of small commits, written by git's own fast import.</summary>
internal static class LargeRepository
{
    private const int FilesInFolder = 20;
    private const int ChangedInCommit = 8;

    /// <summary>Makes one whose main checkout is at the last commit.</summary>
    /// <param name="root">Where; it must not exist.</param>
    /// <param name="files">How many files.</param>
    /// <param name="commits">How many commits after the first.</param>
    internal static string Make(string root, int files, int commits)
    {
        Directory.CreateDirectory(root);
        Commands.Git(root, "init", "-q", "-b", "main");
        Commands.Git(root, "config", "user.name", "Bench");
        Commands.Git(root, "config", "user.email", "bench@example.com");
        var start = new ProcessStartInfo("git", ["fast-import", "--quiet"]) { WorkingDirectory = root, RedirectStandardInput = true };
        using (var import = Process.Start(start)!)
        {
            using (var input = new StreamWriter(import.StandardInput.BaseStream, new UTF8Encoding(false)) { NewLine = "\n" })
            {
                Begin(input, 0);
                for (var file = 0; file < files; file++)
                {
                    Write(input, file, 0);
                }

                for (var commit = 1; commit <= commits; commit++)
                {
                    Begin(input, commit);
                    for (var change = 0; change < ChangedInCommit; change++)
                    {
                        Write(input, (int)(((commit * 7919L) + (change * 104_729L)) % files), commit);
                    }
                }
            }

            import.WaitForExit();
            if (import.ExitCode != 0)
            {
                throw new InvalidOperationException($"git fast-import failed with {import.ExitCode}");
            }
        }

        Commands.Git(root, "reset", "-q", "--hard");
        return root;
    }

    private static void Begin(StreamWriter input, int commit)
    {
        var message = string.Create(CultureInfo.InvariantCulture, $"Commit {commit}");
        input.WriteLine("commit refs/heads/main");
        input.WriteLine(string.Create(CultureInfo.InvariantCulture, $"committer Bench <bench@example.com> {1_700_000_000 + (commit * 60)} +0000"));
        input.WriteLine(string.Create(CultureInfo.InvariantCulture, $"data {message.Length}"));
        input.WriteLine(message);
    }

    private static void Write(StreamWriter input, int file, int version)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"file {file} as of commit {version}\n");
        var content = string.Concat(Enumerable.Repeat(line, 5 + (file % 40)));
        var folder = file / FilesInFolder;
        input.WriteLine(string.Create(CultureInfo.InvariantCulture, $"M 100644 inline part{folder / 50}/folder{folder % 50}/file{file}.txt"));
        input.WriteLine(string.Create(CultureInfo.InvariantCulture, $"data {content.Length}"));
        input.WriteLine(content);
    }
}

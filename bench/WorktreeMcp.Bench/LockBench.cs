using System.Diagnostics;
using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>How long the one lock is waited for and held while eight processes make worktrees at once, in a small and in a large repository.</summary>
internal static class LockBench
{
    private const int Workers = 8;

    internal static void Run(Report report, BenchOptions options, Scratch scratch)
    {
        report.Note("### The lock while 8 processes create worktrees at once, without spares");
        report.Table("files", "what", "n", "median ms", "p99 ms", "longest ms");
        var notes = new List<string>();
        foreach (var files in options.LockSizes)
        {
            var root = LargeRepository.Make(Path.Join(scratch.Folder, $"locks{files}"), files, 1);
            var each = options.Quick ? 2 : files > 10_000 ? 5 : 20;
            var (lines, wall) = Storm(root, each);
            foreach (var what in new[] { "held worktree.create", "wait worktree.create", "create", "held worktree.remove" })
            {
                var times = lines.Where(line => line.What == what).Select(line => line.Time).Order().ToList();
                report.Cells($"{files:N0}", what, $"{times.Count}", Report.Ms(At(times, 0.5)), Report.Ms(At(times, 0.99)), Report.Ms(times[^1]));
            }

            var spent = lines.Where(line => line.What == "create").Sum(line => line.Time);
            notes.Add($"{files:N0} files: {Workers * each} worktrees made and removed in {Report.Ms(wall)} ms; {(spent / wall).ToString("0.0", CultureInfo.InvariantCulture)} of {Workers} creations were under way at each moment.");
            Directory.Delete(root, recursive: true);
        }

        foreach (var note in notes)
        {
            report.Note(note);
        }
    }

    private static (List<(string What, double Time)> Lines, double Wall) Storm(string root, int each)
    {
        var workers = Enumerable.Range(0, Workers).Select(number => Start(root, number, each)).ToList();
        foreach (var worker in workers)
        {
            while (worker.StandardOutput.ReadLine() is { } line && line != "ready")
            {
            }
        }

        var start = Stopwatch.GetTimestamp();
        foreach (var worker in workers)
        {
            worker.StandardInput.WriteLine();
        }

        var read = workers.ConvertAll(worker => worker.StandardOutput.ReadToEndAsync());
        var lines = read.SelectMany(text => text.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(Parse).ToList();
        var wall = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        foreach (var worker in workers)
        {
            worker.WaitForExit();
            if (worker.ExitCode != 0)
            {
                throw new InvalidOperationException($"A worker of the lock's bench ended with {worker.ExitCode}.");
            }

            worker.Dispose();
        }

        return (lines, wall);
    }

    private static Process Start(string root, int number, int each) => Process.Start(new ProcessStartInfo(Environment.ProcessPath!, Arguments(root, number, each))
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    // Started by `dotnet run` it is a program of its own; by `dotnet X.dll` that program is dotnet.
    private static List<string> Arguments(string root, int number, int each)
    {
        var own = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? new[] { typeof(LockBench).Assembly.Location } : [];
        return [.. own, LockWorker.Word, root, $"w{number}", $"{each}"];
    }

    private static (string What, double Time) Parse(string line)
    {
        var at = line.LastIndexOf(' ');
        return (line[..at], double.Parse(line.AsSpan(at + 1), CultureInfo.InvariantCulture));
    }

    private static double At(List<double> sorted, double part) => sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(part * sorted.Count) - 1)];
}

using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Bench;

/// <summary>
/// One of several processes that make worktrees in one repository at once. It says what the lock cost it:
/// lines of "wait|held OPERATION MILLISECONDS", and "create MILLISECONDS" for each worktree.
/// </summary>
internal static class LockWorker
{
    internal const string Word = "--lock-worker";

    internal static int Run(string root, string worker, int count)
    {
        using var repository = Repository.Open(root, new RepositorySettings { Spares = 0 });
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == "WorktreeMcp")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, time, tags, _) => Say($"{instrument.Name.Split('.')[^1]} {tags[0].Value}", time));
        Make(repository, $"{worker}-warm");
        Drop(repository, $"{worker}-warm");
        listener.Start();

        // All begin when all are warm.
        Console.WriteLine("ready");
        Console.ReadLine();
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Make(repository, $"{worker}-{i}");
            Say("create", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Drop(repository, $"{worker}-{i}");
        }

        return 0;
    }

    private static void Make(Repository repository, string name) => repository.Worktrees.Create(new NewWorktree(name, null, null, null), "bench");

    // The files too: those of all rounds at once are more than a file system in memory has room for.
    private static void Drop(Repository repository, string name)
    {
        if (repository.Worktrees.Remove(name, force: true, completeTask: false, null, "bench").TrashDirectory is { } trash)
        {
            Directory.Delete(trash, recursive: true);
        }
    }

    private static void Say(string what, double time) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {time:0.000}"));
}

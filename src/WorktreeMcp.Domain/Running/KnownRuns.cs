using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// Every run that can be read here: those of this process, running or just over, and those that have a folder, whichever
/// process watches over them.
/// </summary>
internal sealed class KnownRuns(RunFolders folders)
{
    private const int MostRemembered = 64;

    private readonly ConcurrentDictionary<string, LiveRun> _live = new();
    private readonly ConcurrentQueue<LiveRun> _over = new();
    private readonly object _finished = new();

    /// <summary>A run of this process that is about to begin.</summary>
    internal LiveRun Add(RunRecord record, CancellationToken ending) => _live[record.RunId] = new LiveRun(record, folders, ending);

    /// <summary>A run that another process began and gave to this one.</summary>
    internal LiveRun Take(RunRecord record, long from, SafeFileHandle watched, CancellationToken ending) =>
        _live[record.RunId] = new LiveRun(folders.Take(record, watched), record, from, folders, ending);

    /// <summary>Another process has it now; it is read from its folder like any other.</summary>
    internal void GiveAway(LiveRun run)
    {
        run.GiveAway();
        Remove(run);
    }

    /// <summary>It did not begin.</summary>
    internal void Forget(string runId)
    {
        if (_live.TryRemove(runId, out var run))
        {
            run.Dispose();
        }
    }

    /// <summary>It is over; its output stays readable for a while without a folder too.</summary>
    internal void Finish(LiveRun run, RunEnd end)
    {
        run.Finish(end);
        _over.Enqueue(run);
        while (_over.Count > MostRemembered && _over.TryDequeue(out var oldest))
        {
            oldest.Dispose();
        }

        Remove(run);
    }

    /// <summary>Waits until no run of this process goes on.</summary>
    internal void AwaitAll(TimeSpan limit)
    {
        var begin = Stopwatch.GetTimestamp();
        lock (_finished)
        {
            while (!_live.IsEmpty && limit - Stopwatch.GetElapsedTime(begin) is var left && left > TimeSpan.Zero)
            {
                Monitor.Wait(_finished, left);
            }
        }
    }

    /// <summary>A run as it is now, or null when nothing is known of it.</summary>
    internal RunSight? Find(string runId)
    {
        var own = _live.TryGetValue(runId, out var live) ? live : _over.FirstOrDefault(run => run.Record.RunId == runId);
        if (own is not null)
        {
            // Whether it runs is asked before its output is, so that what a run that is over gives is all of it.
            var record = own.Record;
            return new RunSight(record, record.End is null, (offset, most) => own.Log.Read(offset, most) ?? InFolder(runId, offset, most), own.Stop);
        }

        return folders.Find(runId) is { } found ? new RunSight(found.Record, found.IsRunning, found.Output.Read, found.AskToStop) : null;
    }

    /// <summary>The runs of this process that go on.</summary>
    internal IEnumerable<RunRecord> Live => _live.Values.Select(run => run.Record);

    private void Remove(LiveRun run)
    {
        lock (_finished)
        {
            _live.TryRemove(run.Record.RunId, out _);
            Monitor.PulseAll(_finished);
        }
    }

    private LogChunk InFolder(string runId, long offset, int most) =>
        folders.Find(runId)?.Output.Read(offset, most) ?? new LogChunk(offset, [], [], offset);
}

/// <summary>A run as it is now.</summary>
/// <param name="Record">What is known of it.</param>
/// <param name="IsRunning">Whether it goes on.</param>
/// <param name="Read">Reads output from an offset, at most so many bytes.</param>
/// <param name="Stop">Ends it, or asks for that, in somebody's name.</param>
internal sealed record RunSight(RunRecord Record, bool IsRunning, Func<long, int, LogChunk> Read, Action<string> Stop)
{
    /// <summary>Whether all who watched over it were killed before its end was known.</summary>
    internal bool IsLost => !IsRunning && Record.End is null;
}

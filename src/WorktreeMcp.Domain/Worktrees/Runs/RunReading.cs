using System.Diagnostics;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>What a run wrote from an offset on, and how it stands.</summary>
/// <param name="Record">What is known of the run.</param>
/// <param name="IsRunning">Whether it goes on.</param>
/// <param name="IsLost">Whether all who watched over it were killed before its end was known.</param>
/// <param name="Offset">Where in the whole output <paramref name="Parts"/> begin.</param>
/// <param name="NextOffset">Where what comes next begins.</param>
/// <param name="Length">How many bytes it wrote so far.</param>
/// <param name="MissingBytes">How many bytes between the offset that was asked for and <paramref name="Offset"/> are not kept.</param>
/// <param name="Parts">The output in the order in which it was written.</param>
public sealed record RunOutput(
    RunRecord Record, bool IsRunning, bool IsLost, long Offset, long NextOffset, long Length, long MissingBytes, IReadOnlyList<OutputPart> Parts);

/// <summary>How the end of a run came about.</summary>
/// <param name="Record">What is known of the run.</param>
/// <param name="Already">Whether it was over before.</param>
/// <param name="IsRunning">Whether it goes on all the same.</param>
/// <param name="Survivors">Processes of it that are still alive.</param>
public sealed record RunStop(RunRecord Record, bool Already, bool IsRunning, IReadOnlyList<int> Survivors);

/// <summary>Reads runs and stops them, whichever server runs them.</summary>
internal sealed class RunReading(KnownRuns known, Func<IReadOnlyList<Worktree>> worktrees)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    /// <summary>What a run wrote from an offset on; waits for it if there is nothing yet.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="offset">Where to begin; a negative one counts from the end.</param>
    /// <param name="mostBytes">How much of it at most.</param>
    /// <param name="wait">How long to wait for output or the end.</param>
    /// <param name="cancel">Ends the wait.</param>
    internal RunOutput Output(string runId, long offset, int mostBytes, TimeSpan wait, CancellationToken cancel)
    {
        var begin = Stopwatch.GetTimestamp();
        var from = offset >= 0 ? offset : Math.Max(0, Require(runId).Read(long.MaxValue, 0).Length + offset);
        for (var look = FirstLook; ; look = look * 2 < LongestLook ? look * 2 : LongestLook)
        {
            var run = Require(runId);
            var chunk = run.Read(from, mostBytes);
            if (chunk.Bytes.Length > 0 || !run.IsRunning || Stopwatch.GetElapsedTime(begin) >= wait)
            {
                return Seen(runId, from, mostBytes, look > FirstLook && run.IsRunning && chunk.Bytes.Length < mostBytes, cancel);
            }

            Pause(look, cancel);
        }
    }

    /// <summary>Ends a run with all its children.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="by">Who wants that.</param>
    internal RunStop Stop(string runId, string by)
    {
        var run = Require(runId);
        if (!run.IsRunning)
        {
            // Nobody watched any more over what is left of a lost one.
            var left = run.IsLost ? MarkedProcesses.End($"{CommandEnvironment.RunIdName}={runId}") : run.Record.End?.Survivors ?? [];
            return new RunStop(run.Record, Already: true, IsRunning: false, left);
        }

        run.Stop(by);
        var begin = Stopwatch.GetTimestamp();
        for (var look = FirstLook; Stopwatch.GetElapsedTime(begin) < LongestEnd; look = look * 2 < LongestLook ? look * 2 : LongestLook)
        {
            Pause(look, CancellationToken.None);
            run = Require(runId);
            if (!run.IsRunning)
            {
                break;
            }
        }

        return new RunStop(run.Record, Already: false, run.IsRunning, run.Record.End?.Survivors ?? []);
    }

    // Who waited gets a little more than the first bytes, not the next ones in a call of their own.
    private RunOutput Seen(string runId, long from, int mostBytes, bool settle, CancellationToken cancel)
    {
        if (settle)
        {
            Pause(Settling, cancel);
        }

        var run = Require(runId);
        var chunk = run.Read(from, mostBytes);
        var (parts, next) = OutputPart.Of(chunk, isWhole: !run.IsRunning);
        return new RunOutput(run.Record, run.IsRunning, run.IsLost, chunk.Offset, next, chunk.Length, Math.Max(0, chunk.Offset - from), parts);
    }

    private static void Pause(TimeSpan time, CancellationToken cancel)
    {
        cancel.WaitHandle.WaitOne(time);
        cancel.ThrowIfCancellationRequested();
    }

    private RunSight Require(string runId)
    {
        if (known.Find(runId) is { } run)
        {
            return run;
        }

        var running = worktrees().SelectMany(worktree => worktree.Runs.Select(begun => (worktree, begun))).ToList();
        if (running.FirstOrDefault(each => each.begun.Id == runId) is { worktree: { } place, begun: { } other })
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"Run {runId} in worktree \"{place.Name}\" is the call of {other.By} to another server, which waits for it. Its output comes with that call's answer.",
                "Look again later: when that call stops waiting, the run can be read and stopped from here.",
                new NextStep.ShowWorktree(place.Name));
        }

        var there = running.Count == 0 ? "No command runs now." : $"Running now: {string.Join(", ", running.Take(5).Select(each => $"{each.begun.Id} in \"{each.worktree.Name}\""))}.";
        throw new Refusal(
            RefusalCode.NotFound,
            $"There is no run \"{(runId.Length > 60 ? runId[..60] + "..." : runId)}\" whose output is kept. {there}",
            $"Take run_id from the answer of {Step.RunCommand} or from {Step.ShowWorktree}. Short outputs are kept by the server that ran them, long ones for 7 days.",
            new NextStep.ListWorktrees());
    }
}

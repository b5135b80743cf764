using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>
/// Runs commands in worktrees. Invariants:
/// - a command runs under the worktree's shared lease, after the identity check, between exactly one pair of events;
/// - the end is on record before the lease is free, and the lease is free before anybody reads that the run is over;
/// - a call may stop waiting, the run goes on: a supervisor takes it over as it is, or where there is none it ends with this process.
/// </summary>
internal sealed class WorktreeRuns(WorktreePlaces parts, WorktreeEntries entries, ISettling settling, CommandRunner runner, RunPreparation preparation) : IDisposable
{
    private const int EventCommand = 200;
    private const int RecordCommand = 4_000;
    private static readonly TimeSpan BetweenProgress = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    private readonly RunEvents _events = new(parts, entries);
    private readonly CancellationTokenSource _ending = new();
    private bool _over;

    /// <summary>The runs of this process, and the folders of all.</summary>
    internal KnownRuns Known { get; } = new(new RunFolders(parts.Layout, parts.Store.Time));

    /// <summary>Starts commands that outlive this process; null where that cannot be done.</summary>
    internal BackgroundRuns? Background { get; init; }

    /// <summary>What runs in a worktree now, whichever server runs it.</summary>
    /// <remarks>One whose watcher was killed stays in the entry as long as another runs there; its folder tells.</remarks>
    internal IReadOnlyList<RunningCommand> Running(Worktree worktree) =>
        [.. worktree.Runs.Where(run => Known.Find(run.Id) is null or { IsRunning: true }).OrderBy(run => run.StartedAt).Select(run => new RunningCommand(run.Id, run.Command, run.StartedAt, run.By, run.Kind))];

    /// <summary>
    /// Starts a command of our own account in a worktree, such as its setup, and returns while it runs. It is a run like any
    /// other: it holds the lease, stands in the status, and has its two events.
    /// </summary>
    /// <param name="name">The worktree.</param>
    /// <param name="command">The command.</param>
    /// <param name="by">On whose behalf.</param>
    /// <param name="timeout">When it is ended with all it started.</param>
    /// <param name="kind">What it is for, such as "setup".</param>
    /// <returns>The run's id.</returns>
    internal string StartInBackground(string name, string command, string by, TimeSpan timeout, string kind = BegunRun.Asked) =>
        Start(new RunOrder(name, command, timeout, by) { Kind = kind }).Run.RunId;

    /// <summary>Starts a command that goes on when this process ends, where that can be done.</summary>
    internal WorktreeRun Start(RunOrder order)
    {
        preparation.RequireEnabled();
        order.Check();
        if (Background is null)
        {
            return Run(order, TimeSpan.Zero, null, CancellationToken.None);
        }

        var worktree = WorktreeEntries.Require(settling.SettledForChange(), order.Name);
        Background.Start(order);
        return new WorktreeRun(worktree, parts.DirectoryOf(worktree), new RunResult { RunId = order.RunId, IsRunning = true, Output = CapturedText.None, Error = CapturedText.None }, null) { Sandbox = preparation.Use(), Note = preparation.Unapproved() };
    }

    /// <summary>Runs a command and waits for its end, but not longer than <paramref name="wait"/>.</summary>
    internal WorktreeRun Run(RunOrder order, TimeSpan wait, Action<RunProgress>? progress, CancellationToken cancel)
    {
        preparation.RequireEnabled();
        order.Check();
        var stash = parts.Git.Refs.Stash();
        var work = Begin(order);
        work.Handover = Background is not null && Handover.IsPossible && wait < order.Timeout ? new Handover(child => GiveAway(work, child)) : null;
        var done = Task.Factory.StartNew(() => Perform(work, null), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Await(work, done, wait, progress, cancel);
        if (!done.IsCompleted && work.Live.Publish())
        {
            work.Handover?.Ask(((IAsyncResult)done).AsyncWaitHandle);
        }

        // It may have ended while its folder was made. One that was given away returns at once.
        var run = done.IsCompleted || work.IsGiven ? Answer(work, done.GetAwaiter().GetResult(), cancel) : Standing(work);
        return run with { MadeStash = parts.Git.Refs.Stash() is var now && now.Tip != stash.Tip && now.Log > stash.Log };
    }

    /// <summary>Goes on with a command that its server has given to this process, until its end.</summary>
    /// <param name="run">The command.</param>
    /// <param name="started">Called once this process watches over it.</param>
    internal WorktreeRun Take(HandedOverRun run, Action started)
    {
        var lease = WorktreeLock.Given(HandedOverRun.Inherited(HandedOverRun.LeaseDescriptor));
        var worktree = entries.All().FirstOrDefault(known => known.Id == run.WorktreeId) ?? throw Unreachable(run.Order.RunId);
        var begun = worktree.Runs.FirstOrDefault(known => known.Id == run.Order.RunId) ?? throw Unreachable(run.Order.RunId);
        var live = Known.Take(Record(run.Order, worktree, begun.StartedAt), run.LogOffset, HandedOverRun.Inherited(HandedOverRun.WatchDescriptor), _ending.Token);
        var work = new Work(run.Order, worktree, begun, lease, live) { Own = run.Own };
        return Complete(work, () =>
        {
            var request = new ShellCommand(run.Order.Command, parts.DirectoryOf(worktree), new Dictionary<string, string>(), run.Order.Timeout) { RunId = run.Order.RunId };
            return Settle(work, runner.Continue(run.Child, request, live.Log, started, live.Cancel), preparation.Use());
        });
    }

    /// <summary>Runs a command to its end for another process, which reads it from the run's folder.</summary>
    /// <param name="order">The command.</param>
    /// <param name="started">Called once it runs.</param>
    internal WorktreeRun Supervise(RunOrder order, Action started)
    {
        preparation.RequireEnabled();
        order.Check();
        return Perform(Begin(order), started);
    }

    /// <summary>Ends all runs of this process.</summary>
    internal void EndAll()
    {
        if (!_over)
        {
            _ending.Cancel();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_over)
        {
            _over = true;
            _ending.Cancel();
            Known.AwaitAll(LongestEnd);
            _ending.Dispose();
        }
    }

    private Work Begin(RunOrder order)
    {
        var found = WorktreeEntries.Require(settling.SettledForChange(), order.Name);
        var lease = parts.TryLease(found, shared: true) ?? throw Busy(found);
        try
        {
            var worktree = WorktreeEntries.Require(entries.All(), order.Name);
            if (!worktree.IsUsable || worktree.Id != found.Id)
            {
                throw Busy(worktree);
            }

            var entry = parts.RequireIdentity(worktree);
            preparation.RequireSandbox();
            var now = StateJson.Seconds(parts.Store.Time.GetUtcNow());
            var begun = new BegunRun(order.RunId, Cut(Redaction.Of(order.Command), EventCommand), order.By, now, order.Kind);
            var live = Known.Add(Record(order, worktree, now), _ending.Token);
            _events.Begin(worktree, begun, order.Timeout);
            worktree = entries.AsTheyAre().FirstOrDefault(known => known.Id == worktree.Id) ?? worktree;
            return new Work(order, worktree, begun, lease, live) { Entry = entry };
        }
        catch
        {
            Known.Forget(order.RunId);
            lease.Dispose();
            throw;
        }
    }

    private WorktreeRun Perform(Work work, Action? started) => Complete(work, () =>
    {
        if (started is not null && !work.Live.Publish())
        {
            throw Unreachable(work.Order.RunId);
        }

        var prepared = preparation.Prepare(work.Worktree, work.Entry!, work.Order.RunId, work.Lease.Descriptor);
        work.Own = prepared.Own;
        var request = new ShellCommand(work.Order.Command, parts.DirectoryOf(work.Worktree), prepared.Variables, work.Order.Timeout) { RunId = work.Order.RunId, Wrapper = prepared.Wrapper };
        var result = runner.Run(request, work.Live.Log, started, _ending.Token, work.Live.Cancel, work.Handover);
        return work.IsGiven ? (Standing(work), null) : Settle(work, result, prepared.Sandbox);
    });

    private (WorktreeRun Run, RunEnd? End) Settle(Work work, RunResult result, SandboxUse sandbox)
    {
        result = result with { StoppedBy = result.Cancelled ? work.Live.StoppedBy : null };
        preparation.RequireBegun(work.Own, result);
        var left = preparation.Finish(work.Worktree, work.Lease.Descriptor, work.Order.RunId);
        var warning = _events.End(work.Worktree, work.Begun, result);
        var end = new RunEnd(
            result.ExitCode, result.Signal, result.TimedOut, result.Cancelled, result.StoppedBy, null, Now(), result.DurationSeconds, work.Live.Log.Total, result.Survivors);
        return (new WorktreeRun(work.Worktree, parts.DirectoryOf(work.Worktree), result, left is null || warning is null ? left ?? warning : $"{left} {warning}") { Sandbox = sandbox, Note = preparation.Unapproved() }, end);
    }

    // Whatever happens the lease is freed and the end is told, except by who has given the command away.
    private WorktreeRun Complete(Work work, Func<(WorktreeRun Run, RunEnd? End)> perform)
    {
        var end = new RunEnd(null, null, false, false, null, "this server failed", 0, 0, 0, []);
        try
        {
            var (run, known) = perform();
            end = known ?? end;
            return run;
        }
        catch (Refusal refusal)
        {
            end = end with { Error = refusal.Message, EndedAt = Now() };
            _events.Fail(work.Worktree, work.Begun, refusal.Message);
            throw;
        }
        finally
        {
            if (work.IsGiven)
            {
                work.Lease.GiveAway();
                Known.GiveAway(work.Live);
            }
            else
            {
                work.Lease.Dispose();
                Known.Finish(work.Live, end);
            }
        }
    }

    private bool GiveAway(Work work, RunningChild child)
    {
        var run = new HandedOverRun(work.Order, work.Worktree.Id, work.Live.Log.Total, work.Own, child);
        return work.IsGiven = work.Live.Watched is { } watch && Background!.Take(run, work.Lease.Descriptor, watch);
    }

    // A caller who went away while the command changed hands meant the command.
    private WorktreeRun Answer(Work work, WorktreeRun run, CancellationToken cancel)
    {
        if (work.IsGiven && cancel.IsCancellationRequested)
        {
            Known.Find(work.Order.RunId)?.Stop(work.Order.By);
        }

        return run;
    }

    // Whoever waits is told how it goes; the run itself never waits for that.
    private static void Await(Work work, Task done, TimeSpan wait, Action<RunProgress>? progress, CancellationToken cancel)
    {
        var begin = TimeProvider.System.GetTimestamp();
        using var stop = cancel.UnsafeRegister(static live => ((LiveRun)live!).Stop(null), work.Live);
        WaitHandle[] ends = [((IAsyncResult)done).AsyncWaitHandle, cancel.WaitHandle];
        for (var left = wait; left > TimeSpan.Zero; left = wait - TimeProvider.System.GetElapsedTime(begin))
        {
            switch (WaitHandle.WaitAny(ends, progress is null || left < BetweenProgress ? left : BetweenProgress))
            {
                case 0:
                    return;
                case 1:
                    ends[0].WaitOne(LongestEnd);
                    return;
                default:
                    progress?.Invoke(new RunProgress(TimeProvider.System.GetElapsedTime(begin), work.Live.Log.LastLine()));
                    break;
            }
        }
    }

    private WorktreeRun Standing(Work work)
    {
        var (output, error, readOn) = work.Live.Log.Now(ended: false);
        var result = new RunResult
        {
            RunId = work.Order.RunId,
            IsRunning = true,
            EndsWithServer = !work.IsGiven,
            DurationSeconds = Math.Round(Now() - work.Begun.StartedAt, 3),
            Output = output,
            Error = error,
            ReadOn = readOn,
        };
        return new WorktreeRun(work.Worktree, parts.DirectoryOf(work.Worktree), result, null) { Sandbox = preparation.Use(), Note = preparation.Unapproved() };
    }

    // Nobody could read it or stop it.
    private Refusal Unreachable(string runId) => new(
        RefusalCode.Internal,
        $"The folder of run {runId} cannot be made under {parts.Layout.Runs}. Nothing was run.",
        "Check free space and permissions there, or run it without background.");

    private static RunRecord Record(RunOrder order, Worktree worktree, double now) => new()
    {
        RunId = order.RunId,
        Kind = order.Kind,
        Worktree = worktree.Name,
        Command = Cut(Redaction.Of(order.Command), RecordCommand),
        By = order.By,
        StartedAt = now,
        TimeoutSeconds = order.Timeout.TotalSeconds,
        WatchedBy = Environment.ProcessId,
        Boot = Machine.BootId,
    };

    private double Now() => StateJson.Seconds(parts.Store.Time.GetUtcNow());

    private static string Cut(string command, int most) => command.Length > most ? command[..most] + "..." : command;

    private static Refusal Busy(Worktree worktree) => new(
        RefusalCode.WorktreeBusy,
        $"Worktree \"{worktree.Name}\" is being made or removed ({worktree.Status.Word()}).",
        $"Try again in a moment; {Step.ListWorktrees} shows where it stands.",
        new NextStep.ListWorktrees());

    private sealed record Work(RunOrder Order, Worktree Worktree, BegunRun Begun, WorktreeLock Lease, LiveRun Live)
    {
        /// <summary>git's record; null for a command that was begun elsewhere.</summary>
        internal AdminEntry? Entry { get; init; }

        /// <summary>The private folders of a confined command.</summary>
        internal PrivateGit? Own { get; set; }

        /// <summary>What may give it to a supervisor.</summary>
        internal Handover? Handover { get; set; }

        /// <summary>Whether a supervisor has it.</summary>
        internal bool IsGiven { get; set; }
    }
}

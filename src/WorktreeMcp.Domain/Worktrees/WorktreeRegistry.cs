using System.IO.Abstractions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Creating;
using WorktreeMcp.Domain.Worktrees.Files;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Removing;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Domain.Worktrees.Settling;
using WorktreeMcp.Domain.Worktrees.Trash;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// The registry: where work is done. Each call settles what is half-done (<see cref="ISettling"/>), then goes into one room. Invariants:
/// - a task names its worktree and the worktree names its task, changed together;
/// - what changes git's records or our refs holds the lock; checkouts and commands hold only the worktree's lease;
/// - nothing acts in a directory whose identity is in doubt, and nothing of anybody's work is deleted.
/// </summary>
public sealed class WorktreeRegistry : IDisposable
{
    private readonly WorktreePlaces _parts;
    private readonly WorktreeEntries _entries;
    private readonly WorktreeInspection _inspection;
    private readonly SettledCalls _settling;
    private readonly WorktreeCreation _creation;
    private readonly WorktreeBinding _binding;
    private readonly WorktreeKeeping _keeping;
    private readonly WorktreeRemover _remover;
    private readonly RestoreRequest _restore;
    private readonly WorktreeRuns _commands;
    private readonly WorktreeLanding _landing;
    private readonly EmptyingTrash _sweep;
    private readonly RunReading _runs;
    private readonly WorktreeSetup _setup;
    private readonly LeftBehind _left;

    internal WorktreeRegistry(
        StateStore store, TaskBoard board, GitRepository git, SpareRoom spares, SpareKeeper keeper, IFileSystem files, IDisk disk, CurrentSettings settings, CommandRunner runner,
        BackgroundRuns? background, Trust trust)
    {
        _parts = new WorktreePlaces(store, board, git, spares, files, disk, settings);
        _entries = new WorktreeEntries(store, _parts.Proof);
        _inspection = new WorktreeInspection(_parts);
        Looks = new WorktreeStatuses(_inspection, _parts);
        var trash = new IntoTrash(_parts);
        var back = new OutOfTrash(_parts);
        var bases = new BaseBranch(_parts, _entries);
        var landings = new LandingRecord(_parts, _entries, bases);
        Preparation = new RunPreparation(_parts, _entries, runner.Environment);
        git.InCheckouts.Confinement = Preparation.Confinement;
        HalfDone = new HalfDoneWorktrees(_parts, _entries, trash, back, Preparation, landings);
        _settling = new SettledCalls(_parts, _entries, HalfDone);
        store.SettleSteps = _settling.SettleSteps;
        var include = new WorktreeInclude(git, store.Layout, files, disk, Preparation.Hidden);
        _creation = new WorktreeCreation(_parts, _entries, _settling, new CreationUndo(_parts, trash), include, keeper);
        _binding = new WorktreeBinding(_parts, _entries, _settling);
        _keeping = new WorktreeKeeping(_parts, _entries, _settling);
        _restore = new RestoreRequest(_parts, _entries, _settling, back);
        _sweep = new EmptyingTrash(_parts, _entries);
        _commands = new WorktreeRuns(_parts, _entries, _settling, runner, Preparation) { Background = background };
        _left = new LeftBehind(_entries, _inspection, _commands);
        Content = new WorktreeFiles(_parts, _entries, _settling, Preparation);
        _runs = new RunReading(_commands.Known, _entries.All);
        _setup = new WorktreeSetup(_parts, trust, _commands);
        _remover = new WorktreeRemover(_parts, _entries, _settling, trash, _setup, Looks);
        _landing = new WorktreeLanding(_parts, _entries, _settling, _remover, new LandingVerification(_parts, runner, Preparation, include), bases, landings);
    }

    /// <summary>Empties the trash.</summary>
    public EmptyingTrash Trash => _sweep;

    /// <summary>Reads and edits files of worktrees.</summary>
    public WorktreeFiles Content { get; }

    internal WorktreePlaces Parts => _parts;

    internal WorktreeEntries Entries => _entries;

    internal WorktreeInspection Inspection => _inspection;

    /// <summary>Which files worktrees change, as far as anybody has looked.</summary>
    internal TouchedNames Touched => _inspection.Touched;

    /// <summary>What lists and overviews tell of worktrees, shared so that none asks for what the other knows.</summary>
    internal WorktreeStatuses Looks { get; }

    internal HalfDoneWorktrees HalfDone { get; }

    /// <summary>Where calls begin.</summary>
    internal ISettling Settling => _settling;

    internal RunPreparation Preparation { get; }

    internal WorktreeRuns Commands => _commands;

    /// <summary>The names that are in use, oldest first.</summary>
    public IReadOnlyList<string> Names => [.. _entries.All().Where(worktree => worktree.IsLive).Select(worktree => worktree.Name)];

    /// <summary>Makes a worktree on its own branch and binds it to its task.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="by">Who wants it; becomes the owner of a task that has none.</param>
    /// <returns>The worktree, active.</returns>
    public WorktreeStep Create(NewWorktree request, string by) => _setup.Begin(_creation.Create(request, by), by);

    /// <summary>Lists worktrees, each with what git says of it; what there was no time to ask is told with its age.</summary>
    /// <param name="status">Only this state; null means all but removed.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cursor">Where the page before ended.</param>
    /// <returns>One page.</returns>
    public WorktreePage List(WorktreeState? status, int limit, string? cursor)
    {
        var all = _settling.Settled();
        var (rows, total, next) = WorktreeInspection.Page(all, status, limit, cursor);
        return new WorktreePage(Looks.Look(rows, all, _parts.Settings.ListWait), total, next);
    }

    /// <summary>All about one worktree.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>What is found now, never from a cache.</returns>
    public WorktreeDetail Status(string name)
    {
        var all = _settling.Settled();
        var worktree = WorktreeEntries.Require(all, name);
        return _inspection.Detail(worktree, _commands.Running(worktree)) with { BaseNote = new StackedWork(_parts).AfterLandingBelow(worktree, all) };
    }

    /// <summary>The worktree of a task as it is now, or null.</summary>
    /// <param name="task">The task.</param>
    /// <returns>What git says of it.</returns>
    public WorktreeView? Of(BoardTask task) =>
        task.Worktree is { } name && WorktreeEntries.Find(_entries.All(), name) is { } worktree ? _inspection.View(worktree) : null;

    /// <summary>All that is left of the work on a task that somebody has taken over.</summary>
    /// <param name="taken">What was taken; to take again what one holds leaves nothing to tell.</param>
    /// <returns>Files, commits and running commands, and what waits in the trash, none of it touched; or why it cannot be shown: the task is taken all the same.</returns>
    public WorkLeftBehind LeftIn(TaskTaken taken) => taken.Renewed ? WorkLeftBehind.None : _left.Of(taken.View.Task, isTaken: true);

    /// <summary>The same after a worktree was made or opened again for a task.</summary>
    /// <param name="step">What was done.</param>
    /// <returns>The same.</returns>
    public WorkLeftBehind LeftBy(WorktreeStep step) =>
        step.Task is not { } task || (step.Already && !step.IsTaken) ? WorkLeftBehind.None : _left.Of(task, step.IsTaken);

    /// <summary>Where the work of a task stands; read without finishing anything first, since the lock may be in hand.</summary>
    internal FinishedWork WorkOf(BoardTask task) =>
        task.Worktree is { } name && (task.Contract.Verify ?? _parts.Settings.Verify) is not null && WorktreeEntries.Find(_entries.AsTheyAre(), name) is { } worktree
            ? _parts.WorkIn(worktree)
            : FinishedWork.Unknown;

    /// <summary>Binds a task to a worktree that exists, on both sides.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="name">The worktree.</param>
    /// <param name="owner">Who works on it; null keeps the owner it has.</param>
    /// <param name="by">Who binds.</param>
    /// <returns>Both, bound.</returns>
    public WorktreeStep Bind(int taskId, string name, string? owner, string by) => _binding.Bind(taskId, name, owner, by);

    /// <summary>Closes a worktree for now; its directory and its branch stay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="reason">Why, or null.</param>
    /// <param name="completeTask">Whether its task is done.</param>
    /// <param name="by">Who closes it.</param>
    /// <param name="cancel">Ends what verifies its task.</param>
    /// <returns>The worktree, kept.</returns>
    public WorktreeStep Keep(string name, string? reason, bool completeTask, string by, CancellationToken cancel = default)
    {
        if (completeTask)
        {
            _landing.Heads.Verify(name, by, cancel);
        }

        return _keeping.Keep(name, reason, completeTask, by);
    }

    /// <summary>Takes a worktree down into the trash.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="force">Whether uncommitted work may go into the trash with it.</param>
    /// <param name="completeTask">Whether its task is done.</param>
    /// <param name="reason">Why, or null.</param>
    /// <param name="by">Who removes it.</param>
    /// <returns>Where everything is now.</returns>
    public WorktreeRemoval Remove(string name, bool force, bool completeTask, string? reason, string by) => _remover.Remove(name, force, completeTask, reason, by);

    /// <summary>Brings a removed worktree back from the trash, byte for byte.</summary>
    /// <param name="name">The name it had.</param>
    /// <param name="newName">The name it is to have; null for the one it had.</param>
    /// <param name="trashId">Which one, where several of that name were removed; null for the one removed last.</param>
    /// <param name="by">Who restores it.</param>
    /// <returns>The worktree, and what is not as it was.</returns>
    public WorktreeRestoration Restore(string name, string? newName, int? trashId, string by) => _restore.Restore(name, newName, trashId, by);

    /// <summary>Runs one shell command in a worktree and waits for its end, but not for ever.</summary>
    /// <param name="order">The command.</param>
    /// <param name="wait">How long to wait; a command that takes longer goes on, and the result says so.</param>
    /// <param name="progress">Told twice a second how it goes; null for nobody.</param>
    /// <param name="cancel">Ends the command while it is waited for.</param>
    /// <returns>How it ended, or how it stands.</returns>
    public WorktreeRun Run(RunOrder order, TimeSpan wait, Action<RunProgress>? progress, CancellationToken cancel) =>
        _inspection.After(_commands.Run(order, wait, progress, cancel));

    /// <summary>Starts one shell command in a worktree that outlives this process, where that can be done.</summary>
    /// <param name="order">The command.</param>
    /// <returns>The run, which goes on.</returns>
    public WorktreeRun Start(RunOrder order) => _commands.Start(order);

    /// <summary>Reads what a run wrote; waits for it if there is nothing yet.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="offset">Where in its output to begin; a negative one counts from the end.</param>
    /// <param name="mostBytes">How much of it at most.</param>
    /// <param name="wait">How long to wait for output or the end.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>What it wrote since, and how it stands.</returns>
    public RunOutput Output(string runId, long offset, int mostBytes, TimeSpan wait, CancellationToken cancel) =>
        _runs.Output(runId, offset, mostBytes, wait, cancel);

    /// <summary>Ends a run with all its children.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="by">Who wants that.</param>
    /// <returns>How it ended.</returns>
    public RunStop Stop(string runId, string by) => _runs.Stop(runId, by);

    /// <summary>Ends all commands that end with this process; returns at once.</summary>
    public void EndRuns() => _commands.EndAll();

    /// <summary>Ends them and waits for that.</summary>
    public void Dispose()
    {
        _commands.Dispose();
        Looks.Dispose();
    }

    /// <summary>Lands a worktree's branch in its base: all of it, or nothing.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="by">Who lands it.</param>
    /// <param name="progress">Told what is being done while it lasts.</param>
    /// <param name="cancel">Ends it while it waits or verifies.</param>
    /// <returns>What landed.</returns>
    public LandingResult Land(LandingRequest request, string by, Action<string> progress, CancellationToken cancel) =>
        _landing.Land(request, by, progress, cancel);

    /// <summary>What a worktree changes against its base, uncommitted work included.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">Only this file or folder; null for all.</param>
    /// <param name="patch">Whether the patch is wanted too.</param>
    /// <param name="mostBytes">How much of the patch at most.</param>
    /// <param name="cursor">Where the part before ended.</param>
    /// <returns>The files, and the patch if wanted.</returns>
    public WorktreeDifference Diff(string name, string? path, bool patch, int mostBytes, string? cursor) =>
        new WorktreeDiff(_parts, Touched).Compare(WorktreeEntries.Require(_settling.Settled(), name), path, patch, mostBytes, cursor);

    /// <summary>Which active worktrees touch the same files, and which of them would conflict.</summary>
    /// <param name="name">Only this one against the others; null for all.</param>
    /// <returns>What was found.</returns>
    public ConflictForecast Forecast(string? name) => new WorktreeConflicts(_parts, Touched).Forecast(_settling.Settled(), name);
}

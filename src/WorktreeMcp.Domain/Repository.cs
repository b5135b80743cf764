using System.IO.Abstractions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain;

/// <summary>One repository with its board and its registry, opened from any directory inside it.</summary>
public sealed class Repository : IDisposable
{
    private readonly StateStore _store;
    private readonly SpareKeeper _keeper;

    private Repository(
        RepositoryPlace place, RepositorySettings settings, GitCommand git, CommandRunner runner, Func<StateLayout, BackgroundRuns?> background,
        Trust trust, IFileSystem files, IDurableFiles disk, TimeProvider time, Func<string, bool>? endsWithThisProcess)
    {
        Place = place;
        Settings = settings;
        var layout = new StateLayout(place.Root, place.CommonDirectory, settings.WorktreeRoot) { ObjectIdLength = place.ObjectIdLength };
        _store = new StateStore(layout, files, disk, time, settings.Durable);
        Trust = trust;
        Board = new TaskBoard(_store, endsWithThisProcess, settings.LeaseMinutes) { Settle = () => Worktrees!.Repair.SettleAbandoned() };
        var (inCheckouts, settingFiles) = (new CheckoutGit(git, place, files, settings.AllowedFilters), new SettingFiles(git, place));
        Spares = new SpareRoom(_store, new SpareCheckouts(inCheckouts, settingFiles, place, files), files);
        var repository = new GitRepository(inCheckouts, settingFiles, place, files);
        _keeper = new SpareKeeper(
            Spares, _store.Faults, settings.Spares, () => settings.BaseRef == "HEAD" ? repository.MainHead().Commit : repository.ResolveCommit(settings.BaseRef), () => Worktrees!.Entries.InTheMaking > 0);
        Worktrees = new WorktreeRegistry(_store, Board, repository, Spares, _keeper, files, settings, runner, background(layout), trust);
        Overview = new BoardOverview(Board, Worktrees, _store);
    }

    /// <summary>Where it lies.</summary>
    public RepositoryPlace Place { get; }

    /// <summary>What is set for it.</summary>
    public RepositorySettings Settings { get; }

    /// <summary>Which of its setup commands a person has approved.</summary>
    public Trust Trust { get; }

    /// <summary>What is to be done.</summary>
    public TaskBoard Board { get; }

    /// <summary>Where it is done.</summary>
    public WorktreeRegistry Worktrees { get; }

    /// <summary>What an agent or a person has to know before anything else.</summary>
    public BoardOverview Overview { get; }

    /// <summary>Checkouts that are kept ready.</summary>
    internal SpareRoom Spares { get; }

    /// <summary>Keeps checkouts ready in the background from now on, as many as are set; ends when this is disposed.</summary>
    public void KeepSpares() => _keeper.Start();

    /// <summary>Has faults of the background told, which no call waits for: what was being done, and what went wrong.</summary>
    /// <param name="told">Called on the thread where it happened.</param>
    public void TellOfFaults(Action<string, Exception> told) => _store.Faults.TellTo(told);

    /// <summary>The checkouts that are kept ready.</summary>
    /// <returns>How many, and their bytes.</returns>
    public (int Count, long Bytes) CheckoutsKeptReady() => Spares.OnDisk();

    /// <summary>The outputs of commands that are kept; the oldest give way to new ones.</summary>
    /// <returns>How many commands, their bytes, and how many bytes there may be at most.</returns>
    public (int Count, long Bytes, long Most) OutputsKept() => new RunFolders(_store.Layout, _store.Time).OnDisk() is var (count, bytes) ? (count, bytes, RunFolders.MostBytes) : default;

    /// <summary>Deletes the checkouts that are kept ready; a server that keeps some makes new ones after its next creation.</summary>
    /// <returns>False if another server is at them, or one could not be deleted; a later call may do it.</returns>
    public bool TryDiscardCheckoutsKeptReady() => Spares.TryDiscardAll();

    /// <summary>What happened.</summary>
    /// <param name="query">Which events.</param>
    /// <returns>Events, oldest first.</returns>
    public EventPage Events(EventQuery query)
    {
        // An operation that a kill interrupted may still owe its events.
        _ = _store.Task(0);
        return _store.Events.Read(query);
    }

    /// <summary>Tells of every change of board and registry, whoever makes it, until what is returned is disposed.</summary>
    /// <param name="changed">Called on another thread, once for what happens within a moment.</param>
    /// <returns>What ends it.</returns>
    public IDisposable Follow(Action<BoardDelta> changed) => new Following(_store, Worktrees, changed);

    /// <summary>Looks for everything that is not as it should be; changes nothing.</summary>
    /// <returns>What was found, the worst first.</returns>
    public IReadOnlyList<Finding> Examine() => new Examination(Worktrees).Findings();

    /// <summary>What of that can be seen in passing and concerns no single worktree or task; changes nothing.</summary>
    /// <returns>A few lines; none when nothing is seen.</returns>
    public IReadOnlyList<string> Drift() => new PassingLook(Worktrees).Lines();

    /// <summary>Says why a directory's repository could not be opened, as a finding.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="refusal">The refusal to open it.</param>
    /// <returns>What is the case, and what a person has to do.</returns>
    public static Finding Explain(string path, Refusal refusal) => UnusableRepository.Explain(path, refusal, new FileSystem());

    /// <summary>Repairs what is ours to repair.</summary>
    /// <returns>What was repaired, and what is left.</returns>
    public IReadOnlyList<Finding> Repair() => new Treatment(Worktrees).Run();

    /// <summary>Finds and opens the repository that a directory is in; nothing is written yet.</summary>
    /// <param name="path">Any directory inside the repository or one of its worktrees.</param>
    /// <param name="settings">What is set for it; null to read it from the environment and the configuration files.</param>
    /// <param name="environment">Where the environment of git and of commands comes from; null for this process's own.</param>
    /// <param name="files">For reading; null for the real file system.</param>
    /// <param name="disk">For writing; null for the real disk.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="flags">What the command line sets on top of all; null for nothing.</param>
    /// <param name="supervisor">What watches over commands that outlive this process; null if none is to do so.</param>
    /// <param name="endsWithThisProcess">Whose claims end with this process, by the name of the caller; null for nobody's.</param>
    /// <returns>The opened repository, or a refusal as not_a_repository.</returns>
    public static Repository Open(
        string path,
        RepositorySettings? settings = null,
        IReadOnlyDictionary<string, string>? environment = null,
        IFileSystem? files = null,
        IDurableFiles? disk = null,
        TimeProvider? time = null,
        Func<RepositorySettings, RepositorySettings>? flags = null,
        SupervisorProgram? supervisor = null,
        Func<string, bool>? endsWithThisProcess = null)
    {
        environment ??= OwnEnvironment();
        files ??= new FileSystem();
        time ??= TimeProvider.System;
        var git = new GitCommand(environment);
        var place = RepositoryPlace.Find(git, files, path);
        settings ??= new SettingsReader(files, environment).Read(place.Root);
        settings = flags?.Invoke(settings) ?? settings;
        var shared = new StateLayout(place.Root, place.CommonDirectory, settings.WorktreeRoot);
        SharedFiles.Know(place.SharedRepository(git, files), shared.Tasks, shared.Worktrees, shared.CommonDirectory);
        var runner = new CommandRunner(time, new CommandEnvironment(environment, settings.Run.Environment));

        // What the command line set holds in the supervisor too.
        var supervised = new Dictionary<string, string>(environment) { [SettingsReader.SandboxVariable] = settings.Run.Sandbox.Word() };
        disk ??= new DurableFiles();
        var trust = new Trust(place.Root, Trust.FolderOf(environment), files, disk, time);
        return new Repository(
            place, settings, git, runner, layout => supervisor is null ? null : new BackgroundRuns(supervisor, layout, supervised),
            trust, files, disk, time, endsWithThisProcess);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Worktrees.Dispose();
        _keeper.Dispose();
        Spares.Dispose();
        _store.Dispose();
    }

    private static Dictionary<string, string> OwnEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string)(e.Value ?? string.Empty));
}

using System.IO.Abstractions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.News;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Domain;

/// <summary>One repository with its board and its registry, opened from any directory inside it.</summary>
public sealed class Repository : IDisposable
{
    private readonly StateStore _store;
    private readonly SpareKeeper _keeper;
    private readonly CurrentSettings _settings;

    private Repository(
        RepositoryPlace place, CurrentSettings current, GitCommand git, CommandRunner runner, Func<StateLayout, BackgroundRuns?> background,
        Trust trust, IFileSystem files, IDisk disk, TimeProvider time, Func<string, bool>? endsWithThisProcess)
    {
        Place = place;
        _settings = current;
        var settings = current.Known;
        var layout = new StateLayout(place.Root, place.CommonDirectory, settings.WorktreeRoot) { ObjectIdLength = place.ObjectIdLength };
        _store = new StateStore(layout, files, disk, time, settings.Durable);
        Trust = trust;
        Board = new TaskBoard(_store, endsWithThisProcess, settings.LeaseMinutes) { Instead = by => Guide!.Instead(by), WorkOf = task => Worktrees!.WorkOf(task) };
        var (inCheckouts, settingFiles) = (new CheckoutGit(git, place, files, current.Following(now => now.AllowedFilters)), new SettingFiles(git, place));
        Spares = new SpareRoom(_store, new SpareCheckouts(inCheckouts, settingFiles, place, files), files, disk);
        var repository = new GitRepository(inCheckouts, settingFiles, place, files);
        _keeper = new SpareKeeper(
            Spares, _store.Faults, settings.Spares, () => current.Known.BaseRef == "HEAD" ? repository.MainHead().Commit : repository.ResolveCommit(current.Known.BaseRef), () => Worktrees!.Entries.InTheMaking > 0);
        Worktrees = new WorktreeRegistry(_store, Board, repository, Spares, _keeper, files, disk, current, runner, background(layout), trust);
        News = new AgentNews(Board, Worktrees, _store);
        Overview = new BoardOverview(Board, Worktrees, _store);
        Cards = new CardOverview(Board, Worktrees, _store);
        Guide = new Guide(Board, Worktrees);
        Waiting = new BoardWaiting(Board, News, _store);
    }

    /// <summary>What comes next after an answer.</summary>
    public Guide Guide { get; }

    /// <summary>Where it lies.</summary>
    public RepositoryPlace Place { get; }

    /// <summary>What is set for it, as the files are now.</summary>
    public RepositorySettings Settings => _settings.Look();

    /// <summary>What of its wishes a person has approved.</summary>
    public Trust Trust { get; }

    /// <summary>Who the person at this machine is: by git's user.name, else by the login.</summary>
    public string Person
    {
        get
        {
            var name = new string([.. (Worktrees.Parts.Git.PersonsName() ?? Environment.UserName).Where(letter => !char.IsControl(letter)).Take(TaskRules.NameLength)]).Trim();
            return name.Length > 0 ? name : "person";
        }
    }

    /// <summary>What is to be done.</summary>
    public TaskBoard Board { get; }

    /// <summary>Where it is done.</summary>
    public WorktreeRegistry Worktrees { get; }

    /// <summary>What an agent or a person has to know before anything else.</summary>
    public BoardOverview Overview { get; }

    /// <summary>The board as a person looks at it.</summary>
    public CardOverview Cards { get; }

    /// <summary>Waits until there is something to do.</summary>
    public BoardWaiting Waiting { get; }

    /// <summary>What agents have to know without having asked.</summary>
    public AgentNews News { get; }

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

    /// <summary>
    /// Names an agent after its client, with the lowest number that is free: no living server goes by that name, and no open task
    /// bears it, so nobody becomes the owner of what another left behind. It stays until this is disposed.
    /// </summary>
    /// <param name="client">The client's name, as a plain word.</param>
    /// <returns>Such as claude-code-1.</returns>
    public string NameAgent(string client)
    {
        for (var number = 1; ; number++)
        {
            var name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{client}-{number}");
            if (!_store.Agents.TryTake(name))
            {
                continue;
            }

            // Looked at with the name in hand: whoever had it before is gone, and all that it did is on the board.
            if (!Board.Bears(name))
            {
                return name;
            }

            _store.Agents.GiveBack(name);
        }
    }

    /// <summary>Takes a name that was given to an agent, for as long as this is open.</summary>
    /// <param name="name">The name.</param>
    /// <returns>False if an agent of another living server goes by it.</returns>
    public bool TakeAgentName(string name) => _store.Agents.TryTake(name);

    /// <summary>What happened.</summary>
    /// <param name="query">Which events.</param>
    /// <returns>Events, oldest first.</returns>
    public EventPage Events(EventQuery query)
    {
        // An operation that a kill interrupted may still owe its events.
        _store.CatchUp();
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
    public IReadOnlyList<string> Drift() => new PassingCheck(Worktrees).Lines();

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
        IDisk? disk = null,
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
        var caches = new CachePaths(place, environment, files);
        var trust = new Trust(place.Root, Trust.FolderOf(environment), files, disk ?? new Disk(), time, paths => caches.Refused(paths, []));
        var reader = new SettingsReader(files, environment, trust.Opened);
        var current = new CurrentSettings(() => Checked(settings ?? reader.Read(place.Root), flags, caches));
        var layout = new StateLayout(place.Root, place.CommonDirectory, current.Known.WorktreeRoot);
        SharedFiles.Know(place.SharedRepository(git), layout.Tasks, layout.Worktrees, layout.CommonDirectory);
        disk ??= new Disk(layout);
        var runner = new CommandRunner(time, new CommandEnvironment(environment, current.Following(now => now.Run.Environment)));

        // What the command line set holds in the supervisor too.
        Dictionary<string, string> Supervised() => new(environment) { [SettingsReader.SandboxVariable] = current.Known.Run.Sandbox.Word() };
        return new Repository(
            place, current, git, runner, layout => supervisor is null ? null : new BackgroundRuns(supervisor, layout, Supervised),
            trust, files, disk, time, endsWithThisProcess);
    }

    // What cannot be understood, or would open what nothing may, leaves the strictest.
    private static RepositorySettings Checked(RepositorySettings settings, Func<RepositorySettings, RepositorySettings>? flags, CachePaths caches)
    {
        var set = flags?.Invoke(settings) ?? settings;
        return set.Closed(caches.Refused(set.Run.CachePaths, set.Run.SecretPaths).Select(reason => set.CachePathsAt with { Reason = reason }));
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

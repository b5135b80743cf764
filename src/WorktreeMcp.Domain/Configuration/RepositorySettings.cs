namespace WorktreeMcp.Domain.Configuration;

/// <summary>What can be set for a repository.</summary>
public sealed record RepositorySettings
{
    /// <summary>The longest lease that can be asked for.</summary>
    public const int MostLeaseMinutes = 1440;

    /// <summary>How long a claim holds if nothing else is set, in minutes.</summary>
    public const int DefaultLeaseMinutes = 60;

    /// <summary>Folder of the worktrees, relative to the root and inside it.</summary>
    public string WorktreeRoot { get; init; } = ".worktrees";

    /// <summary>What the names of new branches begin with.</summary>
    public string BranchPrefix { get; init; } = "wt/";

    /// <summary>What a worktree starts from when the caller does not say.</summary>
    public string BaseRef { get; init; } = "HEAD";

    /// <summary>Whether each operation is fsynced before it is acknowledged.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>What is set for commands.</summary>
    public RunSettings Run { get; init; } = new();

    /// <summary>Commands to run in a new worktree once a person has approved them; from the repository's own file alone.</summary>
    public IReadOnlyList<string> Setup { get; init; } = [];

    /// <summary>Commands to run before a worktree is removed, likewise.</summary>
    public IReadOnlyList<string> Teardown { get; init; } = [];

    /// <summary>What the work of a task must pass before it is completed, where the task itself says nothing; null for nothing.</summary>
    public string? Verify { get; init; }

    /// <summary>Filters that may run although the repository's own configuration defines them; those of the user may always.</summary>
    public IReadOnlyList<string> AllowedFilters { get; init; } = ["lfs"];

    /// <summary>Which tools are shown to clients, each as names of tools or of sets of them: the person's own file first, then the repository's, which only takes away. None for all.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Tools { get; init; } = [];

    /// <summary>How long a claim holds without a renewal, in minutes.</summary>
    public int LeaseMinutes { get; init; } = DefaultLeaseMinutes;

    /// <summary>How long a list or an overview of worktrees waits for git to say what is uncommitted in them.</summary>
    public TimeSpan ListWait { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How many checkouts are kept ready; null for one where a checkout takes long, else none.</summary>
    public int? Spares { get; init; }

    /// <summary>How many days a removed worktree waits in the trash.</summary>
    public int TrashDays { get; init; } = 7;

    /// <summary>How many gigabytes may wait there: above that the oldest go first, but nothing of the last day.</summary>
    public int TrashGigabytes { get; init; } = 20;

    /// <summary>Why the repository's own file, its setup and teardown among it, cannot be understood; or null.</summary>
    public string? Unread { get; init; }

    /// <summary>What cannot be understood, wherever it stands: while there is any, commands are refused.</summary>
    public IReadOnlyList<SettingProblem> Problems { get; init; } = [];

    /// <summary>What the repository's own file would open, and what does not count since nobody has approved it.</summary>
    public IReadOnlyList<WaitingSetting> Waiting { get; init; } = [];

    /// <summary>What the repository's own file says and a person's own configuration does not let it, each named once.</summary>
    public IReadOnlyList<string> Outdone { get; init; } = [];

    /// <summary>Everything that a person should know of the settings, each named once.</summary>
    public IReadOnlyList<string> Warnings =>
        [.. Problems.Select(problem => $"{problem.Sentence} Commands are refused until it is mended."), .. Waiting.Select(one => $"{one.Key} of {SettingsReader.FileName} does not count: nobody has approved it."), .. Outdone];

    /// <summary>Where the folders that commands may write to are set.</summary>
    internal SettingProblem CachePathsAt { get; init; } = new("run.cache_paths", null, null, "run.cache_paths");

    /// <summary>Keys of which nobody can tell what they are set to.</summary>
    internal IReadOnlyList<string> Doubtful { get; init; } = [];

    /// <summary>The strictest of it where anything cannot be understood, so that a mistake opens nothing; else as it is.</summary>
    /// <param name="more">Problems that were found elsewhere.</param>
    internal RepositorySettings Closed(IEnumerable<SettingProblem> more)
    {
        List<SettingProblem> problems = [.. Problems, .. more];
        return problems.Count == 0 ? this : KnownSettings.All.Where(s => Doubtful.Contains(s.Key)).Aggregate(this, (so, setting) => setting.Closed?.Invoke(so) ?? so) with
        {
            Problems = problems,
            Run = Run with { Enabled = false, Sandbox = SandboxMode.Required, Network = false, Environment = [], CachePaths = [], SecretPaths = [.. Run.SecretPaths.Where(path => !path.StartsWith('!'))] },
        };
    }
}

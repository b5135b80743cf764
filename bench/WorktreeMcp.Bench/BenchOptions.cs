namespace WorktreeMcp.Bench;

/// <summary>What the command line asked for.</summary>
internal sealed record BenchOptions(string In, string? DurableIn, bool Quick, bool Publish, bool OnlyLarge = false, bool LandingOnly = false)
{
    internal const string Usage = """
        Usage: dotnet run -c Release --project bench/WorktreeMcp.Bench -- [options]
          --in DIR          where the repositories are made; /dev/shm if there is one, else the temporary folder
          --durable-in DIR  measure small changes on this disk too, where an fsync costs something
          --quick           small boards and few repetitions: shows that it works, measures little
          --only-runs       only what concerns commands
          --large-only      only worktrees of large generated repositories, with and without spares
          --reading-only    only lists and the board over many worktrees of a large repository
          --landing-only    only landings and foretold conflicts
          --locks-only      only how long the lock is waited for and held
          --no-publish      leave out the comparison with a ReadyToRun build
        """;

    /// <summary>Whether only lists and the board over many worktrees are measured.</summary>
    internal bool ReadingOnly { get; init; }

    /// <summary>Whether only what concerns commands is measured.</summary>
    internal bool OnlyRuns { get; init; }

    /// <summary>Whether only the lock is measured.</summary>
    internal bool OnlyLocks { get; init; }

    /// <summary>Sizes of the repositories in which the lock is measured.</summary>
    internal IReadOnlyList<int> LockSizes => Quick ? [100] : [100, 100_000];

    /// <summary>Repetitions of a call that takes milliseconds.</summary>
    internal int Calls => Quick ? 20 : 200;

    /// <summary>Repetitions of what takes tens of milliseconds or starts processes.</summary>
    internal int Slow => Quick ? 5 : 40;

    /// <summary>Calls before the clock counts, so that what is measured is compiled.</summary>
    internal int Warm => Quick ? 10 : 60;

    /// <summary>Repetitions of what takes seconds.</summary>
    internal int Large => Quick ? 1 : 7;

    /// <summary>Sizes of the generated repositories.</summary>
    internal IReadOnlyList<int> LargeSizes => Quick ? [2_000] : [12_000, 57_000, 100_000];

    internal int ManyTasks => Quick ? 1_000 : 10_000;

    internal int ManyWorktrees => Quick ? 15 : 100;

    internal int ManyEvents => Quick ? 100_000 : 1_000_000;

    /// <summary>Reads the command line; null when it is not understood.</summary>
    internal static BenchOptions? Parse(string[] args)
    {
        var options = new BenchOptions(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), null, Quick: false, Publish: true);
        for (var at = 0; at < args.Length; at++)
        {
            switch (args[at])
            {
                case "--quick":
                    options = options with { Quick = true, Publish = false };
                    break;
                case "--only-runs":
                    options = options with { OnlyRuns = true };
                    break;
                case "--reading-only":
                    options = options with { ReadingOnly = true };
                    break;
                case "--landing-only":
                    options = options with { LandingOnly = true };
                    break;
                case "--large-only":
                    options = options with { OnlyLarge = true };
                    break;
                case "--locks-only":
                    options = options with { OnlyLocks = true };
                    break;
                case "--no-publish":
                    options = options with { Publish = false };
                    break;
                case "--in" when at + 1 < args.Length:
                    options = options with { In = Path.GetFullPath(args[++at]) };
                    break;
                case "--durable-in" when at + 1 < args.Length:
                    options = options with { DurableIn = Path.GetFullPath(args[++at]) };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}

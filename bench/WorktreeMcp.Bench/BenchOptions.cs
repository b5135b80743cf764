namespace WorktreeMcp.Bench;

/// <summary>What the command line asked for.</summary>
internal sealed record BenchOptions(string In, string? DurableIn, bool Quick, bool Publish)
{
    internal const string Usage = """
        Usage: dotnet run -c Release --project bench/WorktreeMcp.Bench -- [options]
          --in DIR          where the repositories are made; /dev/shm if there is one, else the temporary folder
          --out FILE        writes the report there too; a whole run writes bench/RESULTS.md without being told
          --durable-in DIR  measure small changes on this disk too, where an fsync costs something
          --quick           small boards and few repetitions: shows that it works, measures little
          --only PART       one part: start, small, large, together, reading, tools, events, waiting, landing, locks, runs; may be given again
          --no-publish      leave out the forms that are published: what is measured is the plain build then
        """;

    /// <summary>The parts that are measured; none for all.</summary>
    internal IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Where the report goes beside the console; null for nowhere.</summary>
    internal string? Out { get; init; }

    /// <summary>Whether everything is measured, in full.</summary>
    internal bool IsWhole => !Quick && Only.Count == 0;

    /// <summary>Sizes of the repositories in which the lock is measured.</summary>
    internal IReadOnlyList<int> LockSizes => Quick ? [100] : [100, 100_000];

    /// <summary>Repetitions of a call that takes milliseconds.</summary>
    internal int Calls => Quick ? 20 : 200;

    /// <summary>Repetitions of what takes tens of milliseconds or starts processes.</summary>
    internal int Slow => Quick ? 5 : 40;

    /// <summary>Calls before the clock counts, so that what is measured is compiled.</summary>
    internal int Warm => Quick ? 10 : 60;

    /// <summary>Repetitions of what takes seconds.</summary>
    internal int Large => Quick ? 1 : 5;

    /// <summary>Repetitions of what takes tens of seconds.</summary>
    internal int Together => Quick ? 1 : 2;

    /// <summary>Calls before memory is measured.</summary>
    internal int MixedCalls => Quick ? 100 : 1_000;

    /// <summary>Sizes of the generated repositories.</summary>
    internal IReadOnlyList<int> LargeSizes => Quick ? [2_000] : [12_000, 57_000, 100_000];

    internal int ManyTasks => Quick ? 2_000 : 10_000;

    internal int ManyWorktrees => Quick ? 15 : 100;

    internal int ManyEvents => Quick ? 100_000 : 1_000_000;

    /// <summary>The file that the report goes to beside the console; null for none.</summary>
    internal TextWriter? OpenFile()
    {
        var path = Out ?? (IsWhole && Sources.Folder is { } sources ? Path.Join(sources, "bench", "RESULTS.md") : null);
        return path is null ? null : new StreamWriter(path) { AutoFlush = true, NewLine = "\n" };
    }

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
                case "--only" when at + 1 < args.Length && BenchParts.Names.Contains(args[at + 1]):
                    options = options with { Only = [.. options.Only, args[++at]] };
                    break;
                case "--no-publish":
                    options = options with { Publish = false };
                    break;
                case "--out" when at + 1 < args.Length:
                    options = options with { Out = Path.GetFullPath(args[++at]) };
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

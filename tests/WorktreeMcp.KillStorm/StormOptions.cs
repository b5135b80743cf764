using System.Globalization;

namespace WorktreeMcp.KillStorm;

/// <summary>What the command line asks for.</summary>
internal sealed record StormOptions
{
    public const string Usage = """
        kill-storm [--kills N] [--servers N] [--seed S] [--in DIR] [--spares N] [--servers-only] [--no-person] [--no-clean] [--no-landings] [--keep] [--go-on]
        kill-storm --races [--rounds N] [--in DIR]
          --kills N     how many kills; 100 if left out
          --servers N   how many servers at once; 8 if left out
          --seed S      the random choices; printed at the start
          --in DIR      where the repository is made; /dev/shm if there is one
          --spares N    how many checkouts are kept ready; as the servers choose if left out
          --no-landings  no worktree is landed in main or restored from the trash
          --servers-only  kill servers and never their git
          --no-person   nobody works in the main checkout meanwhile
          --no-clean    the person never runs git clean -fdx
          --keep        leave the repository also when all held
          --go-on       go on after a violation, to see others
          --races       races instead of kills; --rounds of them
        """;

    public int Kills { get; init; } = 100;

    public int Servers { get; init; } = 8;

    /// <summary>How many checkouts the servers keep ready; null leaves it to them.</summary>
    public int? Spares { get; init; }

    public int Seed { get; init; } = Random.Shared.Next(1, 1_000_000);

    public string Folder { get; init; } = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    public bool Person { get; init; } = true;

    /// <summary>Whether the person sweeps the board and the registry away with git clean.</summary>
    public bool Clean { get; init; } = true;

    public bool ServersOnly { get; init; }

    /// <summary>Whether worktrees are landed in main and restored from the trash too.</summary>
    public bool Landings { get; init; } = true;

    public bool Keep { get; init; }

    public bool GoOn { get; init; }

    public bool Races { get; init; }

    public int Rounds { get; init; } = 1;

    public static StormOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new StormOptions();
        for (var i = 0; i < arguments.Count; i++)
        {
            var isLast = i + 1 >= arguments.Count;
            switch (arguments[i])
            {
                case "--no-person": options = options with { Person = false }; break;
                case "--servers-only": options = options with { ServersOnly = true }; break;
                case "--no-landings": options = options with { Landings = false }; break;
                case "--no-clean": options = options with { Clean = false }; break;
                case "--keep": options = options with { Keep = true }; break;
                case "--go-on": options = options with { GoOn = true }; break;
                case "--races": options = options with { Races = true }; break;
                case "--in" when !isLast: options = options with { Folder = Path.GetFullPath(arguments[++i]) }; break;
                case "--kills" when !isLast && Number(arguments[++i]) is { } kills: options = options with { Kills = kills }; break;
                case "--servers" when !isLast && Number(arguments[++i]) is > 1 and var servers: options = options with { Servers = servers }; break;
                case "--spares" when !isLast && Number(arguments[++i]) is { } spares: options = options with { Spares = spares }; break;
                case "--seed" when !isLast && Number(arguments[++i]) is { } seed: options = options with { Seed = seed }; break;
                case "--rounds" when !isLast && Number(arguments[++i]) is { } rounds: options = options with { Rounds = rounds }; break;
                default: return null;
            }
        }

        return options;
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

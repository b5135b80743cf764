using System.Collections.Concurrent;

namespace WorktreeMcp.KillStorm;

/// <summary>What the drivers, the killer, the person and the oracle share.</summary>
internal sealed class StormState(StormOptions options, Git git, Record record, Findings findings)
{
    private const int MostShared = 10;

    private readonly ConcurrentDictionary<string, int> _subjects = new();
    private readonly ConcurrentDictionary<int, bool> _gitKilled = new();
    private readonly List<int> _shared = [];

    public StormOptions Options => options;

    public Git Git => git;

    public Record Record => record;

    public Findings Findings { get; } = findings;

    public Landings Landings { get; } = new(git, findings);

    public Doubts Doubts { get; } = new(git, findings);

    public Gate Gate { get; } = new(options.Servers + (options.Person ? 1 : 0));

    /// <summary>Notes that others left on a driver's task, acknowledged.</summary>
    public ConcurrentBag<(int TaskId, string Note)> SharedNotes { get; } = [];

    /// <summary>Every commit that a command was seen to make.</summary>
    public ConcurrentBag<string> Commits { get; } = [];

    /// <summary>A subject belongs to one number.</summary>
    /// <returns>The other number it has already, or null.</returns>
    public int? Claim(string subject, int id)
    {
        var first = _subjects.GetOrAdd(subject, id);
        return first == id ? null : first;
    }

    /// <summary>A task that all drivers leave notes on, or null; no person edits it, for he would undo a note that comes in between.</summary>
    public int? SharedTask(Random random)
    {
        lock (_shared)
        {
            return _shared.Count == 0 ? null : _shared[random.Next(_shared.Count)];
        }
    }

    public bool IsShared(int id)
    {
        lock (_shared)
        {
            return _shared.Contains(id);
        }
    }

    public void Share(int id)
    {
        lock (_shared)
        {
            if (_shared.Count < MostShared && !_shared.Contains(id))
            {
                _shared.Add(id);
            }
        }
    }

    public void GitKilled(int driver) => _gitKilled[driver] = true;

    public bool GitKilledRecently(int driver) => _gitKilled.ContainsKey(driver);

    public bool AnyGitKilled => !_gitKilled.IsEmpty;

    /// <summary>Whether a person swept the board away since the last look: what he wrote by hand and nobody read went with it.</summary>
    public bool WasSwept { get; set; }

    public void ForgetKills()
    {
        _gitKilled.Clear();
        WasSwept = false;
    }
}

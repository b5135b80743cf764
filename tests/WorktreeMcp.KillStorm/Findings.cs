namespace WorktreeMcp.KillStorm;

/// <summary>Which of the three promises a finding breaks.</summary>
internal enum Broken
{
    /// <summary>Something acknowledged is not as it was acknowledged.</summary>
    Lost,

    /// <summary>Something half or ownerless stays behind.</summary>
    Orphan,

    /// <summary>A log does not read as it must.</summary>
    TornLine,
}

/// <summary>What the oracle found wrong, each once.</summary>
internal sealed class Findings
{
    private readonly Dictionary<string, Broken> _seen = [];
    private readonly List<string> _fresh = [];
    private readonly List<string> _all = [];
    private readonly Lock _gate = new();

    public int Lost => Count(Broken.Lost);

    public int Orphans => Count(Broken.Orphan);

    public int TornLines => Count(Broken.TornLine);

    public bool Any => _seen.Count > 0;

    public void Add(Broken broken, string what, string? detail = null)
    {
        lock (_gate)
        {
            if (_seen.TryAdd(what, broken))
            {
                _fresh.Add($"{broken.ToString().ToUpperInvariant()}: {what}{(detail is null ? string.Empty : $"\n    {detail.Replace("\n", "\n    ", StringComparison.Ordinal)}")}");
            }
        }
    }

    /// <summary>What was added since the last time.</summary>
    public IReadOnlyList<string> Fresh()
    {
        lock (_gate)
        {
            var fresh = _fresh.ToList();
            _fresh.Clear();
            _all.AddRange(fresh);
            return fresh;
        }
    }

    /// <summary>What was reported, in its order.</summary>
    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _all];
            }
        }
    }

    private int Count(Broken broken) => _seen.Values.Count(b => b == broken);
}

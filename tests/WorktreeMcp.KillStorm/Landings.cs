namespace WorktreeMcp.KillStorm;

/// <summary>
/// What landed in main: which files that commands wrote are there, with their blobs. All of a landing or nothing must be there,
/// in the branch and in the checkout of it; a commit that was squashed stays in the reflogs.
/// </summary>
internal sealed class Landings(Git git, Findings findings)
{
    public const string Base = "main";

    private const string Written = "content-";

    private readonly Dictionary<string, string> _landed = [];
    private readonly HashSet<string> _squashed = [];
    private readonly Dictionary<string, string> _as = [];
    private readonly Lock _gate = new();

    /// <summary>Takes a branch's tip into the record, which landed as a commit.</summary>
    public void Take(string tip, string commit)
    {
        var files = WrittenIn(tip);
        var squashed = git.Run("rev-list", tip, $"^{commit}").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lock (_gate)
        {
            foreach (var (name, blob) in files)
            {
                _landed[name] = blob;
            }

            _squashed.UnionWith(squashed);
            _as[tip] = commit;
        }

        if (git.Try("merge-base", "--is-ancestor", commit, Base).Exit != 0)
        {
            findings.Add(Broken.Lost, $"{commit} landed and is not in {Base}");
        }
    }

    /// <summary>Whether main has all that a commit has.</summary>
    public bool HasAllOf(string commit)
    {
        // Named once: a person may commit between two looks at the branch.
        var tip = git.Run("rev-parse", Base);
        return git.Try("merge-tree", "--write-tree", tip, commit) is { Exit: 0 } merged && merged.Output == git.Run("rev-parse", $"{tip}^{{tree}}");
    }

    /// <summary>As what a tip landed last, or null.</summary>
    public string? CommitOf(string tip)
    {
        lock (_gate)
        {
            return _as.GetValueOrDefault(tip);
        }
    }

    public bool IsSquashed(string commit)
    {
        lock (_gate)
        {
            return _squashed.Contains(commit);
        }
    }

    /// <summary>At a quiet moment main holds what landed and nothing else, and its checkout is in step.</summary>
    public void Look()
    {
        var there = WrittenIn(Base);
        foreach (var (name, blob) in _landed.Where(l => there.GetValueOrDefault(l.Key) != l.Value))
        {
            findings.Add(Broken.Lost, $"{name} landed in {Base} as {blob}; it is {there.GetValueOrDefault(name) ?? "not"} there");
        }

        foreach (var name in there.Keys.Except(_landed.Keys))
        {
            findings.Add(Broken.Lost, $"{name} is in {Base} and did not land");
        }

        var (_, status, _) = git.Try("status", "--porcelain");
        foreach (var line in status.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l[3..].StartsWith("person-", StringComparison.Ordinal)))
        {
            findings.Add(Broken.Orphan, $"the main checkout is not as its branch: {line}", status);
        }
    }

    private Dictionary<string, string> WrittenIn(string commit) =>
        git.Run("ls-tree", "-r", commit).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split('\t')).Where(l => l[1].StartsWith(Written, StringComparison.Ordinal)).ToDictionary(l => l[1], l => l[0].Split(' ')[2]);
}

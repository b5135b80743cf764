using System.Globalization;
using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Git;

/// <summary>Two commits, and the branches that they were found by.</summary>
/// <param name="Branch">A local branch; null when there is none at the commit.</param>
/// <param name="Commit">The commit.</param>
/// <param name="Base">A local branch; null when there is none at the other commit.</param>
/// <param name="BaseCommit">The other commit.</param>
internal sealed record CommitPair(string? Branch, string Commit, string? Base, string BaseCommit);

/// <summary>
/// How far commits are from each other. That is a fact about two commits as long as history stays the same, so each is counted once; many branches
/// are counted by one process, which is told for its time what their upstreams are.
/// </summary>
internal sealed class BranchDistances(CheckoutGit git, GitRepository repository, RepositoryPlace place, IFileSystem files)
{
    private const int MostKnown = 2_000;
    private const int MostAtOnce = 200;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string, string), (int Ahead, int Behind)> _known = [];
    private (DateTime, long, DateTime) _history;

    /// <summary>How many commits one has that the other lacks, and the reverse; refuses when git cannot tell.</summary>
    internal (int Ahead, int Behind) Of(string commit, string other)
    {
        if (commit == other)
        {
            return (0, 0);
        }

        if (Find(commit, other) is { } known)
        {
            return known;
        }

        var counted = repository.AheadBehind(commit, other);
        Remember(commit, other, counted);
        return counted;
    }

    /// <summary>The same if it was counted before; else null.</summary>
    internal (int Ahead, int Behind)? Find(string commit, string other)
    {
        if (commit == other)
        {
            return (0, 0);
        }

        lock (_gate)
        {
            ForgetIfRewritten();
            return _known.TryGetValue((commit, other), out var known) ? known : null;
        }
    }

    /// <summary>Those that were not counted yet.</summary>
    internal IReadOnlyList<CommitPair> Unknown(IReadOnlyList<CommitPair> pairs)
    {
        lock (_gate)
        {
            ForgetIfRewritten();
            return [.. pairs.Where(pair => pair.Commit != pair.BaseCommit && !_known.ContainsKey((pair.Commit, pair.BaseCommit)))];
        }
    }

    /// <summary>Counts all that are not known yet, as far as one process can; the others are counted when they are asked for.</summary>
    internal void Learn(IEnumerable<CommitPair> pairs)
    {
        List<CommitPair> open;
        lock (_gate)
        {
            ForgetIfRewritten();
            open = [.. pairs.Where(pair => pair.Branch is not null && pair.Base is not null && pair.Commit != pair.BaseCommit && !_known.ContainsKey((pair.Commit, pair.BaseCommit)))];
        }

        // One alone is counted as fast without it.
        foreach (var some in open.Count > 1 ? open.DistinctBy(pair => pair.Branch).Chunk(MostAtOnce) : [])
        {
            Count(some);
        }
    }

    private void Count(CommitPair[] pairs)
    {
        var bases = pairs.Select(pair => pair.Base!).Distinct(StringComparer.Ordinal).ToList();
        var call = git.At(
        [
            "for-each-ref", "--format=%(refname)%00%(objectname)%00%(upstream)%00%(upstream:track,nobracket)",
            .. pairs.Select(pair => Full(pair.Branch!)).Union(bases.Select(Full), StringComparer.Ordinal),
        ]);
        var answer = git.Run(call with { Overrides = [.. call.Overrides, .. pairs.SelectMany(Upstream)] });
        if (!answer.Succeeded)
        {
            return;
        }

        var lines = answer.Text.Split('\n').Select(line => line.Split('\0')).Where(fields => fields.Length == 4).ToDictionary(fields => fields[0], StringComparer.Ordinal);

        // A branch that moved meanwhile was counted from where it was not, and one with an upstream of its own to elsewhere.
        var unmoved = bases.Where(name => repository.Refs.Resolve(Full(name)) is { } now && lines.TryGetValue(Full(name), out var line) && line[1] == now).ToDictionary(name => name, name => lines[Full(name)][1], StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            if (unmoved.TryGetValue(pair.Base!, out var at) && at == pair.BaseCommit && lines.TryGetValue(Full(pair.Branch!), out var line)
                && line[1] == pair.Commit && line[2] == Full(pair.Base!) && Parse(line[3]) is { } counts)
            {
                Remember(pair.Commit, pair.BaseCommit, counts);
            }
        }
    }

    private void Remember(string commit, string other, (int Ahead, int Behind) counts)
    {
        lock (_gate)
        {
            if (_known.Count >= MostKnown)
            {
                _known.Clear();
            }

            _known[(commit, other)] = counts;
        }
    }

    // Only where history ends, and where commits are shown as others, is it a fact for a time.
    private void ForgetIfRewritten()
    {
        var shallow = files.FileInfo.New(Path.Join(place.CommonDirectory, "shallow"));
        var replaced = files.Directory.GetLastWriteTimeUtc(Path.Join(place.CommonDirectory, "refs", "replace"));
        var now = shallow.Exists ? (shallow.LastWriteTimeUtc, shallow.Length, replaced) : (default, 0, replaced);
        if (now != _history)
        {
            _known.Clear();
            _history = now;
        }
    }

    // "ahead 1, behind 2", or nothing for two that are equal; "gone" is no count.
    private static (int Ahead, int Behind)? Parse(string track)
    {
        var (ahead, behind) = (0, 0);
        foreach (var part in track.Split(", ", StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split(' ') is not [var side, var digits] || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return null;
            }

            (ahead, behind) = side switch { "ahead" => (count, behind), "behind" => (ahead, count), _ => (-1, -1) };
        }

        return ahead < 0 || (ahead, behind) == (0, 0) ? null : (ahead, behind);
    }

    private static KeyValuePair<string, string>[] Upstream(CommitPair pair) =>
        [KeyValuePair.Create($"branch.{pair.Branch}.remote", "."), KeyValuePair.Create($"branch.{pair.Branch}.merge", Full(pair.Base!))];

    private static string Full(string branch) => BranchRef.Of(branch);
}

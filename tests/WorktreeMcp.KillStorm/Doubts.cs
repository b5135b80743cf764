namespace WorktreeMcp.KillStorm;

/// <summary>
/// What of a person's git failed on a worktree's record, as it does for a moment in which git itself writes one, or until somebody has
/// settled what a killed git left half-made: a worktree's by any next call, a spare's by whoever looks after spares next.
/// </summary>
internal sealed class Doubts(Git git, Findings findings)
{
    private const int MostLooks = 10;

    private readonly List<(string What, string Error, int Looks)> _open = [];
    private readonly Lock _gate = new();

    public void Add(string what, string error)
    {
        lock (_gate)
        {
            _open.Add((what, error, 0));
        }
    }

    /// <summary>Asks each again.</summary>
    /// <param name="last">Whether nobody is left who could settle anything.</param>
    public void Look(bool last)
    {
        lock (_gate)
        {
            foreach (var (what, error, looks) in _open.ToList())
            {
                _open.Remove((what, error, looks));
                if (git.Try(what.Split(' ')).Exit == 0)
                {
                    continue;
                }

                if (last || looks == MostLooks)
                {
                    findings.Add(Broken.Orphan, $"a person's git {what.Split(' ')[0]} fails", $"git {what}: {error}");
                }
                else
                {
                    _open.Add((what, error, looks + 1));
                }
            }
        }
    }
}

namespace WorktreeMcp.TestKit;

/// <summary>
/// How much a test tries of all that there is to try: in CI, and with WORKTREEMCP_THOROUGH=all, everything; at a desk a part, another one each day,
/// so that many desks see all of it.
/// </summary>
public static class Thorough
{
    private static readonly int Today = (int)(DateTime.UtcNow - DateTime.UnixEpoch).TotalDays;

    /// <summary>Whether everything is tried.</summary>
    public static bool All { get; } = Environment.GetEnvironmentVariable("CI") == "true" || Environment.GetEnvironmentVariable("WORKTREEMCP_THOROUGH") == "all";

    /// <summary>Whether this one is tried: the first always, of the others one in so many.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="oneIn">One in how many at a desk.</param>
    /// <returns>True if it is.</returns>
    public static bool Tries(int number, int oneIn) => All || number == 1 || (number + Today) % oneIn == 0;

    /// <summary>Whether this one is tried, by what it is called.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="oneIn">One in how many at a desk.</param>
    /// <returns>True if it is.</returns>
    public static bool Tries(string name, int oneIn) => All || (name.Sum(letter => letter) + Today) % oneIn == 0;
}

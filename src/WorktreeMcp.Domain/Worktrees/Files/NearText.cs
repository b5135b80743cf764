using System.Globalization;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Worktrees.Files;

/// <summary>Finds what in a file is nearest to a text that is not there, so that whoever asked for it sees what differs.</summary>
internal static class NearText
{
    private const int MostLines = 20_000;
    private const int MostShown = 4;
    private const int LongestLine = 160;
    private const double Alike = 0.5;

    /// <summary>What is near, in words; null where nothing is.</summary>
    internal static string? Of(TextContent content, string text)
    {
        var wanted = text.Split('\n').Select(line => line.Trim()).ToList();
        var first = wanted.FindIndex(line => line.Length > 0);
        if (first < 0)
        {
            return null;
        }

        var lines = content.Lines(1, MostLines);
        var trimmed = lines.Select(line => line.Trim()).ToList();
        var (at, same) = Best(trimmed, [.. wanted.Skip(first).Take(50)]);
        if (same > 0)
        {
            var isOnlySpace = same == wanted.Skip(first).Take(50).Count();
            return $"{(isOnlySpace ? "Only white space differs" : "The nearest")}: {Shown(lines, Enumerable.Range(at, Math.Min(Math.Min(MostShown, wanted.Count - first), lines.Count - at)))}";
        }

        var pairs = Pairs(wanted.MaxBy(line => line.Length)!);
        var near = trimmed.Select((line, place) => (place, likeness: Likeness(pairs, line))).Where(one => one.likeness >= Alike)
            .OrderByDescending(one => one.likeness).Take(MostShown).Select(one => one.place).Order().ToList();
        return near.Count == 0 ? null : $"The nearest: {Shown(lines, near)}";
    }

    // Where most of the lines are the same but for white space around them, and how many.
    private static (int At, int Same) Best(List<string> lines, List<string> wanted)
    {
        var best = (At: 0, Same: 0);
        for (var at = 0; at < lines.Count; at++)
        {
            var same = 0;
            for (var place = 0; place < wanted.Count && at + place < lines.Count; place++)
            {
                same += lines[at + place] == wanted[place] && (wanted[place].Length > 2 || wanted.Count == 1 || same > 0) ? 1 : 0;
            }

            best = same > best.Same ? (at, same) : best;
        }

        return best;
    }

    private static string Shown(IReadOnlyList<string> lines, IEnumerable<int> places) =>
        string.Join("; ", places.Select(place => string.Create(CultureInfo.InvariantCulture, $"line {place + 1} \"{Line(lines[place])}\"")));

    private static string Line(string line) =>
        VisibleText.Of(line.Length > LongestLine ? line[..LongestLine] + "..." : line).Replace("\\u0009", "\\t", StringComparison.Ordinal);

    private static HashSet<int> Pairs(string line)
    {
        var pairs = new HashSet<int>();
        for (var at = 0; at + 1 < Math.Min(line.Length, 500); at++)
        {
            pairs.Add((line[at] << 16) | line[at + 1]);
        }

        return pairs;
    }

    private static double Likeness(HashSet<int> pairs, string line)
    {
        var others = Pairs(line);
        return pairs.Count + others.Count == 0 ? 0 : 2.0 * others.Count(pairs.Contains) / (pairs.Count + others.Count);
    }
}

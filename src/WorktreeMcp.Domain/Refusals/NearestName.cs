namespace WorktreeMcp.Domain.Refusals;

/// <summary>Finds the name that was probably meant.</summary>
public static class NearestName
{
    /// <summary>The nearest of the names that exist.</summary>
    /// <param name="given">The name that does not exist.</param>
    /// <param name="names">Those that do.</param>
    /// <returns>The nearest, or null when none is near.</returns>
    public static string? Of(string given, IEnumerable<string> names)
    {
        var plain = Plain(given);
        var (name, distance) = names
            .Select(name => (name, Distance(plain, Plain(name))))
            .OrderBy(candidate => candidate.Item2)
            .FirstOrDefault((name: "", int.MaxValue));
        return name.Length > 0 && distance <= Math.Max(1, name.Length / 3) ? name : null;
    }

    // taskId, task-id and task_id are one name to whoever typed it; no longer name is worth comparing.
    private static string Plain(string name) =>
        new([.. name.Take(64).Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant)]);

    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substituted = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}

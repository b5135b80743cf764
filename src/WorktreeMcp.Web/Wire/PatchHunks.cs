using System.Globalization;

namespace WorktreeMcp.Web.Wire;

/// <summary>Reads the hunks of one file out of a patch.</summary>
internal static class PatchHunks
{
    /// <summary>The hunks.</summary>
    /// <param name="patch">git's patch of one file, or its beginning.</param>
    /// <returns>The hunks in order, and whether it is no text that could be shown.</returns>
    internal static (IReadOnlyList<HunkRow> Hunks, bool Binary) Of(string patch)
    {
        var (hunks, lines, binary) = (new List<HunkRow>(), (List<string>?)null, false);
        var (before, after) = (0, 0);
        foreach (var line in patch.Split('\n'))
        {
            // What a hunk still owes belongs to it, whatever it looks like.
            if (lines is not null && (before > 0 || after > 0) && line is [' ' or '+' or '-', ..])
            {
                before -= line[0] == '+' ? 0 : 1;
                after -= line[0] == '-' ? 0 : 1;
                lines.Add(line);
            }
            else if (lines is not null && line is ['\\', ..])
            {
                lines.Add(line);
            }
            else if (Head(line) is { } head)
            {
                (before, after, lines) = (head.Before, head.After, []);
                hunks.Add(new HunkRow(head.Old, head.New, lines));
            }
            else
            {
                binary |= line.StartsWith("Binary files ", StringComparison.Ordinal) || line.StartsWith("GIT binary patch", StringComparison.Ordinal);
            }
        }

        return (hunks, binary && hunks.Count == 0);
    }

    // @@ -old,count +new,count @@
    private static (int Old, int Before, int New, int After)? Head(string line) =>
        line.Split(' ') is ["@@", ['-', .. var old], ['+', .. var now], "@@", ..] && Range(old) is { } before && Range(now) is { } after ? (before.At, before.Count, after.At, after.Count) : null;

    private static (int At, int Count)? Range(string text) => text.Split(',') switch
    {
        [var at, var count] when Number(at) is { } first && Number(count) is { } many => (first, many),
        [var at] when Number(at) is { } first => (first, 1),
        _ => null,
    };

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

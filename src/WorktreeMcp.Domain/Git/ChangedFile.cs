namespace WorktreeMcp.Domain.Git;

/// <summary>A file that differs between two trees.</summary>
/// <param name="Raw">Its path, a character for each byte.</param>
/// <param name="Status">git's letter: A, M, D, T or R.</param>
/// <param name="OldRaw">Its path before, if it was renamed.</param>
internal sealed record ChangedFile(string Raw, char Status, string? OldRaw = null)
{
    /// <summary>Its path as people read it.</summary>
    internal string Path => RawPath.Readable(Raw);

    /// <summary>Mode and hash before; zeros when it was not there.</summary>
    internal (string Mode, string Hash) Before { get; init; }

    /// <summary>Mode and hash afterwards; zeros when it is gone.</summary>
    internal (string Mode, string Hash) After { get; init; }

    /// <summary>Lines added; null for a binary file.</summary>
    internal int? Added { get; init; }

    /// <summary>Lines deleted; null for a binary file.</summary>
    internal int? Deleted { get; init; }

    /// <summary>Reads <c>git diff-tree --raw -z</c>, with the lines of <c>--numstat</c> behind it if they were asked for.</summary>
    internal static IReadOnlyList<ChangedFile> Parse(IReadOnlyList<string> members)
    {
        var files = new List<ChangedFile>();
        var i = 0;
        while (i < members.Count && members[i].StartsWith(':'))
        {
            var head = members[i++].Split(' ');
            var status = head[4][0];
            var first = members[i++];
            var second = status is 'R' or 'C' ? members[i++] : null;
            files.Add(new ChangedFile(second ?? first, status, second is null ? null : first) { Before = (head[0][1..], head[2]), After = (head[1], head[3]) });
        }

        return i == members.Count ? files : WithCounts(files, members, i);
    }

    // The counts come in the order of the files.
    private static List<ChangedFile> WithCounts(List<ChangedFile> files, IReadOnlyList<string> members, int i)
    {
        for (var n = 0; n < files.Count && i < members.Count; n++)
        {
            var parts = members[i].Split('\t', 3);
            i += parts[2].Length == 0 ? 3 : 1;
            files[n] = files[n] with { Added = Count(parts[0]), Deleted = Count(parts[1]) };
        }

        return files;
    }

    private static int? Count(string text) => int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var count) ? count : null;
}

using System.Globalization;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Git;

/// <summary>Where a HEAD points.</summary>
/// <param name="Branch">Full name of the branch, or null when detached.</param>
/// <param name="Commit">The commit, or null on a branch without commits.</param>
internal sealed record Head(string? Branch, string? Commit)
{
    /// <summary>The branch without <c>refs/heads/</c>.</summary>
    internal string? ShortBranch => BranchRef.ShortOf(Branch) ?? Branch;
}

/// <summary>
/// Reads HEAD and refs directly: 0.05 ms instead of 1.6 ms for a process. It understands loose and packed refs; a
/// repository that stores them otherwise (reftable) is not opened.
/// </summary>
internal sealed class RefReader(string commonDirectory, IFileSystem files)
{
    private const int MostSteps = 5;
    private const string Stashed = "refs/stash";
    private const string Replacements = "refs/replace/";
    private const long MostPacked = 1024 * 1024;

    private readonly Lock _gate = new();
    private FileStamp? _stamp;
    private Dictionary<string, string> _branches = [];
    private bool _anyPackedReplacement;

    /// <summary>HEAD of the main checkout or of a worktree's admin entry; null when it cannot be read.</summary>
    internal Head? ReadHead(string gitDirectory)
    {
        var text = ReadText(Path.Join(gitDirectory, "HEAD"));
        if (text is null)
        {
            return null;
        }

        return text.StartsWith("ref: ", StringComparison.Ordinal)
            ? new Head(text[5..].Trim(), Resolve(text[5..].Trim()))
            : IsHash(text) ? new Head(null, text) : null;
    }

    /// <summary>What a HEAD names itself, a branch or a commit; the branch's commit is not looked up. Null when it names nothing.</summary>
    internal Head? PlainHead(string gitDirectory) => ReadText(Path.Join(gitDirectory, "HEAD")) switch
    {
        { } text when text.StartsWith("ref: ", StringComparison.Ordinal) => new Head(text[5..].Trim(), null),
        { } text when IsHash(text) && text.Any(digit => digit != '0') => new Head(null, text),
        _ => null,
    };

    /// <summary>The commit a full ref name points at, or null.</summary>
    internal string? Resolve(string name)
    {
        for (var step = 0; step < MostSteps; step++)
        {
            var text = ReadText(Path.Join(commonDirectory, name)) ?? Packed(name);
            if (text is null || IsHash(text))
            {
                return text;
            }

            if (!text.StartsWith("ref: ", StringComparison.Ordinal))
            {
                return null;
            }

            name = text[5..].Trim();
        }

        return null;
    }

    /// <summary>Where the stash is that all worktrees share, and how long its log: a push makes it longer, a pop shorter.</summary>
    internal (string? Tip, long Log) Stash()
    {
        var log = files.FileInfo.New(Path.Join(commonDirectory, "logs", Stashed));
        return (Resolve(Stashed), log.Exists ? log.Length : 0);
    }

    internal static bool IsHash(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Names of refs below a folder, whose name ends with a slash; none where reading them all would take long.</summary>
    internal IReadOnlyList<string> Below(string folder)
    {
        var packed = Path.Join(commonDirectory, "packed-refs");
        if (files.File.Exists(packed) && files.FileInfo.New(packed).Length > MostPacked)
        {
            return [];
        }

        var loose = Path.Join(commonDirectory, folder);
        var names = files.KindOf(loose) == FileKind.Folder
            ? files.Directory.EnumerateFiles(loose, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)).Select(path => Path.GetRelativePath(commonDirectory, path))
            : [];
        var lines = PlainFile.Lines(packed, followed: true);
        return [.. names.Concat(lines.Select(line => line.Split(' ', 2)[^1]).Where(name => name.StartsWith(folder, StringComparison.Ordinal))).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>Every commit that the log of a branch tells of.</summary>
    internal IEnumerable<string> Logged(string branch) =>
        LogOf(branch).SelectMany(line => line.Split(' ', 3).Take(2)).Where(hash => IsHash(hash) && hash.Any(digit => digit != '0'));

    /// <summary>Whether a branch that is there is, by its log, one that another name was taken from: git writes each renaming down.</summary>
    internal bool IsRenamed(string from, string to)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { from };
        foreach (var line in LogOf(to))
        {
            if (line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..].Split(' ') is ["Branch:", "renamed", var old, "to", var next]
                && old.StartsWith(BranchRef.Prefix, StringComparison.Ordinal) && next.StartsWith(BranchRef.Prefix, StringComparison.Ordinal) && names.Contains(old[BranchRef.Prefix.Length..]))
            {
                names.Add(next[BranchRef.Prefix.Length..]);
            }
        }

        return from != to && names.Contains(to);
    }

    /// <summary>When a branch was made, in unix seconds, by the first line of its log; null without one.</summary>
    internal double? BornAt(string branch) =>
        LogOf(branch).FirstOrDefault()?.Split('\t', 2)[0].Split(' ') is [.., var seconds, _] && long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : null;

    private IEnumerable<string> LogOf(string branch)
    {
        var log = Path.Join(commonDirectory, "logs", BranchRef.Prefix, branch);
        return files.FileInfo.New(log) is { Exists: true, Length: > 0 } ? PlainFile.Lines(log) : [];
    }

    /// <summary>Whether git shows other objects in the place of some.</summary>
    internal bool ReplacesObjects()
    {
        if (files.KindOf(Path.Join(commonDirectory, Replacements)) == FileKind.Folder && files.Directory.EnumerateFiles(Path.Join(commonDirectory, Replacements), "*", SearchOption.AllDirectories).Any())
        {
            return true;
        }

        var packed = files.FileInfo.New(Path.Join(commonDirectory, "packed-refs"));
        lock (_gate)
        {
            if (packed.Exists)
            {
                ReadPacked(packed);
            }

            return packed.Exists && _anyPackedReplacement;
        }
    }

    /// <summary>Whether a packed ref lies below a folder's name, which ends with a slash.</summary>
    internal bool AnyPackedBelow(string folder)
    {
        var path = Path.Join(commonDirectory, "packed-refs");
        return PlainFile.Lines(path, followed: true).Any(line =>
            line.IndexOf(' ', StringComparison.Ordinal) is (40 or 64) and var space && line.AsSpan(space + 1).StartsWith(folder, StringComparison.Ordinal));
    }

    // Branches are asked for by the hundred, so they are kept as long as the file is the same.
    private string? Packed(string name)
    {
        var info = files.FileInfo.New(Path.Join(commonDirectory, "packed-refs"));
        if (!info.Exists)
        {
            return null;
        }

        if (!name.StartsWith(BranchRef.Prefix, StringComparison.Ordinal))
        {
            return PackedRefs(info.FullName).Where(packed => packed.Name == name).Select(packed => packed.Hash).FirstOrDefault();
        }

        lock (_gate)
        {
            ReadPacked(info);
            return _branches.GetValueOrDefault(name);
        }
    }

    private void ReadPacked(IFileInfo info)
    {
        var stamp = FileStamp.Of(info);
        if (stamp == _stamp)
        {
            return;
        }

        var (branches, anyReplacement) = (new Dictionary<string, string>(StringComparer.Ordinal), false);
        foreach (var (name, hash) in PackedRefs(info.FullName))
        {
            anyReplacement |= name.StartsWith(Replacements, StringComparison.Ordinal);
            if (name.StartsWith(BranchRef.Prefix, StringComparison.Ordinal))
            {
                branches.TryAdd(name, hash);
            }
        }

        (_branches, _anyPackedReplacement) = (branches, anyReplacement);
        _stamp = stamp.IsSettled ? stamp : null;
    }

    private static IEnumerable<(string Name, string Hash)> PackedRefs(string path)
    {
        foreach (var line in PlainFile.Lines(path, followed: true))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space is 40 or 64)
            {
                yield return (line[(space + 1)..], line[..space]);
            }
        }
    }

    private string? ReadText(string path)
    {
        try
        {
            return files.HoldsText(path) ? files.SmallText(path, followed: true) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

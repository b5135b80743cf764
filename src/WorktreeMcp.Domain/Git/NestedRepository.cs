using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// A repository that lies within a checkout, read file by file: whoever wrote its settings is not asked, and nothing of it runs.
/// What came from a remote is told from what was made here by the refs of remotes and by what the logs say.
/// </summary>
/// <param name="GitDirectory">Where its git directory lies.</param>
internal sealed record NestedRepository(string GitDirectory)
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };

    // What moves a HEAD or a branch to a commit that was there before.
    private static readonly string[] OnlyMoved = ["checkout:", "clone:", "reset:", "fetch", "branch:", "Branch:", "pull: Fast-forward", "pull --ff-only", "worktree"];

    private static readonly string[] Harmless = ["filemode", "symlinks", "ignorecase", "precomposeunicode", "autocrlf", "eol"];

    /// <summary>Whether git would take a folder for a git directory; one that cannot be read is one.</summary>
    internal static bool IsGitDirectory(string path, IFileSystem files)
    {
        try
        {
            return files.Directory.Exists(Path.Join(path, "objects")) && files.Directory.Exists(Path.Join(path, "refs"))
                && Line(Path.Join(path, "HEAD"), files) is { } head && (head.StartsWith("ref:", StringComparison.Ordinal) || RefReader.IsHash(head));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>The commit of its HEAD; null where it has none.</summary>
    internal string? Head(IFileSystem files) => Line(Path.Join(GitDirectory, "HEAD"), files) switch
    {
        { } text when RefReader.IsHash(text) => text,
        { } text when text.StartsWith("ref:", StringComparison.Ordinal) && text[4..].Trim() is var name => Refs(Common(files), files).Where(one => one.Name == name).Select(one => one.Hash).FirstOrDefault(),
        _ => null,
    };

    /// <summary>The git directory that holds objects and refs: its own, or that of the repository it is a worktree of.</summary>
    internal string Common(IFileSystem files) =>
        Line(Path.Join(GitDirectory, "commondir"), files) is { Length: > 0 } common ? Path.GetFullPath(common, GitDirectory) : GitDirectory;

    /// <summary>The few of its settings without which files look changed that are not, as a configuration of its own: words that start nothing.</summary>
    internal string Configuration(IFileSystem files)
    {
        var lines = Line(Path.Join(Common(files), "config"), files)?.Split('\n').Select(line => line.Trim()).ToList() ?? [];
        var isLong = lines.Exists(line => line.StartsWith("objectformat", StringComparison.OrdinalIgnoreCase) && line.EndsWith("sha256", StringComparison.OrdinalIgnoreCase));
        var section = string.Empty;
        var taken = new StringBuilder(isLong ? "[extensions]\n\tobjectFormat = sha256\n" : string.Empty).Append("[core]\n\trepositoryformatversion = ").Append(isLong ? "1\n" : "0\n");
        foreach (var line in lines)
        {
            section = line.StartsWith('[') ? line : section;
            if (section == "[core]" && line.Split('=', 2) is [var key, var value] && Harmless.Contains(key.Trim().ToLowerInvariant()) && value.Trim() is { Length: > 0 and < 9 } word && word.All(char.IsAsciiLetterLower))
            {
                taken.Append('\t').Append(key.Trim()).Append(" = ").Append(word).Append('\n');
            }
        }

        return taken.ToString();
    }

    /// <summary>Repositories of its submodules, theirs too.</summary>
    internal IEnumerable<NestedRepository> Modules(IFileSystem files) => Below(Path.Join(GitDirectory, "modules"), files);

    /// <summary>The repositories in a folder of submodules: their names may be paths, and they have submodules of their own.</summary>
    internal static IEnumerable<NestedRepository> Below(string folder, IFileSystem files) =>
        files.KindOf(folder) != FileKind.Folder ? []
        : IsGitDirectory(folder, files) ? new NestedRepository(folder).Modules(files).Prepend(new NestedRepository(folder))
        : files.Directory.EnumerateDirectories(folder).SelectMany(inner => Below(inner, files));

    /// <summary>Commits that were made here, and those that some remote had; the first may be among the others.</summary>
    internal (IReadOnlyCollection<string> Made, IReadOnlyCollection<string> Remote) Commits(IFileSystem files)
    {
        HashSet<string> made = [], remote = [], tags = [];
        foreach (var (name, hash) in Refs(GitDirectory, files))
        {
            (name.StartsWith("refs/remotes/", StringComparison.Ordinal) || name.StartsWith("refs/prefetch/", StringComparison.Ordinal) ? remote
                : name.StartsWith("refs/tags/", StringComparison.Ordinal) ? tags : made).Add(hash);
        }

        foreach (var (log, line) in Logs(files))
        {
            Sort(log, line, made, remote);
        }

        remote.UnionWith(Lines(Path.Join(GitDirectory, "FETCH_HEAD"), files).Select(line => line.Split('\t', 2)[0]).Where(RefReader.IsHash));
        made.UnionWith(Heads(files));

        // A tag comes with a fetch as a rule; the commits of one that was made here stand in a log.
        made.UnionWith(remote.Count > 0 ? [] : tags);
        return (made, remote);
    }

    /// <summary>Checkouts that lie elsewhere and belong to it: without it they are none.</summary>
    internal IReadOnlyList<string> CheckoutsElsewhere(string root, IFileSystem files) =>
        [.. Records(files).Select(record => record.NamesWorktree(files)).OfType<string>().Where(place => files.Directory.Exists(place) && !IsBelow(place, root))];

    internal static bool IsBelow(string path, string root) => path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static void Sort(string log, string line, HashSet<string> made, HashSet<string> remote)
    {
        if (line.Split(' ', 3) is not [_, var hash, var rest] || !RefReader.IsHash(hash) || hash.All(digit => digit == '0'))
        {
            return;
        }

        var message = rest[(rest.IndexOf('\t', StringComparison.Ordinal) + 1)..];
        if (log.StartsWith("refs/remotes/", StringComparison.Ordinal) || message.StartsWith("clone:", StringComparison.Ordinal))
        {
            remote.Add(hash);
        }
        else if (!Array.Exists(OnlyMoved, moved => message.StartsWith(moved, StringComparison.Ordinal)))
        {
            made.Add(hash);
        }
    }

    private IEnumerable<string> Heads(IFileSystem files) =>
        new[] { Head(files) }.Concat(Records(files).Select(record => Line(Path.Join(record.Directory, "HEAD"), files))).OfType<string>().Where(RefReader.IsHash);

    private IEnumerable<AdminEntry> Records(IFileSystem files)
    {
        var folder = Path.Join(GitDirectory, "worktrees");
        return files.KindOf(folder) == FileKind.Folder ? files.Directory.EnumerateDirectories(folder).Select(record => new AdminEntry(Path.GetFileName(record), record)) : [];
    }

    private static IEnumerable<(string Name, string Hash)> Refs(string common, IFileSystem files)
    {
        if (files.Directory.Exists(Path.Join(common, "reftable")))
        {
            throw new IOException("it keeps its refs as reftable");
        }

        foreach (var path in FilesBelow(Path.Join(common, "refs"), files))
        {
            if (Line(path, files) is { } hash && RefReader.IsHash(hash))
            {
                yield return (Path.GetRelativePath(common, path), hash);
            }
        }

        foreach (var line in Lines(Path.Join(common, "packed-refs"), files))
        {
            if (line.Split(' ', 2) is [var hash, var name] && RefReader.IsHash(hash))
            {
                yield return (name.Trim(), hash);
            }
        }
    }

    private IEnumerable<(string Log, string Line)> Logs(IFileSystem files)
    {
        var folder = Path.Join(GitDirectory, "logs");
        var own = FilesBelow(folder, files).Select(path => (Name: Path.GetRelativePath(folder, path), Path: path));
        var others = Records(files).Select(record => (Name: "HEAD", Path: Path.Join(record.Directory, "logs", "HEAD")));
        return own.Concat(others).SelectMany(log => Lines(log.Path, files).Select(line => (log.Name, line)));
    }

    private static IEnumerable<string> FilesBelow(string folder, IFileSystem files) =>
        files.KindOf(folder) == FileKind.Folder ? files.Directory.EnumerateFiles(folder, "*", Everything) : [];

    // A pipe, which would hold its reader up for ever, is empty.
    private static IEnumerable<string> Lines(string path, IFileSystem files) =>
        files.FileInfo.New(path) is { Exists: true, Length: > 0 } ? PlainFile.Lines(path) : [];

    private static string? Line(string path, IFileSystem files) => files.HoldsText(path) ? files.SmallText(path) : null;
}

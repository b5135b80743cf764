using System.Globalization;
using System.Text;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>A file that a worktree changes.</summary>
/// <param name="Path">Its path in the worktree.</param>
/// <param name="OldPath">Its path in the base, if it was renamed.</param>
/// <param name="Change">added, modified, deleted, renamed or type_changed.</param>
/// <param name="Added">Lines added; null for a binary file.</param>
/// <param name="Deleted">Lines deleted; null for a binary file.</param>
/// <param name="Uncommitted">Whether some of that is not committed.</param>
public sealed record FileDifference(string Path, string? OldPath, string Change, int? Added, int? Deleted, bool Uncommitted);

/// <summary>What a worktree changes against its base.</summary>
/// <param name="Worktree">The entry.</param>
/// <param name="Directory">Its absolute directory.</param>
/// <param name="Base">The commit that it is compared with: where it parted from its base.</param>
/// <param name="Head">The commit its HEAD is at.</param>
/// <param name="Files">The files, by path.</param>
/// <param name="Patch">The patch, or a part of it; null if it was not asked for.</param>
/// <param name="PatchBytes">How long the whole patch is.</param>
/// <param name="NextCursor">Where the next part begins, or null.</param>
/// <param name="TooLarge">Uncommitted files that are too large to be compared.</param>
public sealed record WorktreeDifference(
    Worktree Worktree, string Directory, string Base, string? Head, IReadOnlyList<FileDifference> Files, string? Patch, long PatchBytes, string? NextCursor, IReadOnlyList<string> TooLarge)
{
    /// <summary>Whether conflicts in it are not resolved yet.</summary>
    public bool HasConflicts { get; init; }

    /// <summary>Repositories within the worktree whose content would not come with its branch.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Compares a worktree, with all that is uncommitted in it, with where it parted from its base; writes nothing.</summary>
internal sealed class WorktreeDiff(WorktreePlaces parts, TouchedNames touched)
{
    internal WorktreeDifference Compare(Worktree worktree, string? path, bool patch, int mostBytes, string? cursor)
    {
        var entry = parts.RequireIdentity(worktree);
        var directory = parts.DirectoryOf(worktree);
        var wanted = path is null ? null : Inside(path, directory);
        var head = parts.Git.Refs.ReadHead(entry.Directory)?.Commit;
        var start = Start(worktree, head);
        using var scratch = parts.Git.Trials.Scratch();
        var repositories = new List<string>();
        var snapshot = parts.Git.Trials.Snapshot(entry, directory, head, parts.Git.Trials.Uncommitted(entry, directory, repositories), scratch);
        var uncommitted = snapshot.Uncommitted.Select(file => file.Raw).ToHashSet(StringComparer.Ordinal);
        var conflicts = snapshot.Uncommitted.Any(file => file.Conflicted);
        var changed = parts.Git.Trials.Compare(start, snapshot.Tree, wanted, scratch);
        IReadOnlyList<string> notes =
        [
            .. repositories.Where(folder => wanted is null || folder == wanted || folder.StartsWith(wanted + "/", StringComparison.Ordinal))
                .Select(folder => $"{folder} is a repository of its own; its files are not compared, and a commit here would record no more of them than a hash"),
            .. parts.Git.LoneLinks.Among(changed, snapshot.Tree, directory, scratch),
        ];
        var files = changed
            .Select(file => new FileDifference(
                file.Path, file.OldRaw is null ? null : RawPath.Readable(file.OldRaw), Word(file.Status), file.Added, file.Deleted,
                uncommitted.Contains(file.Raw) || (file.OldRaw is { } old && uncommitted.Contains(old))))
            .ToList();
        if (wanted is null)
        {
            touched.SeeAll(worktree.Id, head, files.Where(file => !file.Uncommitted).Select(file => file.Path), files.Where(file => file.Uncommitted).Select(file => file.Path));
        }

        if (files.Count == 0 && wanted?.Contains('\uFFFD', StringComparison.Ordinal) == true)
        {
            throw new Refusal(
                RefusalCode.InvalidArgument,
                $"path \"{wanted}\" holds the character that stands for bytes which are not UTF-8. A name with such bytes is shown so, and cannot be asked for by itself.",
                $"Leave path out, or give the folder above it; git diff in {Step.RunCommand} takes the name as git status quotes it.",
                new NextStep.DiffWorktree(worktree.Name));
        }

        var large = snapshot.TooLarge.Where(name => wanted is null || name == wanted || name.StartsWith(wanted + "/", StringComparison.Ordinal)).ToList();
        if (!patch)
        {
            return new WorktreeDifference(worktree, directory, start, head, files, null, 0, null, large) { Notes = notes, HasConflicts = conflicts };
        }

        var bytes = parts.Git.Trials.Patch(start, snapshot.Tree, wanted, scratch);
        var mark = Mark(start, parts.Git.Trials.TreeOf(snapshot.Tree, scratch), wanted);
        var from = Offset(cursor, mark, worktree, bytes.Length);
        var end = End(bytes, from, mostBytes);
        var next = end < bytes.Length ? string.Create(CultureInfo.InvariantCulture, $"{mark}-{end}") : null;
        return new WorktreeDifference(worktree, directory, start, head, files, Encoding.UTF8.GetString(bytes, from, end - from), bytes.Length, next, large) { Notes = notes, HasConflicts = conflicts };
    }

    private static string Word(char status) => status switch
    {
        'A' => "added",
        'D' => "deleted",
        'R' => "renamed",
        'C' => "copied",
        'T' => "type_changed",
        _ => "modified",
    };

    private string Start(Worktree worktree, string? head)
    {
        var tip = parts.BaseTip(worktree) ?? throw new Refusal(
            RefusalCode.NotFound, $"The base of worktree \"{worktree.Name}\" is unknown, so there is nothing to compare with.", $"Compare with git diff in {Step.RunCommand}.", new NextStep.ShowWorktree(worktree.Name));
        return (head is null ? null : parts.Git.Trials.MergeBase(head, tip)) ?? worktree.BaseCommit ?? tip;
    }

    // Relative to the worktree; an absolute path inside it is taken too.
    private static string Inside(string path, string directory)
    {
        var full = path.Contains('\0', StringComparison.Ordinal) ? string.Empty : Path.GetFullPath(path, directory);
        var relative = full.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? Path.TrimEndingDirectorySeparator(full[(directory.Length + 1)..]) : string.Empty;
        return relative.Length > 0 ? relative : throw new Refusal(
            RefusalCode.InvalidArgument, "path does not lie inside the worktree.", "Give a file or folder relative to the worktree, or leave path out for all of it.");
    }

    // A page belongs to one state of the worktree: parts of two states make no patch.
    private static string Mark(string start, string tree, string? path) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes($"{start} {tree} {path}")).AsSpan(0, 6));

    private static int Offset(string? cursor, string mark, Worktree worktree, int length)
    {
        if (cursor is null)
        {
            return 0;
        }

        if (cursor.Split('-') is not [var state, var text] || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) || (state == mark && offset > length))
        {
            throw new Refusal(RefusalCode.InvalidArgument, "cursor is not one that a diff gave.", "Pass next_cursor of the page before with the same path, or leave it out.");
        }

        return state == mark ? offset : throw new Refusal(
            RefusalCode.InvalidArgument,
            $"Worktree \"{worktree.Name}\" or its base has changed since that page, or path is another one.",
            "Begin again without cursor.",
            new NextStep.DiffWorktree(worktree.Name, Patch: true));
    }

    // At the end of a line if there is one, else between two characters.
    private static int End(byte[] bytes, int from, int most)
    {
        var end = from;
        for (var size = 0; end < bytes.Length && (size += SizeOf(bytes[end])) <= most; end++)
        {
        }

        if (end == bytes.Length)
        {
            return end;
        }

        var line = bytes.AsSpan(from, end - from).LastIndexOf((byte)'\n');
        if (line >= 0)
        {
            return from + line + 1;
        }

        while (end > from + 1 && (bytes[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return end;
    }

    // As it stands in an answer, where quotes and line ends take two bytes and other control characters six.
    private static int SizeOf(byte value) => value switch
    {
        (byte)'"' or (byte)'\\' or (byte)'\n' or (byte)'\r' or (byte)'\t' => 2,
        < 0x20 or 0x7F => 6,
        >= 0xF0 => 9,
        _ => 1,
    };
}

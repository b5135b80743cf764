using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Folders and files of ours that are links or something else, and a lock that does not lock.</summary>
internal sealed class PlaceCheck(WorktreePlaces parts)
{
    // Below these lie other people's files, or thousands of git's.
    private const int Deepest = 3;

    internal IEnumerable<RepairableFinding> Look() => [.. Folders(), .. Files(), .. Inside(), .. Lock(), .. Excluded()];

    /// <summary>The same of the places that have one name each, in a few words.</summary>
    internal IEnumerable<string> InShort() => Folders().Concat(Files()).Select(found => $"{Path.GetRelativePath(parts.Layout.Root, found.Finding.Subject)} is a {Word(parts.Files.KindOf(found.Finding.Subject))}");

    private IEnumerable<RepairableFinding> Excluded() => parts.Git.Exclusion.Problem(parts.Layout) is { } problem
        ? [RepairableFinding.ForPerson("not_excluded", FindingSeverity.Warning, parts.Layout.Exclude, problem, "Add those lines; what is in the index already goes out of it with git rm --cached.")]
        : [];

    private IEnumerable<RepairableFinding> Folders() => parts.Layout.Folders.Concat(Above(parts.Layout.Worktrees))
        .Select(path => (Path: path, Kind: parts.Files.KindOf(path)))
        .Where(place => place.Kind is not (FileKind.None or FileKind.Folder))
        .Select(place => RepairableFinding.ForPerson(
            "control_folder_link",
            FindingSeverity.Error,
            place.Path,
            $"{place.Path} is a {Word(place.Kind)}, not a folder. What it stands for may belong to somebody else, so it is not used.",
            "Move it away and put a folder of its own there."));

    private IEnumerable<string> Above(string folder)
    {
        for (var above = Path.GetDirectoryName(folder)!; above.Length > parts.Layout.Root.Length; above = Path.GetDirectoryName(above)!)
        {
            yield return above;
        }
    }

    private IEnumerable<RepairableFinding> Files() => parts.Layout.Files.Select(Foreign).OfType<RepairableFinding>();

    // A link in a folder of ours leads whoever trusts it elsewhere; a pipe holds up whoever opens it.
    private IEnumerable<RepairableFinding> Inside() => Below(parts.Layout.Private, 1).Except(parts.Layout.Folders.Concat(parts.Layout.Files), StringComparer.Ordinal)
        .Where(path => parts.Files.KindOf(path) is FileKind.Link or FileKind.Special).Select(Foreign).OfType<RepairableFinding>();

    private IEnumerable<string> Below(string folder, int depth)
    {
        if (parts.Files.KindOf(folder) != FileKind.Folder || folder == parts.Layout.Trash || depth > Deepest)
        {
            return [];
        }

        var names = parts.Files.Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal).ToList();
        return names.Concat(names.SelectMany(path => Below(path, depth + 1)));
    }

    private RepairableFinding? Foreign(string path) => parts.Files.KindOf(path) is var kind && kind.IsOurs() ? null : RepairableFinding.ForPerson(
        "control_file_link",
        FindingSeverity.Error,
        path,
        $"{path} is a {Word(kind)}, not a regular file; nothing is written through it.",
        "Move it away; the next change makes a file of its own from the operation log.");

    private static string Word(FileKind kind) => kind switch
    {
        FileKind.Link => "link",
        FileKind.Folder => "folder",
        FileKind.Special => "pipe, a device or a socket",
        _ => "file",
    };

    private IEnumerable<RepairableFinding> Lock()
    {
        if (parts.Files.KindOf(parts.Layout.Lock) != FileKind.Regular)
        {
            yield break;
        }

        using var first = Posix.OpenForLock(parts.Layout.Lock);
        using var second = Posix.OpenForLock(parts.Layout.Lock);
        if (Posix.TryFlock(first, shared: false) && Posix.TryFlock(second, shared: false))
        {
            yield return RepairableFinding.ForPerson(
                "lock_does_not_lock",
                FindingSeverity.Error,
                parts.Layout.Lock,
                $"Two locks on {parts.Layout.Lock} were granted at the same time: the file system does not lock. Reading works, changes are refused.",
                "Move the repository to a local file system.");
        }
    }
}

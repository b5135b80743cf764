using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Folders and files of ours that are links or something else, and a lock that does not lock.</summary>
internal sealed class PlaceLook(RegistryParts parts)
{
    internal IEnumerable<Found> Look() => Folders().Concat(Files()).Concat(Lock()).Concat(Excluded());

    private IEnumerable<Found> Excluded() => parts.Git.Exclusion.Problem(parts.Layout) is { } problem
        ? [Found.ForPerson("not_excluded", FindingSeverity.Warning, parts.Layout.Exclude, problem, "Add those lines; what is in the index already goes out of it with git rm --cached.")]
        : [];

    private IEnumerable<Found> Folders()
    {
        var layout = parts.Layout;
        return new[] { layout.Tasks, layout.Worktrees, layout.Private, layout.Quarantine, layout.Trash, layout.Leases, layout.Sessions }
            .Select(path => (Path: path, Kind: parts.Files.KindOf(path)))
            .Where(place => place.Kind is FileKind.Link or FileKind.Regular)
            .Select(place => Found.ForPerson(
                "control_folder_link",
                FindingSeverity.Error,
                place.Path,
                $"{place.Path} is a {(place.Kind == FileKind.Link ? "link" : "file")}, not a folder. What it stands for may belong to somebody else, so it is not used.",
                "Move it away and put a folder of its own there."));
    }

    private IEnumerable<Found> Files()
    {
        var layout = parts.Layout;
        return new[] { layout.Index, layout.Events, layout.OperationLog, layout.Lock, layout.LockHolder }
            .Select(path => (Path: path, Kind: parts.Files.KindOf(path)))
            .Where(place => !place.Kind.IsOurs())
            .Select(place => Found.ForPerson(
                "control_file_link",
                FindingSeverity.Error,
                place.Path,
                $"{place.Path} is a {(place.Kind == FileKind.Link ? "link" : "folder")}, not a regular file; nothing is written through it.",
                "Move it away; the next change makes a file of its own from the operation log."));
    }

    private IEnumerable<Found> Lock()
    {
        if (parts.Files.KindOf(parts.Layout.Lock) != FileKind.Regular)
        {
            yield break;
        }

        using var first = Posix.OpenForLock(parts.Layout.Lock);
        using var second = Posix.OpenForLock(parts.Layout.Lock);
        if (Posix.TryFlock(first, shared: false) && Posix.TryFlock(second, shared: false))
        {
            yield return Found.ForPerson(
                "lock_does_not_lock",
                FindingSeverity.Error,
                parts.Layout.Lock,
                $"Two locks on {parts.Layout.Lock} were granted at the same time: the file system does not lock. Reading works, changes are refused.",
                "Move the repository to a local file system.");
        }
    }
}

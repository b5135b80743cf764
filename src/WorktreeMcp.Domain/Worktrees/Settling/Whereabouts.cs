using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>
/// Looks where worktrees are, by what a directory and git's record say of each other. Three small reads for each, no
/// process; it decides and changes nothing. A path that still exists is never taken over: then it is a copy.
/// </summary>
internal sealed class Whereabouts(WorktreePlaces parts)
{
    private static readonly Whereabout AsRecorded = new(SightingKind.AsRecorded);

    /// <summary>How a living worktree is found.</summary>
    internal Whereabout Of(Worktree worktree)
    {
        if (worktree is not { AdminId: { } id, IsUsable: true } || DirectoryOf(worktree) is not { } directory)
        {
            return AsRecorded;
        }

        var record = AdminEntry.At(parts.Layout.CommonDirectory, id);
        var named = record.NamesWorktree(parts.Files);
        return parts.Files.KindOf(directory) switch
        {
            FileKind.None when !parts.Files.Directory.Exists(record.Directory) => new Whereabout(SightingKind.Gone),
            FileKind.None when named is not null => OfAbsent(directory, record, named),
            FileKind.Folder when AdminEntry.Pointer(directory, parts.Files) is { } pointer => OfPresent(worktree, directory, record, named, pointer),
            _ => AsRecorded,
        };
    }

    private Whereabout OfPresent(Worktree worktree, string directory, AdminEntry record, string? named, string pointer)
    {
        var namesHere = named is not null && AdminEntry.SamePath(named, directory);
        if (AdminEntry.SamePath(pointer, record.Directory))
        {
            // A move of the repository that was followed only halfway.
            return namesHere ? OfBranch(worktree, record)
                : named is null || parts.Exists(named) ? AsRecorded : new Whereabout(SightingKind.RepositoryMoved, directory);
        }

        if (!parts.Files.Directory.Exists(record.Directory) || Path.GetFileName(pointer) != record.Id || OriginalOf(pointer) is not { } original)
        {
            return AsRecorded;
        }

        if (parts.Exists(pointer))
        {
            return new Whereabout(SightingKind.Copied, named is null || namesHere ? original : named);
        }

        return named is not null && (namesHere || !parts.Exists(named)) ? new Whereabout(SightingKind.RepositoryMoved, directory) : AsRecorded;
    }

    // A branch that was deleted, and left for another one, is no renamed one: that one's log tells of no other name.
    private Whereabout OfBranch(Worktree worktree, AdminEntry record)
    {
        var refs = parts.Git.Refs;
        return refs.PlainHead(record.Directory)?.ShortBranch is { } branch && branch != worktree.Branch
            && refs.Resolve(BranchRef.Of(worktree.Branch)) is null && refs.Resolve(BranchRef.Of(branch)) is not null && refs.IsRenamed(worktree.Branch, branch)
            ? new Whereabout(SightingKind.BranchRenamed, branch)
            : AsRecorded;
    }

    private Whereabout OfAbsent(string directory, AdminEntry record, string named)
    {
        if (AdminEntry.SamePath(named, directory))
        {
            return Renamed(record) is { } place ? new Whereabout(SightingKind.Moved, place) : AsRecorded;
        }

        if (AdminEntry.Pointer(named, parts.Files) is not { } pointer)
        {
            return AsRecorded;
        }

        if (AdminEntry.SamePath(pointer, record.Directory))
        {
            return new Whereabout(IsInside(named) ? SightingKind.Moved : SightingKind.MovedOutside, named);
        }

        return parts.Exists(pointer) ? new Whereabout(SightingKind.Copied, named) : AsRecorded;
    }

    // A plain rename tells git nothing: the directory that names the record is looked for beside its old place.
    private string? Renamed(AdminEntry record) => parts.Files.Directory.Exists(parts.Layout.Worktrees)
        ? parts.Files.Directory.EnumerateDirectories(parts.Layout.Worktrees)
            .Where(folder => parts.Files.KindOf(folder) == FileKind.Folder
                && AdminEntry.Pointer(folder, parts.Files) is { } pointer && AdminEntry.SamePath(pointer, record.Directory))
            .ToList() is [var only] ? only : null
        : null;

    // By component, so that no link on the way leads out of the repository.
    private bool IsInside(string place)
    {
        var root = parts.Layout.Root;
        if (!place.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !parts.Layout.MayHoldWorktree(place))
        {
            return false;
        }

        for (var path = place; path is not null && path.Length > root.Length; path = Path.GetDirectoryName(path))
        {
            if (parts.Files.KindOf(path) != FileKind.Folder)
            {
                return false;
            }
        }

        return true;
    }

    private string? DirectoryOf(Worktree worktree)
    {
        try
        {
            return parts.DirectoryOf(worktree);
        }
        catch (Refusal)
        {
            return null;
        }
    }

    // ROOT of ROOT/.git/worktrees/ID.
    private static string? OriginalOf(string pointer) =>
        Path.GetDirectoryName(pointer) is { } records && Path.GetFileName(records) == "worktrees" && Path.GetDirectoryName(records) is { } common
            ? Path.GetFileName(common) == ".git" ? Path.GetDirectoryName(common) : common
            : null;
}

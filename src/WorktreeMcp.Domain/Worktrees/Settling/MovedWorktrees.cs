using System.Text;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Settling;

/// <summary>
/// Follows what a person moved: the registry learns the new path, and directory and git's record point at each other
/// again. Nothing else in either is touched. Each step can be repeated after a kill.
/// </summary>
internal sealed class MovedWorktrees(WorktreePlaces parts)
{
    /// <summary>Follows one worktree to where it was found.</summary>
    internal void Follow(StateChange change, Worktree worktree, Whereabout seen)
    {
        var directory = seen.Place!;
        var before = parts.DirectoryOf(worktree);
        Link(AdminEntry.At(parts.Layout.CommonDirectory, worktree.AdminId!), directory);
        var moved = worktree;
        if (seen.Kind == SightingKind.Moved)
        {
            moved = WorktreeEntries.Put(change, worktree with { Path = Path.GetRelativePath(parts.Layout.Root, directory) });
        }

        var reconciled = WorktreeEntries.Event("worktree.reconciled", moved, null);
        reconciled["reason"] = seen.Kind == SightingKind.Moved ? $"moved by hand from {before} to {directory}" : $"the repository was moved to {parts.Layout.Root}";
        change.Emit(reconciled);
        change.Commit("worktree.reconcile");
    }

    /// <summary>Follows a branch to its new name.</summary>
    internal static void FollowBranch(StateChange change, Worktree worktree, string branch)
    {
        var renamed = WorktreeEntries.Put(change, worktree with { Branch = branch });
        var reconciled = WorktreeEntries.Event("worktree.reconciled", renamed, null);
        reconciled["reason"] = $"branch {worktree.Branch} was renamed to {branch}";
        change.Emit(reconciled);
        change.Commit("worktree.reconcile");
    }

    /// <summary>Lets removed worktrees and git's records of them point at each other again after the repository was moved.</summary>
    internal void RelinkTrash(IEnumerable<Worktree> all)
    {
        foreach (var worktree in all.Where(IsToRelink))
        {
            var record = parts.TrashedRecord(worktree.Id);
            Link(record, TreeOf(worktree.Trash!));
            if (!record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files))
            {
                // Its record was on its way out of git's sight.
                Write(Path.Join(record.Directory, "commondir"), record.PathToCommon);
            }
        }
    }

    /// <summary>Whether a removed worktree's tree and record are in place and point to where they were before a move.</summary>
    internal bool IsToRelink(Worktree worktree)
    {
        if (worktree is not { Status: WorktreeState.Removed, Trash: { AdminId: { } id, Path: not null } trash })
        {
            return false;
        }

        var record = parts.TrashedRecord(worktree.Id);
        var tree = TreeOf(trash);
        return record.NamesWorktree(parts.Files) is { } named && AdminEntry.Pointer(tree, parts.Files) is { } pointer
            && Path.GetFileName(pointer) == id
            && (Misleads(named, tree) || Misleads(pointer, record.Directory))
            && (AdminEntry.SamePath(named, tree) || !parts.Exists(named))
            && (AdminEntry.SamePath(pointer, record.Directory) || !parts.Exists(pointer));
    }

    /// <summary>Lets a directory and git's record of it point at each other.</summary>
    internal void Link(AdminEntry record, string directory)
    {
        if (record.NamesWorktree(parts.Files) is not { } named || Misleads(named, directory))
        {
            Write(Path.Join(record.Directory, "gitdir"), Path.Join(directory, ".git"));
        }

        if (AdminEntry.Pointer(directory, parts.Files) is not { } pointer || Misleads(pointer, record.Directory))
        {
            Write(Path.Join(directory, ".git"), $"gitdir: {record.Directory}");
        }
    }

    /// <summary>Writes one line in the place of a file that git reads.</summary>
    internal void Write(string path, string line)
    {
        var temporary = path + ".wtmcp-tmp";
        parts.Store.Disk.WriteTemporary(temporary, Encoding.UTF8.GetBytes(line + "\n"));
        parts.Store.Disk.Replace(temporary, path);
    }

    private static bool Misleads(string path, string place) => !AdminEntry.SamePath(path, place);

    private string TreeOf(TrashedWorktree trash) => Path.GetFullPath(trash.Path!, parts.Layout.Root);
}

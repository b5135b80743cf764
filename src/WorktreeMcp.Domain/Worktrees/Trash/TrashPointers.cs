using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Trash;

/// <summary>Removed worktrees and git's records of them after the repository was moved: their pointers still name the old place.</summary>
internal sealed class TrashPointers(WorktreePlaces parts)
{
    private readonly RecordPointers _pointers = new(parts);

    /// <summary>Lets removed worktrees and git's records of them point at each other again after the repository was moved.</summary>
    internal void RelinkTrash(IEnumerable<Worktree> all)
    {
        foreach (var worktree in all.Where(IsToRelink))
        {
            var record = parts.TrashedRecord(worktree.Id);
            _pointers.Link(record, TreeOf(worktree.Trash!));
            if (!record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files))
            {
                // Its record was on its way out of git's sight.
                _pointers.Write(Path.Join(record.Directory, "commondir"), record.PathToCommon);
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
            && (RecordPointers.Misleads(named, tree) || RecordPointers.Misleads(pointer, record.Directory))
            && (AdminEntry.SamePath(named, tree) || !parts.Exists(named))
            && (AdminEntry.SamePath(pointer, record.Directory) || !parts.Exists(pointer));
    }

    private string TreeOf(TrashedWorktree trash) => Path.GetFullPath(trash.Path!, parts.Layout.Root);
}

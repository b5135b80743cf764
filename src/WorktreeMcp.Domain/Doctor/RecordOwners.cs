using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Says whose each of git's records is, by the registry.</summary>
internal sealed class RecordOwners(WorktreePlaces parts, IReadOnlyList<Worktree> entries)
{
    /// <summary>What the registry knows of records, by their names.</summary>
    internal Dictionary<string, RecordOwner> All() =>
        entries.Select(Owner).OfType<RecordOwner>().DistinctBy(owner => owner.Record.Id).ToDictionary(owner => owner.Record.Id);

    /// <summary>Whose a record is, if one of these and it say so.</summary>
    internal RecordOwner? Of(AdminEntry record, Dictionary<string, RecordOwner> owners) =>
        owners.TryGetValue(record.Id, out var named) && IsOf(record, named) ? named : null;

    // Both may be checked only in one direction here: the other one may be what is broken.
    private bool IsOf(AdminEntry record, RecordOwner owner) => record.NamesWorktree(parts.Files) is { } named
        ? AdminEntry.SamePath(named, owner.Directory)
        : AdminEntry.Pointer(owner.Directory, parts.Files) is { } pointer && AdminEntry.SamePath(pointer, record.Directory);

    private RecordOwner? Owner(Worktree worktree)
    {
        try
        {
            return worktree switch
            {
                { IsUsable: true, AdminId: { } id } => new RecordOwner(worktree, AdminEntry.At(parts.Layout.CommonDirectory, id), parts.DirectoryOf(worktree), worktree.Branch, worktree.BaseCommit),
                { Status: WorktreeState.Removed, Trash: { AdminId: not null, Path: { } path, Tip: { } tip } } =>
                    new RecordOwner(worktree, parts.TrashedRecord(worktree.Id), Path.GetFullPath(path, parts.Layout.Root), null, tip),
                _ => null,
            };
        }
        catch (Refusal)
        {
            return null;
        }
    }
}

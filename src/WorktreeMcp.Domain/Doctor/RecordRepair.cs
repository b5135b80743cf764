using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>
/// Writes anew what is missing of git's record of one of our worktrees. What can be read stays; no file of the worktree
/// is touched, so at worst something staged has to be staged again.
/// </summary>
internal sealed class RecordRepair(WorktreePlaces parts)
{
    private readonly RecordPointers _pointers = new(parts);
    private readonly WorktreeMoves _moves = new(parts);

    /// <summary>Completes a record; the caller holds the lock.</summary>
    internal void Complete(StateChange change, RecordOwner owner)
    {
        var record = owner.Record;
        parts.Disk.MakeFolder(record.Directory);
        if (record.NamesWorktree(parts.Files) is null)
        {
            _pointers.Write(Path.Join(record.Directory, "gitdir"), Path.Join(owner.Directory, ".git"));
        }

        if (parts.Git.Refs.ReadHead(record.Directory) is not { } head || head.Commit?.All(digit => digit == '0') == true)
        {
            _pointers.Write(Path.Join(record.Directory, "HEAD"), HeadOf(owner));
        }

        if (!record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files))
        {
            _pointers.Write(Path.Join(record.Directory, "commondir"), record.PathToCommon);
        }

        if (parts.Files.KindOf(owner.Directory) == FileKind.Folder)
        {
            RebuildIndex(change, owner);
        }

        var reconciled = WorktreeEntries.Event("worktree.reconciled", owner.Worktree, null);
        reconciled["reason"] = "git's record of it was broken and was completed";
        change.Emit(reconciled);
        change.Commit("doctor.record");
    }

    /// <summary>Moves a record that nothing uses out of git's sight.</summary>
    internal void SetAside(StateChange change, AdminEntry record)
    {
        var place = Path.Join(parts.Layout.Quarantine, $"record-{record.Id}-{change.Now:0}");
        _moves.Once(record.Directory, place);
        change.Emit(new System.Text.Json.Nodes.JsonObject
        {
            ["event"] = "board.repaired",
            ["file"] = Path.GetRelativePath(parts.Layout.Root, record.Directory),
            ["set_aside"] = Path.GetFileName(place),
        });
        change.Commit("doctor.record");
    }

    private string HeadOf(RecordOwner owner)
    {
        if (owner.Branch is { } branch && parts.Git.Refs.Resolve(BranchRef.Of(branch)) is not null && parts.Git.CheckedOutAt(branch) is null)
        {
            return $"ref: refs/heads/{branch}";
        }

        return LastKnown(owner.Record) ?? owner.Commit ?? throw new Refusal(
            RefusalCode.CorruptFile,
            $"Nothing says where the HEAD of worktree \"{owner.Worktree.Name}\" was.",
            "A person should write it by hand.");
    }

    private string? LastKnown(AdminEntry record)
    {
        var log = Path.Join(record.Directory, "logs", "HEAD");
        return parts.Files.KindOf(log) == FileKind.Regular && PlainFile.Lines(log).LastOrDefault()?.Split(' ') is [_, var hash, ..]
            && RefReader.IsHash(hash) && hash.Any(digit => digit != '0') ? hash : null;
    }

    private void RebuildIndex(StateChange change, RecordOwner owner)
    {
        var path = Path.Join(owner.Record.Directory, "index");
        if (parts.Files.KindOf(path) == FileKind.Regular)
        {
            if (parts.Git.IsIndexReadable(owner.Record, owner.Directory))
            {
                return;
            }

            using (var stream = PlainFile.Open(path))
            {
                Quarantine.Keep(parts.Layout, parts.Disk, $"index-{owner.Record.Id}", stream, offset: 0);
            }

            parts.Disk.Delete(path);
        }

        parts.Git.RebuildIndex(owner.Record, owner.Directory, change.Descriptor).Require($"rebuilding the index of {owner.Directory}");
    }
}

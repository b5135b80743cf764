using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Settling;
using WorktreeMcp.Domain.Worktrees.Trash;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Entries of the registry against what is on the disk.</summary>
internal sealed class WorktreeCheck(WorktreePlaces parts, IReadOnlyList<Worktree> entries)
{
    private readonly Whereabouts _sightings = new(parts);
    private readonly TrashPointers _pointers = new(parts);
    private readonly InterruptedCheckouts _interrupted = new(parts);

    internal IEnumerable<RepairableFinding> Look() =>
    [
        .. entries.Where(w => w.IsLive).Select(Of).OfType<RepairableFinding>(),
        .. entries.Where(w => !w.IsLive).Select(OfRemoved).OfType<RepairableFinding>(),
        .. Doubled(),
    ];

    private RepairableFinding? Of(Worktree worktree)
    {
        var directory = parts.DirectoryOf(worktree);
        return worktree.IsUsable ? OfSighting(worktree, directory) ?? OfLanding(worktree) ?? OfHead(worktree) : OfStep(worktree);
    }

    // A command that is still at work holds the lease; a file alone says nothing.
    private RepairableFinding? OfStep(Worktree worktree)
    {
        if (parts.Exists(parts.Layout.Lease(worktree.Id)))
        {
            using var lease = parts.TryLease(worktree, shared: false);
            if (lease is null)
            {
                return null;
            }
        }

        return worktree.Status == WorktreeState.Restoring
            ? Ours("restoration_abandoned", worktree, "is being restored, but nobody holds its lease: the server that did it is gone.", "The restoration is finished, or taken back if its place was taken meanwhile.")
            : worktree.Status == WorktreeState.Creating
            ? Ours("creation_abandoned", worktree, "is being made, but nobody holds its lease: the server that made it is gone.", "What is there of it is taken back: files into the trash, the branch only if nothing was done on it.")
            : Ours("removal_abandoned", worktree, "is being removed, but nobody holds its lease: the server that removed it is gone.", "The removal is finished: everything goes into the trash.");
    }

    private RepairableFinding? OfSighting(Worktree worktree, string directory)
    {
        var seen = _sightings.Of(worktree);
        return seen.Kind switch
        {
            SightingKind.Gone => Ours("worktree_gone", worktree, $"is gone: neither {directory} nor git's record of it is there.", "It is taken off the registry; its branch stays if it has commits of its own."),
            SightingKind.Moved => Ours("worktree_moved", worktree, $"was moved by hand from {directory} to {seen.Place}.", "The registry and git's record follow it."),
            SightingKind.RepositoryMoved => Ours("repository_moved", worktree, $"points to where the repository was before it was moved to {parts.Layout.Root}.", "Directory and git's record point at each other again."),
            SightingKind.BranchRenamed => Ours("worktree_branch_renamed", worktree, $"is on branch {seen.Place}: its branch {worktree.Branch} was renamed.", "The registry follows it."),
            SightingKind.MovedOutside => Person("worktree_moved_outside", FindingSeverity.Warning, worktree, $"was moved by hand out of the repository, to {seen.Place}.", $"Move it back to {directory} with git worktree move."),
            SightingKind.Copied => Person("repository_copied", FindingSeverity.Error, worktree, $"belongs to {seen.Place}, which is still there: {parts.Layout.Root} is a copy. Changes are refused here.", "Work in the original. A copy of its own is made with git clone, which leaves worktrees behind."),
            _ => OfIdentity(worktree, directory),
        };
    }

    private RepairableFinding? OfIdentity(Worktree worktree, string directory)
    {
        if (parts.Identify(worktree) is not { Entry: null, Problem: { } problem })
        {
            return null;
        }

        if (!parts.Exists(directory))
        {
            return Person("worktree_directory_missing", FindingSeverity.Warning, worktree, $"has no directory: {directory} is missing, git's record of it is there.", $"Call {new NextStep.RemoveWorktree(worktree.Name):with}; its branch stays if it has commits of its own.");
        }

        return IsRecordBroken(worktree, directory)
            ? null
            : Person("worktree_identity", FindingSeverity.Error, worktree, $"at {directory} fails its identity check: {problem}. Nothing is run in it.", "Look at that directory: git worktree repair with its path restores a lost .git file; a folder that is something else should be moved away.");
    }

    private RepairableFinding? OfLanding(Worktree worktree)
    {
        if (worktree.Landing is not { } landing)
        {
            return null;
        }

        using var free = LandingLock.Try(parts.Layout);
        if (free is null)
        {
            return null;
        }

        var places = parts.Git.Landing.CheckoutsOf(landing.Into, parts.Git.Refs).Select(checkout => Between(checkout, landing.From, landing.To));
        if (landing.Follow && parts.Identify(worktree).Entry is { } record)
        {
            places = places.Append(Between(new BranchCheckout(record, parts.DirectoryOf(worktree)), landing.Tip, landing.To));
        }

        var between = places.OfType<string>().ToList();
        return Ours(
            "landing_unfinished",
            worktree,
            $"has a landing in {landing.Into}, from {landing.From[..12]} to {landing.To[..12]}, that came to no end; nobody is at it.{(between.Count == 0 ? string.Empty : $" {string.Join("; ", between)}.")}",
            "It is finished if all of it is there, else what was written of it is put back. If it stays, something is in the way of that: permissions, free space, a lock of git.");
    }

    // What a checkout holds of the way between two commits; null when nothing.
    private string? Between(BranchCheckout checkout, string from, string to)
    {
        try
        {
            var seen = _interrupted.Look(checkout, from, to);
            return seen.IsUntouched || seen.HasArrived ? null : $"{checkout.Directory} holds files of it: {Listed.Of([.. seen.Ours.Select(file => file.Path)], 20)}";
        }
        catch (HalfMovedException fault)
        {
            return $"it cannot be looked at: {fault.Message}";
        }
    }

    private RepairableFinding? OfHead(Worktree worktree)
    {
        if (parts.Identify(worktree).Entry is not { } record || parts.Git.Refs.ReadHead(record.Directory) is not { } head)
        {
            return null;
        }

        if (parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is null)
        {
            if (head is { Branch: not null, Commit: { } at })
            {
                return Person("worktree_on_other_branch", FindingSeverity.Warning, worktree, $"is on branch {head.ShortBranch} at {at[..12]}; its own branch {worktree.Branch} is gone.", $"Nothing is lost with it: make {worktree.Branch} anew there with git switch -c, or remove the worktree, which leaves {head.ShortBranch} as it is.");
            }

            return Person("worktree_branch_missing", FindingSeverity.Error, worktree, $"has lost its branch {worktree.Branch}; its files are untouched.", $"Make the branch anew from the last commit in {Path.Join(record.Directory, "logs", "HEAD")}.");
        }

        if (AdminEntry.HoldsBranch(record.Directory, worktree.Branch, parts.Git.Refs, parts.Files))
        {
            return null;
        }

        return head.Branch is null
            ? Person("worktree_detached", FindingSeverity.Warning, worktree, $"has a detached HEAD at {head.Commit}, not {worktree.Branch}.", $"Switch it back to {worktree.Branch} inside the worktree, after a branch was made for commits that are on none.")
            : Person("worktree_on_other_branch", FindingSeverity.Warning, worktree, $"is on branch {head.ShortBranch}, not on {worktree.Branch}.", $"Switch it back to {worktree.Branch} inside the worktree; nothing is lost meanwhile.");
    }

    private RepairableFinding? OfRemoved(Worktree worktree)
    {
        if (_pointers.IsToRelink(worktree))
        {
            return RepairableFinding.Ours("trash_unlinked", FindingSeverity.Warning, Subject(worktree), $"Removed worktree \"{worktree.Name}\" (number {worktree.Id}) points to where the repository was before it was moved.", "Its files and git's record point at each other again.", _ => _pointers.RelinkTrash([worktree]));
        }

        if (new TrashContents(parts) is var shelf && shelf.Of(worktree) is { Problem: { } problem } && shelf.Trees(worktree.Id).ToList() is { Count: > 0 } trees)
        {
            return RepairableFinding.ForPerson(
                "trash_not_deleted",
                FindingSeverity.Warning,
                Subject(worktree),
                $"The files of removed worktree \"{worktree.Name}\" (number {worktree.Id}) could not all be deleted: {problem}. What is left lies in {string.Join(" and ", trees)}.",
                $"Somebody who may deletes {string.Join(" and ", trees)} (another user's files: that user or root; immutable ones: after chattr -R -i); then worktree-mcp gc takes it off the list.");
        }

        return worktree is { Status: WorktreeState.Removed, Trash.Path: { } path } && !parts.Exists(Path.GetFullPath(path, parts.Layout.Root))
            ? RepairableFinding.ForPerson("trash_tree_missing", FindingSeverity.Info, Subject(worktree), $"The files of removed worktree \"{worktree.Name}\" (number {worktree.Id}) are no longer in the trash at {path}.", "Nothing has to be done; they cannot be restored.")
            : null;
    }

    private IEnumerable<RepairableFinding> Doubled() => entries.Where(w => w.IsLive)
        .GroupBy(w => w.Name, StringComparer.OrdinalIgnoreCase)
        .Where(same => same.Count() > 1)
        .Select(same => RepairableFinding.ForPerson("registry_duplicate", FindingSeverity.Error, $"worktree {same.Key}", $"{parts.Layout.Index} has {same.Count()} living worktrees named \"{same.Key}\" (numbers {string.Join(", ", same.Select(w => w.Id))}).", "Decide which one is right and give the other another name in an editor."));

    private bool IsRecordBroken(Worktree worktree, string directory)
    {
        if (worktree.AdminId is not { } id)
        {
            return false;
        }

        var record = AdminEntry.At(parts.Layout.CommonDirectory, id);
        return AdminEntry.Pointer(directory, parts.Files) is { } pointer && AdminEntry.SamePath(pointer, record.Directory)
            && (!parts.Exists(record.Directory) || record.NamesWorktree(parts.Files) is null || !record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files));
    }

    private static RepairableFinding Ours(string code, Worktree worktree, string what, Advice step) =>
        RepairableFinding.Ours(code, FindingSeverity.Warning, Subject(worktree), $"Worktree \"{worktree.Name}\" {what}", step);

    private static RepairableFinding Person(string code, FindingSeverity severity, Worktree worktree, string what, Advice step) =>
        RepairableFinding.ForPerson(code, severity, Subject(worktree), $"Worktree \"{worktree.Name}\" {what}", step);

    private static string Subject(Worktree worktree) => worktree.IsLive ? $"worktree {worktree.Name}" : $"removed worktree {worktree.Name} number {worktree.Id}";
}

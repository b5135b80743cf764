using System.Collections.Concurrent;
using System.IO.Abstractions;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>
/// Proves that an entry in the middle of a step is one of ours. Invariants:
/// - what counts is the operation log, which no clone, pull or copy brings: the newest that a change of ours wrote of it;
/// - only where no log knows any worktree, because it was lost, git's own record of the step counts;
/// - what a hand wrote and the log has only learned proves nothing.
/// </summary>
internal sealed class StepProof(StateStore store, IFileSystem files)
{
    private readonly ConcurrentDictionary<(int Id, bool Exactly), (StoredWorktree Stored, LogMark Log, bool IsProven)> _known = new();

    /// <summary>Whether a step is under way, so that whoever finds the entry would go on with it.</summary>
    internal static bool IsInAStep(Worktree worktree) =>
        worktree.Landing is not null || worktree.Status is WorktreeState.Creating or WorktreeState.Removing or WorktreeState.Restoring or WorktreeState.Emptying;

    /// <summary>Whether the newest of an entry that we wrote is what it says.</summary>
    /// <param name="stored">The entry.</param>
    /// <param name="worktree">The same, read.</param>
    /// <param name="exactly">With the lock in hand, before anything is done; else anything that we wrote of it counts, since others go on meanwhile.</param>
    internal bool IsOurs(StoredWorktree stored, Worktree worktree, bool exactly)
    {
        var mark = store.OnDisk.Mark;
        if (_known.TryGetValue((stored.Id, exactly), out var known) && ReferenceEquals(known.Stored, stored) && known.Log == mark)
        {
            return known.IsProven;
        }

        var isProven = IsInLog(stored, exactly) ?? IsInGit(worktree);
        _known[(stored.Id, exactly)] = (stored, mark, isProven);
        return isProven;
    }

    /// <summary>Whether a branch was made for a worktree, by what we wrote of it or by the branch's own log.</summary>
    internal bool MadeBranch(Worktree worktree) => worktree.BranchCreated
        && (BranchBirth.Of(store.Layout.CommonDirectory, worktree.Branch, files) is not null
            || store.OnDisk.OwnChanges(worktree.Id).Any(change => change.After is { } image && image["branch_created"].Flag() && image["branch"].Text() == worktree.Branch));

    // Null where there is no log that could know.
    private bool? IsInLog(StoredWorktree stored, bool exactly)
    {
        if (store.OnDisk.NewestWorktree(stored.Id) is not { } newest)
        {
            return store.OnDisk.KnowsWorktrees ? false : null;
        }

        return (!newest.ByHand && Says(newest.After, stored))
            || (!exactly && (newest.Before == StateJson.Hash(stored.Bytes.Span) || store.OnDisk.OwnChanges(stored.Id).Any(change => Says(change.After, stored))));
    }

    private static bool Says(JsonObject? image, StoredWorktree stored) =>
        image is not null && StateJson.Read(stored.Bytes.Span) is { } read && StateJson.Hash(image) == StateJson.Hash(read);

    private bool IsInGit(Worktree worktree) => worktree.Status switch
    {
        WorktreeState.Creating => worktree.BranchCreated && worktree.BaseCommit is { } commit && BranchBirth.Of(store.Layout.CommonDirectory, worktree.Branch, files) == commit,
        WorktreeState.Removing or WorktreeState.Restoring or WorktreeState.Emptying => Records(worktree).Any(record => TrashMarks.IsLocked(record, worktree.Id, files)),
        _ => false,
    };

    private IEnumerable<AdminEntry> Records(Worktree worktree) =>
        new[] { worktree.AdminId }.OfType<string>().Select(id => AdminEntry.At(store.Layout.CommonDirectory, id)).Append(AdminEntry.InTrash(store.Layout.CommonDirectory, worktree.Id, files));
}

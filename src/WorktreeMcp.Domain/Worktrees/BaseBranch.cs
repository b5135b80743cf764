using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>How an attempt to move a base ended.</summary>
internal enum MoveOutcome
{
    /// <summary>It is where it was to go.</summary>
    Moved,

    /// <summary>Somebody else moved it first.</summary>
    Lost,
}

/// <summary>A base that can be moved, and what is held while it is.</summary>
/// <param name="Checkout">Where it is checked out; null when nowhere.</param>
/// <param name="Lease">The lease of the worktree that this is, if it is one of ours.</param>
internal sealed record MovableBase(BranchCheckout? Checkout, Lease? Lease) : IDisposable
{
    public void Dispose() => Lease?.Dispose();
}

/// <summary>
/// Moves the branch that work lands in. Invariants:
/// - it moves only from the commit that was judged, and a checkout of it only by a fast-forward that touches no local,
///   untracked or ignored file and interrupts no operation; else nothing is changed;
/// - after a kill an index that holds the new files is followed by the branch, and anything before that is put back; both are
///   put back where somebody else moved the branch meanwhile.
/// </summary>
internal sealed class BaseBranch(RegistryParts parts, WorktreeEntries entries)
{
    private const int MostListed = 20;
    private const string NoFile = "000000";
    private const string Submodule = "160000";

    private readonly LateCheckouts _late = new(parts);
    private readonly InterruptedCheckouts _interrupted = new(parts);

    /// <summary>What has to be held to move a base; refuses if something stands in the way.</summary>
    internal MovableBase Prepare(string branch, IReadOnlyList<ChangedFile> changed)
    {
        var checkouts = parts.Git.Landing.CheckoutsOf(branch, parts.Git.Refs);
        switch (checkouts)
        {
            case []:
                return new MovableBase(null, null);
            case [var only]:
                RefuseUnlessIdle(branch, only);
                RefuseLocal(branch, only, changed);
                return new MovableBase(only, LeaseOf(branch, only));
            default:
                throw Dirty(branch, checkouts[0], $"it is checked out more than once: {string.Join(", ", checkouts.Select(c => c.Directory))}");
        }
    }

    /// <summary>Moves it; the note is for a person whose checkout came too late.</summary>
    internal (MoveOutcome Outcome, string? Note) Move(PendingLanding landing, MovableBase movable, string words, SafeHandle guard)
    {
        var outcome = MoveAlone(landing, movable, words, guard);
        return (outcome, outcome == MoveOutcome.Moved && movable.Checkout is null ? _late.BringAlong(landing, guard) : null);
    }

    private MoveOutcome MoveAlone(PendingLanding landing, MovableBase movable, string words, SafeHandle guard)
    {
        var answer = movable.Checkout is { } checkout
            ? parts.Git.Landing.FastForward(checkout, landing.To, words, guard)
            : parts.Git.Landing.MoveBranch(landing.Into, landing.From, landing.To, words, [guard]);
        if (answer.ExitCode is null)
        {
            // Killed at whatever point: it may have left half of the files, and its lock files in any case.
            return Settle(landing, guard) ? MoveOutcome.Moved : throw Failed(landing, answer.Error);
        }

        var now = parts.Git.Refs.Resolve($"refs/heads/{landing.Into}");
        if (now is not null && (now == landing.To || (now != landing.From && parts.Git.Landing.IsAncestor(landing.To, now))))
        {
            return MoveOutcome.Moved;
        }

        if (answer.Succeeded && movable.Checkout is { } left && now == landing.From)
        {
            throw SwitchedAway(landing, left, guard);
        }

        if (now is not null && movable.Checkout is { } written)
        {
            TakeBack(landing, written, now, guard);
        }

        return now != landing.From ? MoveOutcome.Lost
            : throw (movable.Checkout is { } place ? Dirty(landing.Into, place, $"git would not move it: {answer.Error}") : Failed(landing, answer.Error));
    }

    // git moves the branch that the checkout is on when it looks, which need not be the one that was judged.
    private Refusal SwitchedAway(PendingLanding landing, BranchCheckout checkout, SafeHandle guard)
    {
        var head = parts.Git.Refs.ReadHead(checkout.Entry.Directory);
        var undone = head?.Commit != landing.To || parts.Git.Landing.StepBack(checkout, guard).Succeeded;
        var switched = $"it was switched to {head?.ShortBranch ?? "a commit"} in that moment";
        return undone ? Dirty(landing.Into, checkout, $"{switched}, which is as it was")
            : Dirty(landing.Into, checkout, switched, $"That was fast-forwarded to {landing.To[..12]} instead: `git reset --keep ORIG_HEAD` there takes it back.");
    }

    /// <summary>Finishes or takes back a move whose git was killed; whether the base is where it was to go. Refuses as busy if that has to wait.</summary>
    internal bool Settle(PendingLanding landing, SafeHandle guard)
    {
        var locks = parts.LeftLocks;
        var checkouts = parts.Git.Landing.CheckoutsOf(landing.Into, parts.Git.Refs);
        var held = checkouts.Select(c => locks.FreeCheckout(c.Entry.Directory, landing.Since)).Append(locks.Free(landing.Into, landing.Since)).OfType<string>().ToList();
        if (held is [var left, ..])
        {
            throw Unsettled(landing, $"git is at work there, and {left} exists");
        }

        var now = parts.Git.Refs.Resolve($"refs/heads/{landing.Into}");
        var landed = now is not null && now != landing.From && parts.Git.Landing.IsAncestor(landing.To, now);
        if (landed || now is null || checkouts is not [var checkout] || HeadOf(checkout) != landing.Into)
        {
            _ = now == landing.To ? _late.BringAlong(landing, guard) : null;
            return landed;
        }

        if (parts.Exists(Path.Join(checkout.Entry.Directory, "index.lock")))
        {
            throw Unsettled(landing, $"git is at work in {checkout.Directory}: {Path.Join(checkout.Entry.Directory, "index.lock")} exists");
        }

        if (now != landing.From)
        {
            TakeBack(landing, checkout, now, guard);
            return false;
        }

        if (_interrupted.Settle(checkout, landing.From, landing.To, guard))
        {
            var answer = parts.Git.Landing.MoveBranch(landing.Into, landing.From, landing.To, "worktree_merge: finished", [guard]);
            return answer.Succeeded || parts.Git.Refs.Resolve($"refs/heads/{landing.Into}") == landing.To ? true : throw Unsettled(landing, answer.Error);
        }

        return false;
    }

    // git finds only after files and index are written that somebody moved the branch meanwhile, and leaves them so.
    private void TakeBack(PendingLanding landing, BranchCheckout checkout, string now, SafeHandle guard)
    {
        var changed = parts.Git.Trials.Changed(landing.From, landing.To);
        if (HeadOf(checkout) == landing.Into && !changed.Except(parts.Git.Trials.Changed(now, landing.To)).Any() && _interrupted.Holds(checkout, changed))
        {
            // What it was moved to is not touched, and neither is anything else that differs: then all stays.
            var answer = parts.Git.Landing.Carry(checkout, landing.To, landing.From, guard);
            if (!answer.Succeeded && (answer.ExitCode is null || answer.Error.Contains("index.lock", StringComparison.Ordinal)))
            {
                throw Unsettled(landing, answer.Error);
            }
        }
    }

    private void RefuseUnlessIdle(string branch, BranchCheckout checkout)
    {
        if (checkout.Entry.OperationInProgress(parts.Files) is { } operation)
        {
            throw Dirty(branch, checkout, $"{operation} is in progress there");
        }

        if (HeadOf(checkout) != branch)
        {
            throw Dirty(branch, checkout, "something that is not finished waits there for this branch");
        }

        if (parts.Exists(Path.Join(checkout.Entry.Directory, "index.lock")))
        {
            throw Dirty(branch, checkout, $"git is at work there ({Path.Join(checkout.Entry.Directory, "index.lock")} exists)");
        }
    }

    private void RefuseLocal(string branch, BranchCheckout checkout, IReadOnlyList<ChangedFile> changed)
    {
        var untracked = changed.Where(file => file.Before.Mode == NoFile && file.After.Mode != Submodule).Select(file => file.Path)
            .Where(path => parts.Exists(Path.Join(checkout.Directory, path)) && !parts.Files.Directory.Exists(Path.Join(checkout.Directory, path)));
        var inTheWay = untracked.Concat(parts.Git.Landing.Modified(checkout, changed)).Distinct(StringComparer.Ordinal).ToList();
        if (inTheWay.Count > 0)
        {
            throw Dirty(branch, checkout, $"these files there are not committed, and the landing would change them: {Listed.Of(inTheWay, MostListed)}");
        }
    }

    private Lease? LeaseOf(string branch, BranchCheckout checkout)
    {
        var ours = entries.All().FirstOrDefault(worktree => worktree.IsLive && AdminEntry.SamePath(Path.GetFullPath(worktree.Path, parts.Layout.Root), checkout.Directory));
        return ours is null ? null : parts.TryLease(ours, shared: false) ?? throw Dirty(branch, checkout, $"that is worktree \"{ours.Name}\", and a command runs in it");
    }

    private string? HeadOf(BranchCheckout checkout) => parts.Git.Refs.ReadHead(checkout.Entry.Directory)?.ShortBranch;

    private static Refusal Dirty(string branch, BranchCheckout checkout, string why, string after = "Nothing was changed.") => new(
        RefusalCode.BaseDirty,
        $"{branch} is checked out at {checkout.Directory} and cannot move: {why}. {after}",
        "Have those files committed or moved away there, or what is going on there finished, then repeat the call.",
        "worktree_list()");

    private static Refusal Failed(PendingLanding landing, string words) => new(
        RefusalCode.GitFailed,
        $"git failed while moving {landing.Into}: {words}. It is where it was.",
        "Read git's words above, then repeat the call.",
        "worktree_list()");

    private static Refusal Unsettled(PendingLanding landing, string words) => new(
        RefusalCode.Busy,
        $"A landing in {landing.Into} was interrupted and cannot be settled now: {words}.",
        "Repeat the call when that git has ended; whoever calls next settles it.",
        "worktree_list()");
}

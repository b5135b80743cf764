using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>How an attempt to move a base ended.</summary>
internal enum MoveOutcome
{
    /// <summary>It is where it was to go.</summary>
    Moved,

    /// <summary>Somebody else moved it first.</summary>
    Lost,

    /// <summary>It is where it was, and so is its checkout.</summary>
    Failed,

    /// <summary>Its checkout is between the two, and whoever comes next has to settle that.</summary>
    HalfMoved,
}

/// <summary>How an attempt to move a base ended, and what is to be said of it.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Note">For a person whose checkout came too late; null for nobody.</param>
/// <param name="Why">Why it is not where it was to go.</param>
internal sealed record BaseMove(MoveOutcome Outcome, string? Note = null, Refusal? Why = null);

/// <summary>A base that can be moved, and what is held while it is.</summary>
/// <param name="Checkout">Where it is checked out; null when nowhere.</param>
/// <param name="Changed">What differs afterwards.</param>
/// <param name="Lease">The lease of the worktree that this is, if it is one of ours.</param>
internal sealed record MovableBase(BranchCheckout? Checkout, IReadOnlyList<ChangedFile> Changed, WorktreeLock? Lease) : IDisposable
{
    public void Dispose() => Lease?.Dispose();
}

/// <summary>
/// Moves the branch that work lands in. Invariants:
/// - it moves only from the commit that was judged, and a checkout of it only by a fast-forward that touches no local,
///   untracked or ignored file and interrupts no operation; else nothing is changed;
/// - afterwards it is looked at what lies there, whatever git said and however it ended: a checkout that holds all that is new is followed by
///   the branch, anything before that is put back, and so are both where somebody else moved the branch meanwhile;
/// - what can be brought to neither end now is said, and stays on record for whoever comes next.
/// </summary>
internal sealed class BaseBranch(WorktreePlaces parts, WorktreeEntries entries)
{
    private const int MostListed = 20;
    private const string NoFile = "000000";
    private const string Submodule = "160000";

    private readonly MissedCheckouts _late = new(parts);
    private readonly InterruptedCheckouts _interrupted = new(parts);

    /// <summary>What has to be held to move a base; refuses if something stands in the way.</summary>
    internal MovableBase Prepare(string branch, PlannedLanding plan)
    {
        var checkouts = parts.Git.Landing.CheckoutsOf(branch, parts.Git.Refs);
        switch (checkouts)
        {
            case []:
                return new MovableBase(null, plan.Files, null);
            case [var only]:
                RefuseUnlessIdle(branch, only);
                RefuseFiltered(branch, only, plan);
                RefuseLocal(branch, only, plan.Files);
                return new MovableBase(only, plan.Files, LeaseOf(branch, only));
            default:
                throw Dirty(branch, checkouts[0], $"it is checked out more than once: {string.Join(", ", checkouts.Select(c => c.Directory))}");
        }
    }

    /// <summary>Moves it, and says how that ended.</summary>
    internal BaseMove Move(PendingLanding landing, MovableBase movable, string words, SafeHandle guard)
    {
        try
        {
            return movable.Checkout is { } checkout ? MoveCheckedOut(landing, movable, checkout, words, guard) : MoveAlone(landing, words, guard);
        }
        catch (HalfMovedException fault)
        {
            return new BaseMove(MoveOutcome.HalfMoved, Why: HalfMoved(landing, fault));
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.Busy)
        {
            return new BaseMove(MoveOutcome.HalfMoved, Why: refusal);
        }
    }

    /// <summary>Finishes or takes back a move that came to no end; whether the base is where it was to go. Refuses as busy if that has to wait.</summary>
    /// <exception cref="HalfMovedException">It can be brought to neither end now.</exception>
    internal bool Settle(PendingLanding landing, SafeHandle guard)
    {
        var locks = parts.LeftLocks;
        var checkouts = parts.Git.Landing.CheckoutsOf(landing.Into, parts.Git.Refs);
        var held = checkouts.Select(c => locks.FreeCheckout(c.Entry.Directory, landing.Since)).Append(locks.Free(landing.Into, landing.Since)).OfType<string>().ToList();
        if (held is [var left, ..])
        {
            throw Unsettled(landing, $"git is at work there, and {left} exists");
        }

        var now = Tip(landing);
        if (now is null || checkouts is not [var checkout] || HeadOf(checkout) != landing.Into || (now != landing.To && HasLanded(landing, now)))
        {
            _ = now == landing.To ? _late.BringAlong(landing, guard) : null;
            return HasLanded(landing, now);
        }

        return Conclude(landing, checkout, now, guard).HasLanded;
    }

    private BaseMove MoveAlone(PendingLanding landing, string words, SafeHandle guard)
    {
        var answer = Asked(() => parts.Git.Landing.MoveBranch(landing.Into, landing.From, landing.To, words, [guard]));
        if (answer.ExitCode is null ? Settle(landing, guard) : HasLanded(landing, Tip(landing)))
        {
            return new BaseMove(MoveOutcome.Moved, _late.BringAlong(landing, guard));
        }

        return answer.ExitCode is not null && Tip(landing) != landing.From ? new BaseMove(MoveOutcome.Lost) : new BaseMove(MoveOutcome.Failed, Why: Failed(landing, answer.Error));
    }

    private BaseMove MoveCheckedOut(PendingLanding landing, MovableBase movable, BranchCheckout checkout, string words, SafeHandle guard)
    {
        var answer = Asked(() => parts.Git.Landing.FastForward(checkout, landing.Into, landing.To, words, guard));
        if (answer.ExitCode is null)
        {
            // Killed at whatever point: it may have left half of the files, and its lock files in any case.
            return Settle(landing, guard) ? new BaseMove(MoveOutcome.Moved) : new BaseMove(MoveOutcome.Failed, Why: Failed(landing, answer.Error));
        }

        var now = Tip(landing);
        if (HasLanded(landing, now) && (HeadOf(checkout) != landing.Into || _interrupted.IsThere(checkout, movable.Changed)))
        {
            return new BaseMove(MoveOutcome.Moved);
        }

        if (answer.Succeeded && now == landing.From)
        {
            return new BaseMove(MoveOutcome.Failed, Why: SwitchedAway(landing, checkout, guard));
        }

        // A commit that a person's gc took away before git came to it was never written to any file.
        if (now is null || HeadOf(checkout) != landing.Into || parts.Git.ResolveCommit(landing.To) is null || (now != landing.To && HasLanded(landing, now)))
        {
            return new BaseMove(HasLanded(landing, now) ? MoveOutcome.Moved : now != landing.From ? MoveOutcome.Lost : MoveOutcome.Failed, Why: Failed(landing, answer.Error));
        }

        var (hasLanded, told) = Conclude(landing, checkout, now, guard);
        return hasLanded ? new BaseMove(MoveOutcome.Moved)
            : now != landing.From && now != landing.To ? new BaseMove(MoveOutcome.Lost)
            : new BaseMove(MoveOutcome.Failed, Why: Dirty(landing.Into, checkout, told.Why ?? $"git would not move it: {answer.Error}", told.After));
    }

    // By what lies there. The branch is at one of the two ends, or was moved by somebody else.
    private (bool HasLanded, (string? Why, string After) Told) Conclude(PendingLanding landing, BranchCheckout checkout, string now, SafeHandle guard)
    {
        var seen = _interrupted.Look(checkout, landing.From, landing.To);
        if (now == landing.To)
        {
            // git goes on where it cannot delete a file. What a person took away since is his.
            var behind = seen.IsIndexNew ? seen.Behind.Where(file => parts.Exists(Path.Join(checkout.Directory, file.Path))).Select(file => file.Path).ToList() : [];
            if (behind.Count == 0)
            {
                _late.BringAlong(landing, guard);
                return (true, (null, string.Empty));
            }

            RefuseLockedIndex(landing, checkout);
            MoveBack(landing, guard);
            _interrupted.TakeBack(checkout, landing.From, landing.To, guard);
            return (false, ($"git left these files there as they were: {Listed.Of(behind, MostListed)}", "The landing was taken back."));
        }

        if (seen.IsUntouched)
        {
            return (false, (null, "Nothing was changed."));
        }

        RefuseLockedIndex(landing, checkout);
        if (now != landing.From)
        {
            TakeBackBeside(landing, checkout, now, guard);
            return (false, (null, string.Empty));
        }

        string? why = null;
        if (seen.HasArrived)
        {
            var answer = Asked(() => parts.Git.Landing.MoveBranch(landing.Into, landing.From, landing.To, "worktree-mcp: landing finished", [guard]));
            if (Tip(landing) == landing.To)
            {
                return (true, (null, string.Empty));
            }

            why = $"its files were there, but the branch would not follow: {answer.Error}";
        }

        _interrupted.TakeBack(checkout, landing.From, landing.To, guard);
        return (false, (why, "What it had written there was put back."));
    }

    // git finds only after files and index are written that somebody moved the branch meanwhile, and leaves them so.
    private void TakeBackBeside(PendingLanding landing, BranchCheckout checkout, string now, SafeHandle guard)
    {
        // What it was moved to is not touched, and neither is anything else that differs: then all stays.
        if (!parts.Git.Trials.Changed(landing.From, landing.To).Except(parts.Git.Trials.Changed(now, landing.To)).Any())
        {
            _interrupted.TakeBack(checkout, landing.From, landing.To, guard);
        }
    }

    // Before the files: a branch that is where it was is never followed by anybody's checkout.
    private void MoveBack(PendingLanding landing, SafeHandle guard)
    {
        var answer = Asked(() => parts.Git.Landing.MoveBranch(landing.Into, landing.To, landing.From, "worktree-mcp: landing taken back", [guard]));
        if (Tip(landing) == landing.To)
        {
            throw Unsettled(landing, answer.Error);
        }
    }

    // git moves the branch that the checkout is on when it looks, which need not be the one that was judged.
    private Refusal SwitchedAway(PendingLanding landing, BranchCheckout checkout, SafeHandle guard)
    {
        var head = parts.Git.Refs.ReadHead(checkout.Entry.Directory);
        var undone = head?.Commit != landing.To
            || (parts.Git.Landing.StepBack(checkout, guard).Succeeded
                && parts.Git.Refs.ReadHead(checkout.Entry.Directory)?.Commit is { } back && _interrupted.IsThere(checkout, parts.Git.Trials.Changed(landing.To, back)));
        var switched = $"it was switched to {head?.ShortBranch ?? "a commit"} in that moment";
        return undone ? Dirty(landing.Into, checkout, $"{switched}, which is as it was")
            : Dirty(landing.Into, checkout, switched, $"That was fast-forwarded to {landing.To[..12]} instead: `git reset --keep ORIG_HEAD` there takes it back.");
    }

    // A lock that a git of ours left goes, however that git is said to have ended; another one's means that somebody is at work.
    private void RefuseLockedIndex(PendingLanding landing, BranchCheckout checkout)
    {
        parts.LeftLocks.FreeCheckout(checkout.Entry.Directory, landing.Since);
        parts.LeftLocks.Free(landing.Into, landing.Since);
        if (Path.Join(checkout.Entry.Directory, "index.lock") is var held && parts.Exists(held))
        {
            throw Unsettled(landing, $"git is at work in {checkout.Directory}: {held} exists");
        }
    }

    private string? Tip(PendingLanding landing) => parts.Git.Refs.Resolve(BranchRef.Of(landing.Into));

    private bool HasLanded(PendingLanding landing, string? now) => now is not null && (now == landing.To || (now != landing.From && parts.Git.Landing.IsAncestor(landing.To, now)));

    // A git that cannot even be started has failed like any other.
    private static GitAnswer Asked(Func<GitAnswer> ask)
    {
        try
        {
            return ask();
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return new GitAnswer(-1, [], refusal.Message);
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

    // Nothing is checked out half.
    private void RefuseFiltered(string branch, BranchCheckout checkout, PlannedLanding plan)
    {
        if (parts.Git.Landing.FilterInTheWay(checkout, plan.To, plan.Files) is { } why)
        {
            throw new Refusal(
                RefusalCode.GitFailed,
                $"{branch} is checked out at {checkout.Directory} and cannot move: {why}. Nothing was changed.",
                "A person allows that filter, takes it out of the repository's configuration, or lands this branch by hand.");
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

    private WorktreeLock? LeaseOf(string branch, BranchCheckout checkout)
    {
        var ours = entries.All().FirstOrDefault(worktree => worktree.IsLive && AdminEntry.SamePath(Path.GetFullPath(worktree.Path, parts.Layout.Root), checkout.Directory));
        return ours is null ? null : parts.TryLease(ours, shared: false) ?? throw Dirty(branch, checkout, $"that is worktree \"{ours.Name}\", and a command runs in it");
    }

    private string? HeadOf(BranchCheckout checkout) => parts.Git.Refs.ReadHead(checkout.Entry.Directory)?.ShortBranch;

    private static Refusal Dirty(string branch, BranchCheckout checkout, string why, string after = "Nothing was changed.") => new(
        RefusalCode.BaseDirty,
        $"{branch} is checked out at {checkout.Directory} and cannot move: {why}. {after}",
        "Have those files committed or moved away there, or what is going on there finished, then repeat the call.",
        new NextStep.ListWorktrees());

    private static Refusal Failed(PendingLanding landing, string words) => new(
        RefusalCode.GitFailed,
        $"git failed while moving {landing.Into}: {(words.Length > 0 ? words : "it said nothing")}. It is where it was.",
        words.Length > 0 ? "Read git's words above, then repeat the call." : "Repeat the call.",
        new NextStep.ListWorktrees());

    /// <summary>What is said of a base that can be brought to neither end now.</summary>
    internal static Refusal HalfMoved(PendingLanding landing, HalfMovedException fault) => new(
        RefusalCode.GitFailed,
        $"A landing in {landing.Into} stopped half-way: {fault.Message}. {landing.Into} goes from {landing.From[..12]} to {landing.To[..12]}; it is on record that this is not done.",
        "Remove the cause (permissions, free space). The next call, also one that only lists, puts those files back or finishes the landing; worktree-mcp doctor shows what is left.",
        new NextStep.ListWorktrees(),
        fault);

    private static Refusal Unsettled(PendingLanding landing, string words) => new(
        RefusalCode.Busy,
        $"A landing in {landing.Into} was interrupted and cannot be settled now: {words}.",
        "Repeat the call when that git has ended; whoever calls next settles it.",
        new NextStep.ListWorktrees());
}

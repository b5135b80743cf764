using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Domain.Worktrees.Creating;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Removing;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>
/// Lands the branch of a worktree in its base. Invariants:
/// - everything is made beside all checkouts and verified there; a conflict, a failing command or a lost race changes nothing;
/// - one landing at a time, so what was verified is what lands; the base moves only from the commit that it was made on;
/// - only committed work lands: a worktree with anything else in it is refused;
/// - order: the worktree's lock, the landing lock, the lock; the last is never held while something is verified or checked out.
/// Steps, and why in this order:
/// 1. what is refused anyway is refused before the landing lock is waited for;
/// 2. under the landing lock: landings that a kill left are settled, since the base may be half-way;
/// 3. the commit that the base is to move to is made beside every checkout, while uncommitted work is looked for;
/// 4. the base's checkout is prepared and what stands in the way refused, before the command runs for minutes; then again afterwards;
/// 5. the command runs in a private checkout of exactly that commit, with no other lock in hand;
/// 6. under the lock: the intent (landing, with from and to) is committed, then the base moves from exactly that commit, then it is looked at. Who
///    comes after a kill knows by the two commits whether to finish or to take back;
/// 7. what landed is put on record, the branch follows after squash and rebase, the task is settled;
/// 8. a removal that was asked for comes last and by its own rules: a landing never takes work away.
/// </summary>
internal sealed class WorktreeLanding(WorktreePlaces parts, WorktreeEntries entries, ISettling settling, WorktreeRemover remover, LandingVerification verification, BaseBranch bases, LandingRecord book)
{
    private const int MostTries = 5;

    private readonly LandingPlan _plan = new(parts.Git);
    private readonly LandingChecks _sight = new(parts, entries);
    private readonly LandingContract _contract = new(parts, verification);

    /// <summary>Verifies what is not to land.</summary>
    internal HeadVerification Heads { get; } = new(parts, settling, verification);

    internal LandingResult Land(LandingRequest request, string by, Action<string> progress, CancellationToken cancel)
    {
        LandingChecks.Require(request);
        if (request.VerifyCommand is not null)
        {
            verification.RequireAllowed();
        }

        var found = WorktreeEntries.Require(settling.SettledForChange(), request.Name);
        parts.Board.Claims.EnsureMay(parts.TaskOf(found), by);
        _sight.RefuseUnused(found, request.Remove);
        LandingResult result;
        using (var lease = parts.TryLease(found, shared: true) ?? throw parts.InUse(found.Name))
        {
            using var landing = Wait(request, found, progress, cancel);
            SettleOthers(landing, by);
            result = Land(request, found, lease, landing, by, progress, cancel);
        }

        return request.Remove ? WithRemoval(result, by) : result;
    }

    // What is refused anyway need not wait.
    private LandingLock Wait(LandingRequest request, Worktree found, Action<string> progress, CancellationToken cancel)
    {
        using (var free = LandingLock.Try(parts.Layout))
        {
            if (free is null)
            {
                _sight.RefuseUncommitted(_sight.Look(request, found));
            }
        }

        return LandingLock.Acquire(parts.Layout, request.Patience, parts.Store.Time, $"landing {request.Name}", progress, cancel);
    }

    private LandingResult Land(LandingRequest request, Worktree found, WorktreeLock lease, LandingLock landing, string by, Action<string> progress, CancellationToken cancel)
    {
        for (var tries = 1; tries <= MostTries; tries++)
        {
            cancel.ThrowIfCancellationRequested();
            if (Try(request, found, lease, landing, by, progress, cancel) is { } result)
            {
                return result;
            }

            progress("the base has moved, or the commit that was to land is gone; merging again");
        }

        throw new Refusal(RefusalCode.Busy, $"The base moved, or a gc took the commit that was to land, {MostTries} times while worktree \"{request.Name}\" was landing. Nothing was changed.", "Repeat the call when the repository has come to rest.");
    }

    // Null when somebody else moved the base first, or took away what was to land.
    private LandingResult? Try(LandingRequest request, Worktree found, WorktreeLock lease, LandingLock landing, string by, Action<string> progress, CancellationToken cancel)
    {
        var source = _sight.Look(request, found);
        var pending = new PendingLanding(source.Into, source.From, string.Empty, source.Tip, Follow: false, request.CompleteTask, StateJson.Seconds(parts.Store.Time.GetUtcNow()));
        var command = _contract.CommandOf(request, source.Task);
        RunResult? verified = null;
        VerifyProof? proof = null;
        PlannedLanding plan;
        CommitHabits habits;
        MovableBase movable;
        try
        {
            // What is uncommitted is looked for while the commit is made: neither touches what the other does.
            (_, (plan, habits)) = Both.Of(() => _sight.RefuseUncommitted(source), () => Plan(request, source, landing));
            if (plan.To == source.From)
            {
                if (Unfollowed(request, source) is { } landed)
                {
                    return FollowLate(request, source, landed, lease, landing, by);
                }

                if (request.CompleteTask)
                {
                    Heads.Verify(source.Worktree, source.Tip, landing, by, progress, cancel);
                }

                return NothingToLand(request, source, by);
            }

            pending = pending with { To = plan.To, Follow = request.Strategy != LandingStrategy.Merge && !request.Remove && plan.To != source.Tip };
            movable = bases.Prepare(source.Into, plan);
            if (command is not null)
            {
                // Nothing is held while it runs, and what stands in the way is looked for again afterwards.
                movable.Dispose();
                Heads.Renew(source.Worktree, by);
                (verified, var failure) = verification.Run(source.Worktree, plan.To, command, landing.Descriptor, progress, cancel);
                proof = command == _contract.CommandOf(source.Task) ? verification.ProofOf(command, plan.To, verified, by) with { Tip = source.Tip } : null;
                movable = failure is null ? bases.Prepare(source.Into, plan) : throw failure;
            }
        }
        catch (Refusal refusal) when (refusal.Code is RefusalCode.MergeConflict or RefusalCode.VerifyFailed or RefusalCode.BaseDirty)
        {
            book.Failed(source.Worktree, pending, Redaction.Of(refusal.Message), proof, by);
            throw;
        }

        using (movable)
        {
            return Move(request, source, pending, movable, proof, lease, landing, by) is var (step, moved, notes)
                ? new LandingResult(step, source.Into, request.Strategy, source.From, plan.To, plan.Commits, plan.Files.Count, movable.Checkout?.Directory, verified, moved, null, [.. notes, .. parts.Git.LoneLinks.Among(plan.Files, plan.To, parts.DirectoryOf(source.Worktree), null), .. Notes(source, habits, verified, plan.Files)])
                : null;
        }
    }

    private (PlannedLanding Plan, CommitHabits Habits) Plan(LandingRequest request, LandingSource source, LandingLock landing)
    {
        var habits = parts.Git.Landing.Habits();
        return (_plan.Make(source, request.Strategy, request.Message, habits, landing.Descriptor), habits);
    }

    private (WorktreeStep Step, bool Followed, IReadOnlyList<Advice> Notes)? Move(
        LandingRequest request, LandingSource source, PendingLanding pending, MovableBase movable, VerifyProof? proof, WorktreeLock lease, LandingLock landing, string by)
    {
        if (!Begin(request, source, ref pending, proof, by))
        {
            return null;
        }

        var move = bases.Move(pending, movable, $"worktree-mcp: land {source.Worktree.Branch}", landing.Descriptor);
        switch (move)
        {
            case { Outcome: MoveOutcome.HalfMoved, Why: { } half }:
                throw half;
            case { Outcome: MoveOutcome.Failed, Why: { } why }:
                EndFailed(source.Worktree, pending, why, by);

                // Until the base is there nothing holds the commit, and a person's gc may take it: then it is made anew.
                return parts.Git.ResolveCommit(pending.To) is null ? null : throw why;
            case { Outcome: MoveOutcome.Lost }:
                End(source.Worktree, pending, $"{source.Into} was moved by somebody else first", by);
                return null;
        }

        // The branch follows only if nobody uses the worktree, this landing included.
        lease.Dispose();
        var reason = pending.Follow ? TryFollow(source.Worktree, pending, landing) : null;
        var step = EndLanded(source.Worktree, pending, by, movable.Changed);
        IReadOnlyList<Advice> notes = [.. new[] { reason is null ? null : $"{source.Worktree.Branch} still holds its own commits, since {reason}", move.Note }.OfType<string>().Select(note => (Advice)note)];
        return (step, pending.Follow && reason is null, notes);
    }

    // What was judged without the lock is judged again under it.
    private bool Begin(LandingRequest request, LandingSource source, ref PendingLanding pending, VerifyProof? proof, string by)
    {
        using var change = parts.Store.Continue("worktree.merge", by);
        var worktree = _sight.Same(entries.All(change), source.Worktree);
        if (parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) != source.Tip)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"{worktree.Branch} went on while it was landing: it is no longer at {source.Tip[..12]}. Nothing was changed.",
                "Repeat the call when its work is done.",
                new NextStep.LandWorktree(worktree.Name));
        }

        if (parts.Git.Refs.Resolve(BranchRef.Of(source.Into)) != source.From)
        {
            return false;
        }

        var task = parts.TaskOf(worktree);
        parts.Board.Claims.EnsureMay(task, by);
        if (request.CompleteTask)
        {
            var proven = proof is null ? task : task! with { Contract = task.Contract with { Proof = proof } };
            WorktreePlaces.EnsureCanComplete(worktree, proven, proof is null && pending.From == pending.To ? parts.WorkIn(worktree) : book.WorkThatLanded(pending));
        }

        pending = pending with { Since = change.Now };
        if (proof is null)
        {
            parts.Board.Claims.Renew(change, task?.Id);
        }

        LandingRecord.Begin(change, worktree, task, pending, proof);
        return true;
    }

    private WorktreeStep End(Worktree worktree, PendingLanding pending, string? error, string by, IReadOnlyList<ChangedFile>? files = null)
    {
        using var change = parts.Store.Continue("worktree.merge", by);
        return book.End(change, worktree, pending, error, files);
    }

    private void EndFailed(Worktree worktree, PendingLanding pending, Refusal why, string by)
    {
        try
        {
            End(worktree, pending, why.Message, by);
        }
        catch (Refusal refusal)
        {
            throw LandingRecord.NotRecorded(why, refusal);
        }
    }

    private WorktreeStep EndLanded(Worktree worktree, PendingLanding pending, string by, IReadOnlyList<ChangedFile> files)
    {
        try
        {
            return End(worktree, pending, null, by, files);
        }
        catch (Refusal refusal)
        {
            throw LandingRecord.NotRecorded(worktree, pending, refusal);
        }
    }

    // It has landed: that its branch cannot follow is a note.
    private string? TryFollow(Worktree worktree, PendingLanding pending, LandingLock landing)
    {
        try
        {
            return book.Follow(worktree, pending, isRepeated: false, landing.Descriptor);
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.Busy)
        {
            // Half of it is done, so the intent has to stay on record.
            throw LandingRecord.NotRecorded(worktree, pending, refusal);
        }
        catch (HalfMovedException fault)
        {
            throw LandingRecord.NotFollowed(worktree, pending, fault);
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
    }

    // What landed of it when its branch could not follow.
    private LandedWork? Unfollowed(LandingRequest request, LandingSource source) =>
        request is { Strategy: not LandingStrategy.Merge, Remove: false }
        && source.Worktree.Landed is { } landed && landed.Into == source.Into && landed.Tip == source.Tip && landed.Commit != source.Tip
        && parts.Git.Landing.IsAncestor(landed.Commit, source.From)
            ? landed
            : null;

    private LandingResult? FollowLate(LandingRequest request, LandingSource source, LandedWork landed, WorktreeLock lease, LandingLock landing, string by)
    {
        var pending = new PendingLanding(source.Into, landed.Commit, landed.Commit, source.Tip, Follow: true, request.CompleteTask, StateJson.Seconds(parts.Store.Time.GetUtcNow()));
        if (!Begin(request, source, ref pending, null, by))
        {
            return null;
        }

        lease.Dispose();
        var reason = TryFollow(source.Worktree, pending, landing);
        var note = reason is null
            ? $"{source.Worktree.Branch} had landed before and has followed now"
            : $"{source.Worktree.Branch} had landed before and still holds its own commits, since {reason}";
        return new LandingResult(EndLanded(source.Worktree, pending, by, []), source.Into, request.Strategy, landed.Commit, landed.Commit, 0, 0, null, null, reason is null, null, [note]);
    }

    private LandingResult NothingToLand(LandingRequest request, LandingSource source, string by)
    {
        using var change = parts.Store.Continue("worktree.merge", by);
        var worktree = _sight.Same(entries.All(change), source.Worktree);
        var old = parts.TaskOf(worktree);
        parts.Board.Claims.EnsureMay(old, by);
        var task = old;
        string? warning = null;
        if (request.CompleteTask)
        {
            WorktreePlaces.EnsureCanComplete(worktree, old, parts.WorkIn(worktree));
            if (old!.IsOpen)
            {
                task = TaskBoard.Put(change, old.CompleteWith(parts.WorkIn(worktree)));
                TaskBoard.EmitCompleted(change, old, task);
                warning = change.Commit("worktree.merge");
            }
        }
        else
        {
            parts.Board.Claims.RenewAlone(change, old?.Id);
        }

        var step = new WorktreeStep(worktree, parts.DirectoryOf(worktree), task, Already: true, task is null ? [] : parts.Board.NowReady(old!, task), warning);
        return new LandingResult(step, source.Into, request.Strategy, source.From, source.From, 0, 0, null, null, false, null, [$"{source.Into} has all that is committed on {worktree.Branch}; there was nothing to land"]);
    }

    private LandingResult WithRemoval(LandingResult result, string by)
    {
        try
        {
            return result with { Removal = remover.Remove(result.Step.Worktree.Name, force: false, completeTask: false, $"landed in {result.Into}", by) };
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return result with { Notes = [.. result.Notes, $"The worktree was not removed: {fault.Message}{(fault is Refusal { Hint: var hint } ? (Advice)$" {hint}" : string.Empty)}"] };
        }
    }

    private IEnumerable<Advice> Notes(LandingSource source, CommitHabits habits, RunResult? verified, IReadOnlyList<ChangedFile> files)
    {
        var landed = source.Worktree;
        // It has happened by now: for a note nothing is finished first, which could fail.
        if (StackedWork.Above(landed, entries.AsTheyAre()) is { Count: > 0 } above)
        {
            yield return $"started from {landed.Branch} and left as they are: {Listed.Of([.. above.Select(w => w.Name)], 10)}; {Step.ShowWorktree} of each says how it goes on";
        }

        if (habits.Hooks.Count > 0)
        {
            yield return $"git hooks are installed and were not run: {string.Join(", ", habits.Hooks)}";
        }

        foreach (var note in new[] { DecidingFiles.Note(files), LandingContract.ScopeNote(source.Task, files), verified is null ? null : verification.Unapproved }.OfType<string>())
        {
            yield return note;
        }

        if (verified is not null && verification.NotConfined is { } reason)
        {
            yield return $"verify_command was not confined: {reason}";
        }

        if (verified?.Survivors.Count > 0)
        {
            yield return $"processes of verify_command are still alive: {string.Join(", ", verified.Survivors)}";
        }
    }

    private void SettleOthers(LandingLock landing, string by)
    {
        if (entries.All().Any(worktree => worktree.Landing is not null))
        {
            using var change = parts.Store.Continue("recovery", by);
            book.Settle(change, landing.Descriptor);
        }
    }
}

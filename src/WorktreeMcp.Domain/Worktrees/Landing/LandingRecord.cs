using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>
/// Keeps landings on record: each begins with its intent and worktree.merge.before, and ends with exactly one
/// worktree.merge.after or .failed, whoever finishes it. What a server that is gone began is settled with the landing lock
/// in hand: so nobody is at it any more, no git of it either.
/// </summary>
internal sealed class LandingRecord(WorktreePlaces parts, WorktreeEntries entries, BaseBranch bases)
{
    // Whoever kills gits one after another is waited for by nobody.
    private const int MostTurns = 3;

    private const int MostNameCharacters = 4_000;

    private readonly InterruptedCheckouts _interrupted = new(parts);

    /// <summary>Puts the intent on record.</summary>
    internal static void Begin(StateChange change, Worktree worktree, BoardTask? task, PendingLanding landing, VerifyProof? proof = null)
    {
        if (task is not null && proof is not null)
        {
            task = TaskBoard.Put(change, task with { Contract = task.Contract with { Proof = proof } });
        }

        var intent = worktree with { Landing = landing };
        change.PutWorktree(intent.Id, WorktreeImage.Write(intent));
        change.Emit(Event("worktree.merge.before", worktree, task, landing));
        change.Commit("worktree.merge.begin");
    }

    /// <summary>Records how it ended; if it landed, its task is completed in the same operation, if that was asked for.</summary>
    internal WorktreeStep End(StateChange change, Worktree worktree, PendingLanding landing, string? error, IReadOnlyList<ChangedFile>? files = null)
    {
        var now = entries.All(change).FirstOrDefault(w => w.Id == worktree.Id) ?? worktree;
        var old = parts.TaskOf(now);
        var ended = WorktreeEntries.Put(change, now with { Landing = null, Landed = error is null ? new LandedWork(landing.Into, landing.To, landing.Tip) : now.Landed });
        var task = error is null && landing.CompleteTask && old is { IsOpen: true } && old.CompleteIfMet(WorkThatLanded(landing)) is var done && done != old ? TaskBoard.Put(change, done) : old;
        var lifecycleEvent = Event(error is null ? "worktree.merge.after" : "worktree.merge.failed", ended, task, landing);
        if (error is not null)
        {
            lifecycleEvent["error"] = error;
        }
        else if (files is { Count: > 0 })
        {
            lifecycleEvent["files"] = Named(files);
        }

        change.Emit(lifecycleEvent);
        if (task is not null && task != old)
        {
            TaskBoard.EmitCompleted(change, old!, task);
        }

        var warning = change.Commit(error is null ? "worktree.merge" : "worktree.merge.undo");
        return new WorktreeStep(ended, parts.DirectoryOf(ended), task, Already: false, task is null ? [] : parts.Board.NowReady(old!, task), warning);
    }

    /// <summary>What a landing makes a task's work.</summary>
    internal FinishedWork WorkThatLanded(PendingLanding landing) => new([landing.To], parts.Settings.Verify);

    /// <summary>Says that a landing which has happened could not be put on record; whoever calls next does that.</summary>
    internal static Refusal NotRecorded(Worktree worktree, PendingLanding landing, Refusal cause) => new(
        cause.Code,
        $"{worktree.Branch} has landed: {landing.Into} is at {landing.To[..12]}. Only the record of it is missing: {cause.InnerException?.Message ?? cause.Message}. The next call, even one that only reads, goes on from where this one stopped.",
        "Remove the cause, then repeat the call: nothing lands twice.",
        new NextStep.ListWorktrees(),
        cause);

    /// <summary>Says that a landing which came to nothing could not be put on record as that.</summary>
    internal static Refusal NotRecorded(Refusal why, Refusal cause) => new(
        why.Code,
        $"{why.Message} Only the record of that is missing: {cause.InnerException?.Message ?? cause.Message}. The next call goes on from where this one stopped.",
        why.Hint,
        why.Next,
        cause);

    /// <summary>Says that a landing has happened, and that the worktree it came from is half brought along.</summary>
    internal static Refusal NotFollowed(Worktree worktree, PendingLanding landing, HalfMovedException fault) => new(
        RefusalCode.GitFailed,
        $"{worktree.Branch} has landed: {landing.Into} is at {landing.To[..12]}. Its own worktree stopped half-way on the way there: {fault.Message}. It is on record that this is not done.",
        "Remove the cause (permissions, free space). The next call, also one that only lists, brings it to one end; nothing lands twice.",
        new NextStep.ListWorktrees(),
        fault);

    /// <summary>Records an attempt that came to nothing before anything was moved, as one operation.</summary>
    internal void Failed(Worktree worktree, PendingLanding landing, string error, VerifyProof? proof, string by)
    {
        using var change = parts.Store.Continue("worktree.merge", by);
        var task = parts.TaskOf(worktree);
        if (task is not null && proof is not null)
        {
            task = TaskBoard.Put(change, task with { Contract = task.Contract with { Proof = proof } });
        }

        change.Emit(Event("worktree.merge.before", worktree, task, landing));
        var failed = Event("worktree.merge.failed", worktree, task, landing);
        failed["error"] = error;
        change.Emit(failed);
        change.Commit("worktree.merge.failed");
    }

    /// <summary>Whether an entry has a landing that nobody is at any more.</summary>
    internal bool IsAbandoned(Worktree worktree)
    {
        if (worktree.Landing is null)
        {
            return false;
        }

        using var held = LandingLock.Try(parts.Layout);
        return held is not null;
    }

    /// <summary>Settles all landings that nobody is at any more; one that cannot be settled now waits for the next call.</summary>
    internal void SettleAbandoned(StateChange change)
    {
        if (!entries.All(change).Any(worktree => worktree.Landing is not null))
        {
            return;
        }

        using var held = LandingLock.Try(parts.Layout);
        if (held is not null)
        {
            Settle(change, held.Descriptor);
        }
    }

    /// <summary>The same with the landing lock in hand.</summary>
    internal void Settle(StateChange change, SafeHandle guard)
    {
        foreach (var worktree in entries.All(change).Where(worktree => worktree.Landing is not null))
        {
            try
            {
                var landing = worktree.Landing!;
                var landed = bases.Settle(landing, guard);
                if (landed && landing.Follow)
                {
                    Follow(worktree, landing, isRepeated: true, guard);
                }

                End(change, worktree, landing, landed ? null : "the server or the git that did it is gone; what it had begun was taken back");
            }
            catch (Exception fault) when (fault is HalfMovedException or IOException or UnauthorizedAccessException or Refusal { Code: RefusalCode.CorruptFile or RefusalCode.GitFailed or RefusalCode.BadTransition or RefusalCode.Busy })
            {
                // The intent stays on record until its cause is gone.
            }
        }
    }

    /// <summary>
    /// Moves a worktree's branch to what landed of it, if nobody uses the worktree and nothing in it is uncommitted. Says
    /// why not, or null when it is done. Each step can be repeated after a kill, and is: refuses as busy if that has to wait.
    /// </summary>
    internal string? Follow(Worktree worktree, PendingLanding landing, bool isRepeated, SafeHandle guard)
    {
        using var lease = parts.TryLease(worktree, shared: false);
        if (lease is null)
        {
            return "a command runs in the worktree";
        }

        if (parts.Identify(worktree).Entry is not { } entry)
        {
            return "the worktree is not as it was";
        }

        var checkout = new BranchCheckout(entry, parts.DirectoryOf(worktree));
        for (var turn = isRepeated ? 1 : 0; ; turn++)
        {
            if (turn > 0)
            {
                FreeAfterKill(worktree, checkout, landing);
            }

            var (reason, killed) = Step(worktree, checkout, landing, turn > 0, guard);
            if (killed is not { ExitCode: null })
            {
                return reason;
            }

            if (turn == MostTurns)
            {
                throw Interrupted(killed.Error);
            }
        }
    }

    private (string? Reason, GitAnswer? Killed) Step(Worktree worktree, BranchCheckout checkout, PendingLanding landing, bool isRepeated, SafeHandle guard)
    {
        var head = parts.Git.Refs.ReadHead(checkout.Entry.Directory);
        if (head?.ShortBranch == worktree.Branch && head.Commit == landing.To)
        {
            return (null, null);
        }

        var halfway = head is { Branch: null } && head.Commit == landing.To;
        if ((!halfway && (head?.ShortBranch != worktree.Branch || head.Commit != landing.Tip)) || checkout.Entry.OperationInProgress(parts.Files) is not null)
        {
            return ("the worktree went on meanwhile", null);
        }

        var isWritten = halfway || (isRepeated && _interrupted.Settle(checkout, landing.Tip, landing.To, guard));
        if (!isWritten && parts.Git.Trials.Uncommitted(checkout.Entry, checkout.Directory) is { Count: > 0 } files)
        {
            return ($"files there are not committed: {Listed.Of([.. files.Select(file => file.Path)], 10)}", null);
        }

        if (!halfway && parts.Git.Kept.KeepTip(landing.Tip, worktree.Id, parts.LeftLocks, guard) is { Succeeded: false } unkept)
        {
            return ($"its own commits could not be kept: {unkept.Error}", unkept);
        }

        var detached = halfway ? GitAnswer.Done : parts.Git.Landing.Detach(checkout, landing.To, guard);
        if (detached.ExitCode is null)
        {
            return (null, detached);
        }

        return HasArrived(checkout, landing, guard) ? TakeBranchAlong(worktree, checkout, landing, guard)
            : Attach(worktree, checkout, guard) is { ExitCode: null } killed ? (null, killed)
            : ($"git could not bring its files along, and it is as it was: {(detached.Error.Length == 0 ? "files there were left as they were" : detached.Error)}", null);
    }

    // git says that it has checked a commit out also where it could not write all of it. What is not all there is put back.
    private bool HasArrived(BranchCheckout checkout, PendingLanding landing, SafeHandle guard)
    {
        var isAtHead = parts.Git.Refs.ReadHead(checkout.Entry.Directory) is { Branch: null } head && head.Commit == landing.To;
        if (isAtHead && _interrupted.IsThere(checkout, parts.Git.Trials.Changed(landing.Tip, landing.To)))
        {
            return true;
        }

        var isThere = _interrupted.Settle(checkout, landing.Tip, landing.To, guard);
        if (isThere && !isAtHead)
        {
            // Files and index are there, HEAD is not: then all of it goes back.
            _interrupted.TakeBack(checkout, landing.Tip, landing.To, guard);
        }

        return isThere && isAtHead;
    }

    private (string? Reason, GitAnswer? Killed) TakeBranchAlong(Worktree worktree, BranchCheckout checkout, PendingLanding landing, SafeHandle guard)
    {
        string? reason = null;
        if (parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) != landing.To
            && parts.Git.Landing.MoveBranch(worktree.Branch, landing.Tip, landing.To, $"worktree-mcp: landed in {landing.Into}", [guard]) is { Succeeded: false } unmoved)
        {
            if (unmoved.ExitCode is null)
            {
                return (null, unmoved);
            }

            var now = parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) ?? landing.Tip;
            reason = now == landing.Tip ? $"its branch would not follow: {unmoved.Error}" : "its branch went on meanwhile";
            if (GoBack(checkout, landing, now, guard) is { } killed)
            {
                return (null, killed);
            }
        }

        var attached = Attach(worktree, checkout, guard);
        return (reason, attached.ExitCode is null ? attached : null);
    }

    // Its files go back to where its branch is.
    private GitAnswer? GoBack(BranchCheckout checkout, PendingLanding landing, string branch, SafeHandle guard)
    {
        if (branch == landing.Tip)
        {
            _interrupted.TakeBack(checkout, landing.Tip, landing.To, guard);
            return null;
        }

        var back = parts.Git.Landing.Detach(checkout, branch, guard);
        if (back.ExitCode is null)
        {
            return back;
        }

        if (!_interrupted.IsThere(checkout, parts.Git.Trials.Changed(landing.To, branch)) && !_interrupted.Settle(checkout, landing.To, branch, guard))
        {
            throw new HalfMovedException(checkout.Directory, [], $"its branch went on, and its files could not follow: {back.Error}");
        }

        return null;
    }

    private GitAnswer Attach(Worktree worktree, BranchCheckout checkout, SafeHandle guard)
    {
        var answer = parts.Git.Landing.Attach(checkout, worktree.Branch, guard);
        return answer.ExitCode is null || parts.Git.Refs.ReadHead(checkout.Entry.Directory)?.ShortBranch == worktree.Branch
            ? answer
            : throw new HalfMovedException(checkout.Directory, [], $"HEAD there is not on {worktree.Branch}: {answer.Error}");
    }

    // A git that was killed over it left its lock files.
    private void FreeAfterKill(Worktree worktree, BranchCheckout checkout, PendingLanding landing)
    {
        var left = parts.LeftLocks.FreeCheckout(checkout.Entry.Directory, landing.Since) ?? parts.LeftLocks.Free(worktree.Branch, landing.Since);
        if (left is not null)
        {
            throw Interrupted($"git is at work, and {left} exists");
        }
    }

    private static Refusal Interrupted(string words) => new(RefusalCode.Busy, $"{words}.", "Repeat the call when that git has ended.", new NextStep.ListWorktrees());

    // For those who have changed some of them; who wants all of them asks git.
    private static JsonArray Named(IReadOnlyList<ChangedFile> files)
    {
        var bytes = 0;
        return new JsonArray([.. files.Select(file => file.Path).TakeWhile(path => (bytes += path.Length) <= MostNameCharacters).Select(path => JsonValue.Create(path))]);
    }

    private static JsonObject Event(string name, Worktree worktree, BoardTask? task, PendingLanding landing)
    {
        var lifecycleEvent = WorktreeEntries.Event(name, worktree, task);
        lifecycleEvent["into"] = landing.Into;
        lifecycleEvent["from"] = landing.From;
        if (landing.To.Length > 0)
        {
            lifecycleEvent["commit"] = landing.To;
        }

        return lifecycleEvent;
    }
}

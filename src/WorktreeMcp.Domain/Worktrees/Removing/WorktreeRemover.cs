using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Trash;

namespace WorktreeMcp.Domain.Worktrees.Removing;

/// <summary>
/// Takes worktrees down; <see cref="RemovalChecks"/> says what a removal may not take. Invariants:
/// - without force it refuses on any work that is nowhere else: modified, staged, untracked, hidden, detached, in a submodule or in any
///   repository below, ignored or not, and on what cannot be looked at;
/// - with force it refuses still on doubt about identity, on a git lock, while somebody uses the worktree, and where a checkout of somebody
///   lies below: git's record of that one would point to nowhere;
/// - the repository's teardown runs only when the removal would be done, and before anything goes;
/// - whatever goes, goes into the trash.
/// Steps, and why in this order:
/// 1. who may is asked, and what is there is looked at, before the repository's teardown runs: that cannot be taken back;
/// 2. under the worktree's own lock, which keeps commands out: the moment is marked, then everything that a removal may not take is looked for,
///    and what the branch is worth. All that git takes long for happens here, while others work;
/// 3. under the lock: the same entry still, git's locks, and whether anything was written since the mark. If so, step 2 again, three times at most;
/// 4. still under the lock: the intent (removing) is committed; from then on a removal is only finished;
/// 5. the trash takes it away (<see cref="IntoTrash"/>): the record locked, one ref that holds what it names, the files, the record. The ref before
///    git loses sight of the record, the files before the record, so that git finds one for them at each moment;
/// 6. the branch goes if it is ours and has nothing of its own, the task is settled, and all of that is one operation.
/// </summary>
internal sealed class WorktreeRemover(WorktreePlaces parts, WorktreeEntries entries, ISettling settling, IntoTrash trash, WorktreeSetup setup, WorktreeStatuses looks)
{
    private const int MostListed = 20;
    private const int MostLooks = 3;
    private const int MostCounted = 1_000;

    private readonly RemovalChecks _checks = new(parts, entries);
    private readonly WorktreeMoves _moves = new(parts);

    internal WorktreeRemoval Remove(string name, bool force, bool completeTask, string? reason, string by)
    {
        WorktreeName.Require(name);
        var said = TearDown(name, force, completeTask, by);
        var removal = TakeDown(name, force, completeTask, reason, by);
        return removal with { Step = removal.Step.Warn(said) };
    }

    // A teardown cannot be taken back. Where the folder is gone there is nothing to tear down.
    private string? TearDown(string name, bool force, bool completeTask, string by)
    {
        if (!setup.HasTeardown || WorktreeEntries.Find(settling.SettledForChange(), name) is not { IsUsable: true } worktree || parts.Identify(worktree).Entry is null)
        {
            return null;
        }

        using (parts.TryLease(worktree, shared: false) ?? throw parts.InUse(name, worktree.Runs))
        {
            EnsureMay(worktree, completeTask, by);
            Inspect(worktree, force);
        }

        return setup.End(name, force, by);
    }

    private BoardTask? EnsureMay(Worktree worktree, bool completeTask, string by)
    {
        var task = parts.TaskOf(worktree);
        parts.Board.Claims.EnsureMay(task, by);
        if (completeTask)
        {
            WorktreePlaces.EnsureCanComplete(worktree, task, parts.WorkIn(worktree));
        }

        return task;
    }

    private WorktreeRemoval TakeDown(string name, bool force, bool completeTask, string? reason, string by)
    {
        var all = settling.SettledForChange();
        if (WorktreeEntries.Find(all, name) is { IsLive: false } gone)
        {
            return AlreadyRemoved(gone, completeTask, by);
        }

        _moves.RefuseLinkedTrash();
        var worktree = WorktreeEntries.Require(all, name);
        using var lease = parts.TryLease(worktree, shared: false) ?? throw parts.InUse(name, worktree.Runs);
        if (!entries.All().Any(w => w.Id == worktree.Id && w.IsUsable))
        {
            // It went meanwhile, and another of its name may be in the making: that one's files are not to be judged.
            throw parts.InUse(name);
        }

        for (var look = 1; look <= MostLooks; look++)
        {
            var mark = force ? null : looks.Mark(worktree);
            var found = Inspect(worktree, force);
            trash.Foresee(worktree);

            using var change = parts.Store.Continue("worktree.remove", by);
            var inspected = worktree.Id;
            worktree = WorktreeEntries.Require(entries.All(change), name);
            if (worktree.Id != inspected || !worktree.IsUsable)
            {
                throw parts.InUse(name);
            }

            // Whatever came while the lock was waited for is work like any other, so it is looked at anew.
            _checks.RefuseLocked(worktree, AdminEntry.At(parts.Layout.CommonDirectory, worktree.AdminId ?? worktree.Name));
            if (mark is null || looks.IsUnchanged(worktree, mark.Value))
            {
                return TakeDown(change, worktree, found with { IsClean = found.IsClean && mark is not null, Took = found.Took with { Force = force } }, completeTask, reason, by);
            }
        }

        throw new Refusal(
            RefusalCode.WorktreeBusy,
            $"Files in worktree \"{name}\" are being changed: they were others after each of {MostLooks} looks.",
            "Let whatever writes there come to its end, then repeat the call. With force it goes into the trash as it is.",
            new NextStep.ShowWorktree(name));
    }

    private WorktreeRemoval TakeDown(
        StateChange change, Worktree worktree, Inspected found, bool completeTask, string? reason, string by)
    {
        var task = EnsureMay(worktree, completeTask, by);
        var intent = WorktreeEntries.Put(change, worktree with
        {
            Status = WorktreeState.Removing,
            Reason = reason,
            Trash = new TrashedWorktree(null, worktree.AdminId, null, worktree.Status, completeTask)
            {
                BranchTip = parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)),
                KeptReason = worktree.Reason,
                Took = found.Took,
            },
        });
        change.Emit(Begun(worktree, task, found.Took, reason));
        change.Commit("worktree.remove.begin");
        try
        {
            var removal = trash.Finish(change, intent, completeTask, found.IsClean);
            return removal with { Step = removal.Step.Warn(found.Below), Ignored = found.Ignored, Uncommitted = found.Uncommitted };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal { InnerException: IOException or UnauthorizedAccessException })
        {
            throw TakenBack(change, worktree, found.Took, fault is Refusal ? fault.InnerException! : fault);
        }
    }

    private static JsonObject Begun(Worktree worktree, BoardTask? task, RemovalTook took, string? reason)
    {
        var lifecycleEvent = WorktreeEntries.Event("worktree.remove.before", worktree, task);
        lifecycleEvent["took"] = TrashImage.Write(took);
        if (reason is not null)
        {
            lifecycleEvent["reason"] = reason;
        }

        return lifecycleEvent;
    }

    // As long as the files are where they were, nothing has happened; else the next call goes on from there.
    private Refusal TakenBack(StateChange change, Worktree worktree, RemovalTook took, Exception fault)
    {
        var still = parts.Identify(worktree).Entry;
        if (still is not null)
        {
            trash.TakeLockBack(still);
            WorktreeEntries.Put(change, worktree);
            var failed = WorktreeEntries.Event("worktree.remove.failed", worktree, null, fault.Message);
            failed["took"] = TrashImage.Write(took with { Uncommitted = 0, Untracked = 0, LooseCommits = 0 });
            change.Emit(failed);
            change.Commit("worktree.remove.undo");
        }

        return new Refusal(
            RefusalCode.Internal,
            $"Worktree \"{worktree.Name}\" could not be moved into the trash: {fault.Message}. {(still is null ? "The next call, even one that only reads, goes on from where this one stopped." : "It is where it was.")}",
            $"Check free space and permissions of {parts.Layout.Trash}, then repeat the call.",
            new NextStep.ListWorktrees(),
            fault);
    }

    private WorktreeRemoval AlreadyRemoved(Worktree gone, bool completeTask, string by)
    {
        var directory = parts.DirectoryOf(gone);
        var task = parts.TaskOf(gone);
        string? warning = null;
        IReadOnlyList<int> ready = [];
        if (!completeTask && task is not null)
        {
            using var change = parts.Store.Continue("worktree.remove", by);
            parts.Board.Claims.RenewAlone(change, task.Id);
            task = parts.TaskOf(gone);
        }

        if (completeTask && task is { IsOpen: true })
        {
            using var change = settling.Begin("worktree.remove", by);
            var old = parts.Board.Require(task.Id);
            parts.Board.Claims.EnsureMay(old, by);
            task = TaskBoard.Put(change, old.CompleteWith(parts.WorkIn(gone)));
            TaskBoard.EmitCompleted(change, old, task);
            warning = change.Commit("worktree.remove");
            ready = parts.Board.NowReady(old, task);
        }

        var tree = gone.Trash?.Path is { } path ? Path.GetFullPath(path, parts.Layout.Root) : null;
        var branchThere = parts.Git.Refs.Resolve(BranchRef.Of(gone.Branch)) is not null;
        return new WorktreeRemoval(
            new WorktreeStep(gone, directory, task, Already: true, ready, warning), tree, !branchThere, branchThere ? "it stayed when the worktree was removed" : null, [], []);
    }

    private Inspected Inspect(Worktree worktree, bool force)
    {
        var directory = parts.DirectoryOf(worktree);
        if (!parts.Exists(directory))
        {
            // No file of it is left to protect; its branch is judged by the same rule as always.
            _checks.RefuseLocked(worktree, AdminEntry.At(parts.Layout.CommonDirectory, worktree.AdminId ?? worktree.Name));
            return new Inspected([], [], null);
        }

        var entry = parts.RequireIdentity(worktree);
        _checks.RefuseLocked(worktree, entry);
        if (force)
        {
            var (there, below) = Both.Of(() => WhatIsThere(entry, directory), () => parts.Git.Below.Look(entry, directory));
            _checks.RefuseCheckouts(worktree, directory, below);
            return there with { Below = Along(worktree, entry, below), Took = there.Took with { LooseCommits = Loose(entry) } };
        }

        var ((changes, hidden), inside) = Both.Of(
            () => Both.Of(() => parts.Git.Status(entry, directory, ignored: true), () => parts.Git.HiddenChanges(entry, directory)),
            () => parts.Git.Below.Look(entry, directory));
        _checks.RefuseInUse(worktree, entry, directory);
        _checks.RefuseCheckouts(worktree, directory, inside);
        _checks.RefuseWork(worktree, entry, changes, hidden, inside);
        return new Inspected(changes.Ignored, [], null) { IsClean = true };
    }

    private string? Along(Worktree worktree, AdminEntry entry, WorkBelow below)
    {
        var words = new[]
        {
            below.Findings.Count == 0 ? null : $"With it went repositories of their own, or folders that cannot be read, as they are: {Listed.Of(below.Findings, MostListed)}.",
            parts.Git.Refs.ReadHead(entry.Directory) is { ShortBranch: { } branch, Commit: not null } && branch != worktree.Branch ? $"Its HEAD was on branch {branch}, which stays." : null,
        };
        return words.Any(word => word is not null) ? string.Join(' ', words.OfType<string>()) : null;
    }

    // All of it goes into the trash, so it may go without a list too when git cannot make one.
    private Inspected WhatIsThere(AdminEntry entry, string directory)
    {
        try
        {
            var changes = parts.Git.Status(entry, directory, ignored: true);
            return new Inspected(changes.Ignored, [.. changes.Staged.Concat(changes.Modified).Concat(changes.Conflicted).Concat(changes.Untracked).Distinct()], null)
            {
                Took = new RemovalTook(true) { Uncommitted = changes.Count, Untracked = changes.Untracked.Count },
            };
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return new Inspected([], [], null) { Took = new RemovalTook(true) { Uncommitted = null } };
        }
    }

    // They go into the trash with their HEAD, whether or not they can be counted.
    private int Loose(AdminEntry entry)
    {
        try
        {
            return parts.Git.Refs.ReadHead(entry.Directory) is { Branch: null, Commit: { } commit } ? parts.Git.CommitsOnNoRef(commit, MostCounted).Count : 0;
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return 0;
        }
    }

    /// <summary>What an inspection found that goes along.</summary>
    /// <param name="Ignored">Ignored files.</param>
    /// <param name="Uncommitted">Files with uncommitted work.</param>
    /// <param name="Below">What lies below that is nowhere else, in words.</param>
    private sealed record Inspected(IReadOnlyList<string> Ignored, IReadOnlyList<string> Uncommitted, string? Below)
    {
        /// <summary>Whether the index is the commit of its HEAD, and still is.</summary>
        public bool IsClean { get; init; }

        /// <summary>What the removal takes along, as counts.</summary>
        public RemovalTook Took { get; init; } = new(false);
    }
}

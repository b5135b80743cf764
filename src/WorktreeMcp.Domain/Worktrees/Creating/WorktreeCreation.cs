using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Creating;

/// <summary>
/// Makes worktrees. Invariants:
/// - the intent is on record before git is touched, so whoever finds it after a kill can take it back;
/// - git's record and the branch are made under the lock, the files are checked out and copied outside it under the lease;
/// - it becomes active only after a look at what is really there; else all of it is taken back.
/// Steps, and why in this order:
/// 1. a checkout kept ready is reserved, without the lock: to prove one may take longer than the lock is ever held;
/// 2. under the lock: what is half-done is settled, a repeated request is answered, name, base and branch are chosen, the worktree's own lock
///    is taken, and the intent (creating) is committed. From here on a kill leaves something that names itself. Who asked for no task in
///    particular has the best free one claimed with the intent, so that of many who ask at once each gets another;
/// 3. still under the lock: the branch, then git's record or the reserved checkout in its place. The branch first, since git's record names it;
/// 4. outside the lock, under the worktree's own: the files, then what comes along by .worktreeinclude. Minutes, perhaps, in which others work;
/// 5. under the lock again: a look at record, HEAD and files, whatever git said; then active and the task bound, in one operation. What does
///    not hold is taken back (<see cref="CreationUndo"/>), by us or by whoever comes after a kill.
/// </summary>
internal sealed class WorktreeCreation(WorktreePlaces parts, WorktreeEntries entries, ISettling settling, CreationUndo undo, WorktreeInclude include, SpareKeeper keeper)
{
    private const int MostNamed = 10;
    private const int MostTried = 5;

    private readonly StackedWork _stacking = new(parts);
    private readonly StartingPoint _start = new(parts);
    private readonly TakenNames _names = new(parts);
    private readonly CreationChecks _checks = new(parts);

    internal WorktreeStep Create(NewWorktree request, string by)
    {
        if (request.Name is not null)
        {
            WorktreeName.Require(request.Name);
        }

        using var spare = Reserve(request);
        var (started, lease, done) = Begin(request, by, spare);
        if (done is not null)
        {
            return done;
        }

        using (lease)
        {
            var entry = AdminEntry.At(parts.Layout.CommonDirectory, started!.AdminId!);
            var begin = parts.Store.Time.GetTimestamp();
            var checkout = CheckOut(started, entry, spare, lease!.Descriptor);
            var took = parts.Store.Time.GetElapsedTime(begin);
            var included = checkout.Succeeded ? include.CopyInto(entry, parts.DirectoryOf(started)) : IncludedFiles.None;
            var note = checkout.Succeeded ? SubmoduleAndLfsNote.Of(parts.Git, entry, parts.DirectoryOf(started)) : null;
            var step = Complete(started, checkout, request, by).Warn(included.LeftOut).Warn(parts.Git.Exclusion.Problem(parts.Layout)).Warn(LeftAsFound(checkout)) with { IncludedFiles = included.Copied, FilesNote = note };
            keeper.Created(started.Spare is null ? took : null);
            return step;
        }
    }

    private static string? LeftAsFound(GitAnswer checkout) => Checkouts.Found(checkout) is { Count: > 0 } found
        ? $"While it was made somebody wrote {Listed.Of(found, MostNamed)} there: left as it is, so it differs from the commit."
        : null;

    // Before the lock, since proving one may take longer than the lock is ever held.
    private SpareReservation? Reserve(NewWorktree request)
    {
        if (!parts.Spares.HasAny)
        {
            return null;
        }

        var wanted = request.Branch is { } branch ? parts.Git.Refs.Resolve(BranchRef.Of(branch))
            : (request.BaseRef ?? parts.Settings.BaseRef) is var asked && asked == "HEAD" ? parts.Git.MainHead().Commit
            : asked.StartsWith('-') ? null
            : parts.Git.Refs.Resolve(BranchRef.Of(asked)) ?? parts.Git.ResolveCommit(asked);
        return wanted is null ? null : parts.Spares.Reserve(wanted);
    }

    private GitAnswer CheckOut(Worktree started, AdminEntry entry, SpareReservation? spare, SafeHandle guard)
    {
        var directory = parts.DirectoryOf(started);
        if (started.Spare is null || spare is null)
        {
            return parts.Files.File.Exists(Path.Join(entry.Directory, "index"))
                ? new GitAnswer(null, [], "somebody staged files there while it was made")
                : parts.Git.Checkouts.Populate(entry, directory, guard, alone: entries.InTheMaking < 2);
        }

        var wanted = started.BranchCreated ? started.BaseCommit : parts.Git.Refs.Resolve(BranchRef.Of(started.Branch));
        return spare.Commit == wanted ? GitAnswer.Done : parts.Git.Checkouts.Advance(entry, directory, spare.Commit, guard);
    }

    private (Worktree? Started, WorktreeLock? Lease, WorktreeStep? Done) Begin(NewWorktree request, string by, SpareReservation? spare)
    {
        using var change = settling.Begin("worktree.create", by);
        if (change.AnswerOf(request.RequestId, "worktree.create") is { Count: > 0 } images)
        {
            return (null, null, FirstAnswer(change, images));
        }

        return request is { Name: null, TaskId: null, Branch: null }
            ? BeginBest(change, request, by, spare)
            : BeginFor(change, request, request.TaskId is { } id ? parts.Board.Require(id) : null, by, spare);
    }

    // One that cannot be worked on where it lies keeps nobody from the next.
    private (Worktree? Started, WorktreeLock? Lease, WorktreeStep? Done) BeginBest(StateChange change, NewWorktree request, string by, SpareReservation? spare)
    {
        var inTheMaking = entries.All(change).Where(worktree => worktree.Status == WorktreeState.Creating).Select(worktree => worktree.TaskId).ToHashSet();
        var refusals = new List<Refusal>();
        foreach (var task in parts.Board.Free(change, forWorktree: true).Where(task => !inTheMaking.Contains(task.Id)))
        {
            try
            {
                return BeginFor(change, request, task, by, spare, takes: true);
            }
            catch (Refusal refusal) when (refusal.Code is RefusalCode.AlreadyExists or RefusalCode.WorktreeBusy or RefusalCode.NotFound or RefusalCode.CorruptFile)
            {
                refusals.Add(refusal);
                if (refusals.Count == MostTried)
                {
                    break;
                }
            }
        }

        throw refusals.FirstOrDefault() ?? parts.Board.NothingFree(change);
    }

    private (Worktree? Started, WorktreeLock? Lease, WorktreeStep? Done) BeginFor(StateChange change, NewWorktree request, BoardTask? task, string by, SpareReservation? spare, bool takes = false)
    {
        var all = entries.All(change);
        var name = request.Name ?? _names.For(task, all);
        parts.Board.Claims.EnsureMay(task, by);
        if (TakenNames.Existing(all, name, task) is { } existing)
        {
            return (null, null, Reopen(change, existing, task!, request.RequestId, by));
        }

        if (task is not null)
        {
            task.EnsureCanBind(name);
            parts.Board.EnsureNotBlocked(task);
        }

        var worktree = Plan(change, request, name, task) with { Spare = spare?.Id };
        var lease = parts.TryLease(worktree, shared: false)
            ?? throw new Refusal(RefusalCode.WorktreeBusy, $"The lease of worktree number {worktree.Id} is held.", "Try the same call again.");
        try
        {
            return (MakeRecord(change, worktree, task, spare, takes), lease, null);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    // What was answered then may be true no more: then it stands beside what is.
    private WorktreeStep FirstAnswer(StateChange change, IReadOnlyList<System.Text.Json.Nodes.JsonObject> images)
    {
        var first = images.Where(i => i.ContainsKey("name")).Select(i => WorktreeImage.Read((int)i["id"]!, StateJson.Line(i), parts.Layout)).First()!;
        var now = entries.All(change).FirstOrDefault(worktree => worktree.Id == first.Id) ?? first with { Status = WorktreeState.Removed, TaskId = null, Reason = "removed, and deleted for good" };
        return new WorktreeStep(now, parts.DirectoryOf(now), now.TaskId is { } id ? parts.Board.Require(id) : null, Already: true, [], null)
        {
            FirstAnswer = now.Status == first.Status && now.Branch == first.Branch && now.Path == first.Path && now.TaskId == first.TaskId ? null : first,
        };
    }

    private WorktreeStep Reopen(StateChange change, Worktree existing, BoardTask task, string? requestId, string by)
    {
        task.EnsureCanBind(existing.Name);
        parts.RequireIdentity(existing);
        var isBound = existing.Status == WorktreeState.Active && task.LiveWorktree == existing.Name;
        if (isBound && task.Owner == by && parts.Board.Claims.IsHeld(task))
        {
            parts.Board.Claims.RenewAlone(change, task.Id);
            return new WorktreeStep(existing, parts.DirectoryOf(existing), task, Already: true, [], null);
        }

        parts.Board.EnsureNotBlocked(task);
        var worktree = WorktreeEntries.Put(change, existing with { Status = WorktreeState.Active });
        var bound = TaskBoard.Put(change, parts.Board.Claims.Take(change, task.BindTo(existing.Name, "active", task.Owner)));
        if (!isBound)
        {
            change.Emit(WorktreeEntries.Event("worktree.bound", worktree, bound));
        }

        Claims.EmitClaimed(change, task, bound);
        return new WorktreeStep(worktree, parts.DirectoryOf(worktree), bound, Already: true, [], change.Commit("worktree.create", requestId))
        {
            IsTaken = bound.Epoch != task.Epoch,
            TakenFrom = task.Owner == by ? null : task.Owner,
        };
    }

    private Worktree Plan(StateChange change, NewWorktree request, string name, BoardTask? task)
    {
        if (parts.Exists(parts.Layout.Worktree(name)))
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                $"{parts.Layout.Worktree(name)} exists and is not a worktree of this registry; it was left as it is.",
                "Choose another name, or have a person look at that directory.",
                new NextStep.ListWorktrees());
        }

        var (baseRef, commit) = _start.Base(request.BaseRef ?? (request.Branch is null ? _stacking.BaseFor(task, entries.All(change), parts.Settings.BaseRef) : parts.Settings.BaseRef));
        var branch = request.Branch is { } wanted ? _start.Attachable(wanted) : _start.NewBranch(name);
        return new Worktree
        {
            Id = parts.NewWorktreeId(change),
            Name = name,
            Path = Path.GetRelativePath(parts.Layout.Root, parts.Layout.Worktree(name)),
            Branch = branch,
            BaseRef = baseRef,
            BaseCommit = commit,
            TaskId = task?.Id,
            Status = WorktreeState.Creating,
            BranchCreated = request.Branch is null,
            CreatedAt = change.Now,
        };
    }

    // Claimed with the intent where it takes the task, so that nobody else does while the files come; whoever takes the creation back frees it.
    private Worktree Intend(StateChange change, Worktree worktree, BoardTask? task, bool takes)
    {
        var taken = takes ? TaskBoard.Put(change, parts.Board.Claims.Take(change, task!.MoveTo(TaskState.InProgress))) : null;
        worktree = WorktreeEntries.Put(change, worktree with { ClaimEpoch = taken is not null && taken.Epoch != task!.Epoch ? taken.Epoch : null });
        change.Emit(WorktreeEntries.Event("worktree.create.before", worktree, task));
        if (taken is not null)
        {
            Claims.EmitClaimed(change, task!, taken);
        }

        change.Commit("worktree.create.begin");
        return worktree;
    }

    private Worktree MakeRecord(StateChange change, Worktree worktree, BoardTask? task, SpareReservation? spare, bool takes)
    {
        worktree = Intend(change, worktree, task, takes);
        try
        {
            if (worktree.BranchCreated)
            {
                parts.Git.CreateBranch(worktree.Branch, worktree.BaseCommit!, change.Descriptor).Require($"making branch {worktree.Branch}");
            }

            var commit = worktree.BranchCreated ? worktree.BaseCommit : parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch));
            if (commit is not null && spare?.MoveTo(parts.DirectoryOf(worktree), worktree.Branch, commit, change.Descriptor) is { } moved)
            {
                return worktree with { AdminId = moved.Id };
            }

            worktree = worktree with { Spare = null };
            return worktree with { AdminId = AddRecord(worktree, change.Descriptor).Id };
        }
        catch (Refusal refusal)
        {
            undo.TryRollBack(change, worktree, refusal.Message);
            throw;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw _checks.NotWritten(worktree, fault);
        }
    }

    // A gc or prune of a person takes a record that git has only just begun for dead, and deletes it under git's hands.
    // So a git that failed by itself and left nothing is asked once more.
    private AdminEntry AddRecord(Worktree worktree, SafeHandle guard)
    {
        var directory = parts.DirectoryOf(worktree);
        var added = parts.Git.AddWorktree(directory, worktree.Branch, guard);
        if (added.ExitCode is not null && AdminEntry.NamedBy(directory, parts.Layout.CommonDirectory, parts.Files) is null)
        {
            undo.DropDangling(worktree);
            added = parts.Exists(directory) ? added : parts.Git.AddWorktree(directory, worktree.Branch, guard);
        }

        var entry = AdminEntry.NamedBy(directory, parts.Layout.CommonDirectory, parts.Files);
        entry?.ShareWith(directory);

        // git locks a record until it is whole: a git that was killed leaves it locked for ever.
        return entry is not null && entry.LockReason(parts.Files) is null
            ? entry
            : throw _checks.Failed(worktree, added.Error, areGits: added.Error.Length > 0);
    }

    private WorktreeStep Complete(Worktree started, GitAnswer checkout, NewWorktree request, string by)
    {
        try
        {
            return Conclude(started, checkout, request, by);
        }
        catch (Refusal refusal) when (refusal.InnerException is IOException or UnauthorizedAccessException)
        {
            throw _checks.NotWritten(started, refusal.InnerException);
        }
    }

    private WorktreeStep Conclude(Worktree started, GitAnswer checkout, NewWorktree request, string by)
    {
        using var change = parts.Store.Continue("worktree.create", by);
        BoardTask? old, task;
        try
        {
            _checks.Verify(started, checkout);
            old = started.TaskId is { } id ? parts.Board.Require(id) : null;
            parts.Board.Claims.EnsureMay(old, by);
            task = old is null ? null : parts.Board.Claims.Take(change, old.BindTo(started.Name, "active", old.Owner));
        }
        catch (Refusal refusal)
        {
            undo.TryRollBack(change, started, refusal.Message);
            throw;
        }

        // From here on only writing can fail; then the next call finds the intent and takes it back.
        var worktree = WorktreeEntries.Put(change, started with { Status = WorktreeState.Active, Spare = null, ClaimEpoch = null });
        var bound = task is null ? null : TaskBoard.Put(change, task);
        change.Emit(WorktreeEntries.Event("worktree.create.after", worktree, bound));
        if (bound is not null)
        {
            Claims.EmitClaimed(change, old!, bound);
        }

        var note = request is { BaseRef: null, Branch: null } ? _stacking.MissingFrom(started.BaseCommit!, task, entries.All(change)) : null;
        return new WorktreeStep(worktree, parts.DirectoryOf(worktree), bound, Already: false, [], change.Commit("worktree.create", request.RequestId)) { Note = note };
    }
}

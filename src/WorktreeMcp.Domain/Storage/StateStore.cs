using System.Diagnostics;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// All state of one repository. Invariants:
/// - state changes in exactly one way: <see cref="Begin"/>, then <see cref="StateChange.Commit"/>;
/// - a change begins under the lock with everything earlier operations promised on the disk;
/// - what a killed server left in the middle of several operations is settled before a call reads tasks or begins a change;
/// - reads take no lock; if the log is ahead of the files they finish its last operation first.
/// </summary>
public sealed class StateStore : IDisposable
{
    private const double RequestLifetimeSeconds = 24 * 3600;

    internal static readonly TimeSpan ReaderPatience = TimeSpan.FromSeconds(2);

    private readonly RepositoryLock _lock;
    private readonly Recovery _recovery;

    // Readers and writers go by marks of their own: that a reader found nothing to redo does not mean that the end of
    // the log was looked at under the lock.
    private LogMark? _read;
    private LogMark? _settled;
    private bool _comparedAll;
    private Func<bool>? _takeEdits;

    /// <summary>Opens the state of a repository; nothing is read or written yet.</summary>
    /// <param name="layout">Where the files lie.</param>
    /// <param name="files">For reading and listing.</param>
    /// <param name="disk">For writing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="durable">Whether each operation is fsynced.</param>
    /// <param name="patience">How long a change waits for the lock; null for the default.</param>
    /// <param name="rotateAt">Up to which size in bytes the operation log is left as it is; null for the default.</param>
    public StateStore(StateLayout layout, IFileSystem files, IDisk disk, TimeProvider time, bool durable = true, TimeSpan? patience = null, long? rotateAt = null)
    {
        Layout = layout;
        Files = files;
        Disk = disk;
        Time = time;
        Durable = durable;
        Log = new OperationLog(layout, files, disk, durable);
        TaskFiles = new TaskFiles(layout, files, Log);
        IndexFile = new IndexFile(layout, files, Log);
        Events = new EventLog(layout, files, disk);
        Folders = new ControlFolders(layout, files, disk);
        _lock = patience is { } most ? new RepositoryLock(layout, time) { Patience = most } : new RepositoryLock(layout, time);
        _recovery = new Recovery(this);
        OnDisk = new StateOnDisk(Log, TaskFiles, IndexFile, _recovery);
        Presence = new ServerPresence(layout);
        Agents = new AgentNames(layout);
        Edits = new HandEdits(this);
        Rotation = new LogRotation(this, rotateAt ?? LogRotation.DefaultLimit);
    }

    /// <summary>Where the files lie.</summary>
    public StateLayout Layout { get; }

    /// <summary>What goes wrong on timers and threads of this repository.</summary>
    internal BackgroundFaults Faults { get; } = new();

    /// <summary>The audit log.</summary>
    public EventLog Events { get; }

    /// <summary>
    /// Settles what a killed server left in the middle of several operations, which the files alone do not tell: whoever knows how gives this.
    /// It stands in no call's way, and changes something by <see cref="Continue"/>.
    /// </summary>
    internal Action SettleSteps { private get; set; } = () => { };

    /// <summary>What lies on the disk, without finishing anything.</summary>
    internal StateOnDisk OnDisk { get; }

    internal IFileSystem Files { get; }

    internal IDisk Disk { get; }

    internal TimeProvider Time { get; }

    internal bool Durable { get; }

    /// <summary>This instant, also on the clock that nobody can set.</summary>
    internal TwoClocks Moment => TwoClocks.Of(Time);

    /// <summary>Says that this process lives, and which others do.</summary>
    internal ServerPresence Presence { get; }

    /// <summary>The names that agents of this process go by.</summary>
    internal AgentNames Agents { get; }

    internal OperationLog Log { get; }

    internal LogRotation Rotation { get; }

    /// <summary>What hands write into tasks' files; the board gives it the words.</summary>
    internal HandEdits Edits { get; }

    internal TaskFiles TaskFiles { get; }

    internal IndexFile IndexFile { get; }

    internal ControlFolders Folders { get; }

    /// <summary>One task as it is now, or null.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The file's content.</returns>
    public StoredTask? Task(int id)
    {
        SettleSteps();
        CatchUp();
        TaskFiles.Find(id);
        Edits.Notice();
        return FindTask(id);
    }

    /// <summary>All tasks, in no order; the same list as long as none has changed.</summary>
    /// <returns>The files' contents.</returns>
    public IReadOnlyList<StoredTask> Tasks()
    {
        SettleSteps();
        CatchUp();
        var tasks = TaskFiles.All();
        if (TaskFiles.HasVanished)
        {
            CatchUp();
            tasks = TaskFiles.All();
        }

        return Edits.Notice() ? TaskFiles.All() : tasks;
    }

    /// <summary>All tasks as they were when last looked at; for hints, not for decisions.</summary>
    /// <returns>The files' contents.</returns>
    public IReadOnlyList<StoredTask> KnownTasks() => TaskFiles.Known();

    /// <summary>All entries of the registry as they are now.</summary>
    /// <returns>The entries, by number.</returns>
    public IReadOnlyList<StoredWorktree> Worktrees()
    {
        CatchUp();
        if (!_recovery.IsIndexSound(IndexFile.Kind == FileKind.None ? Log.Last() : null))
        {
            Recover();
        }

        return IndexFile.Entries();
    }

    /// <summary>
    /// How far the log goes, and the number of the newest event in it; 0 when there is none. What a line of the event log claims that somebody wrote
    /// by hand does not count.
    /// </summary>
    internal (LogMark Log, long Seq) Newest() => Log.Newest();

    /// <summary>Settles what is half-done, takes the lock and brings the files up to the log; a call that changes state begins here.</summary>
    /// <param name="operation">What is about to be done, for those who wait.</param>
    /// <param name="by">Who does it.</param>
    /// <returns>The change; disposing it without a commit leaves everything as it was.</returns>
    public StateChange Begin(string operation, string by)
    {
        SettleSteps();
        return Continue(operation, by);
    }

    /// <summary>The same for a call that has settled before, and for what settles.</summary>
    /// <param name="operation">What is about to be done, for those who wait.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="patience">How long to wait for the lock; null for as long as changes do.</param>
    /// <returns>The change; disposing it without a commit leaves everything as it was.</returns>
    internal StateChange Continue(string operation, string by, TimeSpan? patience = null)
    {
        HeldLock? held = null;
        try
        {
            Folders.RequireRepository();
            held = _lock.Acquire(operation, patience);
            if (held.IsAfterDeath)
            {
                _recovery.LookForLeftovers();
            }

            var found = Prepare(out var last);
            var change = new StateChange(this, held, by, last?.Next ?? _recovery.CountersFromFiles());
            if (found is { Any: true })
            {
                change.Adopt(found);
            }

            change.TakeEdits();
            _takeEdits = change.TakeEdits;
            return change;
        }
        catch (Exception fault)
        {
            held?.Dispose();
            if (fault is IOException or UnauthorizedAccessException)
            {
                throw NotWritten.Of(fault, Layout);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Agents.Dispose();
        Presence.Dispose();
    }

    /// <summary>The operation that a request id made within the last 24 hours; the caller holds the lock.</summary>
    internal Operation? FindRequest(string requestId) =>
        Log.FindRequest(requestId, OldestRequest);

    /// <summary>Request ids used before this time are forgotten.</summary>
    internal double OldestRequest => StateJson.Seconds(Time.GetUtcNow()) - RequestLifetimeSeconds;

    /// <summary>
    /// One task as its file has it, without finishing what the log is ahead with. A file that a person deletes comes back,
    /// and a git clean takes it at any moment, also while the lock is held: then the task is what the operation log has.
    /// </summary>
    internal StoredTask? FindTask(int id)
    {
        var found = TaskFiles.Find(id);
        if (found is not null && TaskFiles.IsUnjudged(found) && _lock.IsInHand && _takeEdits?.Invoke() == true)
        {
            found = TaskFiles.Find(id);
        }

        return found ?? (id > 0 && id < Log.Last()?.Next.Task && Log.NewestTask(id) is { } image ? new StoredTask(id, StateJson.File(image)) : null);
    }

    /// <summary>The change that had the lock in hand is over.</summary>
    internal void LetGo() => _takeEdits = null;

    /// <summary>Refuses a place where a link, a folder or a pipe lies: replacing it would destroy what is not ours.</summary>
    internal void RefuseForeign(string target)
    {
        var kind = Files.KindOf(target);
        if (!kind.IsOurs())
        {
            throw new Refusal(
                RefusalCode.CorruptFile,
                $"{target} cannot be written: {kind.Problem()}. It was left as it is.",
                "A person should move it away; then repeat the call.");
        }
    }

    /// <summary>Appends the events of a committed operation. If somebody took the event log away meanwhile, task files may have gone with it.</summary>
    internal void AppendEvents(Operation operation)
    {
        var isFirst = operation.Number == 1;
        if ((!isFirst && Events.IsEmpty) || !Events.TryAppend(operation.Events, create: isFirst))
        {
            RestoreSwept();
        }
    }

    /// <summary>Brings back everything that a git clean took in the middle of a change; the caller holds the lock.</summary>
    internal void RestoreSwept()
    {
        Folders.RequireRepository();
        Folders.Ensure();
        _recovery.Run(everything: true, known: false, rebooted: false);
    }

    /// <summary>Remembers that the files hold all that the log says.</summary>
    internal void MarkApplied()
    {
        var mark = Log.Mark();
        _settled = mark;
        Volatile.Write(ref _read, mark);
    }

    /// <summary>Remembers that something promised is not on the disk yet.</summary>
    internal void MarkBehind()
    {
        _settled = null;
        Volatile.Write(ref _read, null);
    }

    /// <summary>Finishes the last operation, whose files could not all be written; the caller holds the lock.</summary>
    internal void FinishLast()
    {
        _recovery.Run(everything: false, known: false, rebooted: false);
        MarkApplied();
    }

    /// <summary>Takes the lock for what hands wrote: it is recorded before anything else.</summary>
    internal void TakeEdits() => Continue(Recovery.Hand, Recovery.Hand, ReaderPatience).Dispose();

    private void Recover() => Continue(Recovery.Name, Recovery.Name).Dispose();

    // The lock is held. When all is well this is one small read.
    private RecoveryFindings? Prepare(out Operation? last)
    {
        var mark = Log.Mark();
        last = Log.Last();

        // A git clean takes folders, the event log and task files, and may be ended before it has them all.
        var vanished = TaskFiles.TakeVanished();
        var swept = mark.Length > 0 && (vanished || !Folders.Exist || (last?.Next.Seq > 1 && Events.IsEmpty));
        Folders.Ensure();
        var known = mark == _settled;
        var wasInPlace = known || mark == Volatile.Read(ref _read);
        var sound = _recovery.IsIndexSound(last);
        if (known && !swept && sound && !_recovery.HasLeftovers && (last is null || _recovery.IsUntouched(last)))
        {
            return null;
        }

        Learn(Volatile.Read(ref _read), mark);
        var rebooted = last is not null && last.Boot != Machine.BootId && !_comparedAll;
        var found = _recovery.Run(everything: swept || rebooted || !sound, wasInPlace && !swept, rebooted);
        _comparedAll = true;
        last = Log.Last();
        MarkApplied();
        TaskFiles.Expect(last);
        return found;
    }

    /// <summary>Finishes the last operation if its files are not there yet: a kill may have interrupted it.</summary>
    /// <remarks>Another server's commit shows as a longer log, or another one; normally its files are there by the time we look.</remarks>
    internal void CatchUp()
    {
        Debug.Assert(!_lock.IsInHand, "With the lock in hand only the change is read: waiting for the lock here would be for ever.");
        Folders.RequireRepository();
        Folders.RefuseLinks();
        var known = Volatile.Read(ref _read);
        var mark = Log.Mark();
        if (mark == known && (mark.Length == 0 || (Folders.Exist && !TaskFiles.HasVanished)))
        {
            return;
        }

        Learn(known, mark);
        var last = Log.Last();
        if (last is null || ((last.Boot == Machine.BootId || _comparedAll) && Folders.Exist && !TaskFiles.HasVanished && _recovery.IsApplied(last)))
        {
            Volatile.Write(ref _read, mark);
            TaskFiles.Expect(last);
            return;
        }

        try
        {
            // Without the folders there is nothing to show meanwhile.
            Continue(Recovery.Name, Recovery.Name, Folders.Exist ? ReaderPatience : null).Dispose();
        }
        catch (Refusal refusal) when (Folders.Exist && (refusal.Code == RefusalCode.Busy || Log.Newer() is not null))
        {
            // Whoever holds the lock is in the middle of the operation that is missing and has told nobody that it is done. What
            // a newer version has written is shown as far as the files have it.
        }
    }

    // What others have changed is looked up at once, whatever a list would trust.
    private void Learn(LogMark? known, LogMark now)
    {
        if (known is null || !known.IsContinuedBy(now))
        {
            TaskFiles.LookAgain();
            return;
        }

        foreach (var change in Log.Since(known.Length).SelectMany(o => o.Changes).Where(c => c.Kind == EntityKind.Task))
        {
            TaskFiles.Doubt(change.Id);
        }
    }
}

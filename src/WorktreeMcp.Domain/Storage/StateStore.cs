using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// All state of one repository. Invariants:
/// - state changes in exactly one way: <see cref="Begin"/>, then <see cref="StateChange.Commit"/>;
/// - a change begins under the lock with everything earlier operations promised on the disk;
/// - reads take no lock; if the log is ahead of the files they finish its last operation first.
/// </summary>
public sealed class StateStore : IDisposable
{
    private const double RequestLifetimeSeconds = 24 * 3600;

    private readonly RepositoryLock _lock;
    private readonly Recovery _recovery;
    private long _appliedLength = -1;

    /// <summary>Opens the state of a repository; nothing is read or written yet.</summary>
    /// <param name="layout">Where the files lie.</param>
    /// <param name="files">For reading and listing.</param>
    /// <param name="disk">For writing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="durable">Whether each operation is fsynced.</param>
    public StateStore(StateLayout layout, IFileSystem files, IDurableFiles disk, TimeProvider time, bool durable = true)
    {
        Layout = layout;
        Disk = disk;
        Time = time;
        Log = new OperationLog(layout, files, disk, durable);
        TaskFiles = new TaskFiles(layout, files, time);
        IndexFile = new IndexFile(layout, files);
        Events = new EventLog(layout, files, disk);
        Folders = new ControlFolders(layout, files, disk);
        _lock = new RepositoryLock(layout, time);
        _recovery = new Recovery(this);
    }

    /// <summary>Where the files lie.</summary>
    public StateLayout Layout { get; }

    /// <summary>The audit log.</summary>
    public EventLog Events { get; }

    internal IDurableFiles Disk { get; }

    internal TimeProvider Time { get; }

    internal OperationLog Log { get; }

    internal TaskFiles TaskFiles { get; }

    internal IndexFile IndexFile { get; }

    internal ControlFolders Folders { get; }

    /// <summary>One task as it is now, or null.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The file's content.</returns>
    public StoredTask? Task(int id)
    {
        CatchUp();
        return TaskFiles.Find(id);
    }

    /// <summary>All tasks, in no order.</summary>
    /// <returns>The files' contents.</returns>
    public ICollection<StoredTask> Tasks()
    {
        CatchUp();
        return TaskFiles.All();
    }

    /// <summary>All tasks as they were when last looked at; for hints, not for decisions.</summary>
    /// <returns>The files' contents.</returns>
    public ICollection<StoredTask> KnownTasks() => TaskFiles.Known();

    /// <summary>All entries of the registry as they are now.</summary>
    /// <returns>The entries, by number.</returns>
    public IReadOnlyList<StoredWorktree> Worktrees()
    {
        CatchUp();
        return IndexFile.Entries();
    }

    /// <summary>Takes the lock and brings the files up to the log; everything that changes state begins here.</summary>
    /// <param name="operation">What is about to be done, for those who wait.</param>
    /// <param name="by">Who does it.</param>
    /// <returns>The change; disposing it without a commit leaves everything as it was.</returns>
    public StateChange Begin(string operation, string by)
    {
        var held = _lock.Acquire(operation);
        try
        {
            var edits = Prepare();
            var change = new StateChange(this, held, by, Log.Last()?.Next ?? _recovery.CountersFromFiles());
            if (edits.Count > 0)
            {
                change.Adopt(edits);
            }

            return change;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            held.Dispose();
            throw StateChange.NotWritten(fault);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>The operation that a request id made within the last 24 hours; the caller holds the lock.</summary>
    internal Operation? FindRequest(string requestId) =>
        Log.FindRequest(requestId, StateJson.Seconds(Time.GetUtcNow()) - RequestLifetimeSeconds);

    /// <summary>Remembers that the files hold all that the log says.</summary>
    internal void MarkApplied() => Interlocked.Exchange(ref _appliedLength, Log.Length);

    /// <summary>Remembers that something promised is not on the disk yet.</summary>
    internal void MarkBehind() => Interlocked.Exchange(ref _appliedLength, -1);

    private IReadOnlyList<EntityChange> Prepare()
    {
        Folders.Ensure();
        if (Log.Length == Interlocked.Read(ref _appliedLength))
        {
            return [];
        }

        var edits = _recovery.Run();
        MarkApplied();
        return edits;
    }

    // Another server's commit shows as a longer log; normally its files are there by the time we look.
    private void CatchUp()
    {
        var known = Interlocked.Read(ref _appliedLength);
        var length = Log.Length;
        if (length == known)
        {
            return;
        }

        if (known >= 0 && length > known)
        {
            foreach (var change in Log.Since(known).SelectMany(o => o.Changes).Where(c => c.Kind == EntityKind.Task))
            {
                TaskFiles.Find(change.Id);
            }
        }

        if (Log.Last() is not { } last || _recovery.IsApplied(last))
        {
            Interlocked.Exchange(ref _appliedLength, length);
            return;
        }

        Begin("recovery", "recovery").Dispose();
    }
}

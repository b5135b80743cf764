using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// The state as it lies on the disk, for who must not finish anything first: what an operation still owes is not there. It changes nothing.
/// </summary>
internal sealed class StateOnDisk(OperationLog log, TaskFiles tasks, IndexFile index, Recovery recovery)
{
    /// <summary>Why the operation log is only read: a newer version has written it; else null.</summary>
    internal string? NewerLog => log.Newer();

    /// <summary>The version of a registry that is only read, since a newer version has written it; else null.</summary>
    internal string? NewerRegistry => index.NewerVersion;

    /// <summary>What lies in the registry's place.</summary>
    internal FileKind RegistryKind => index.Kind;

    /// <summary>Whether the registry can be understood.</summary>
    internal bool IsRegistryReadable => index.IsReadable();

    /// <summary>Whether the registry is there, if the operation log knows worktrees.</summary>
    internal bool IsRegistrySound => recovery.IsIndexSound(log.Last());

    /// <summary>Whether the operation log knows any worktree.</summary>
    internal bool KnowsWorktrees => log.Last() is { Next.Worktree: > 1 };

    /// <summary>How far the operation log goes.</summary>
    internal LogMark Mark => log.Mark();

    /// <summary>The highest number of a task's file; 0 when there is none.</summary>
    internal int HighestTask => tasks.HighestId();

    /// <summary>The last operation, if not all of its files and events are there; else null.</summary>
    internal Operation? Unfinished => log.Newer() is null && log.Last() is { } last && !recovery.IsApplied(last) ? last : null;

    /// <summary>All tasks, in no order.</summary>
    internal IReadOnlyList<StoredTask> Tasks() => tasks.All();

    /// <summary>The same, with a look at each file, whatever a list would trust.</summary>
    internal IReadOnlyList<StoredTask> TasksAnew()
    {
        tasks.LookAgain();
        return tasks.All();
    }

    /// <summary>One task, or null.</summary>
    internal StoredTask? Task(int id) => tasks.Find(id);

    /// <summary>All entries of the registry, by number.</summary>
    internal IReadOnlyList<StoredWorktree> Worktrees() => index.Entries();

    /// <summary>All operations in the log, the newest first.</summary>
    internal IEnumerable<Operation> Operations() => log.Backward();

    /// <summary>The newest that the log has of a worktree, or null.</summary>
    internal EntityChange? NewestWorktree(int id) => log.NewestWorktree(id);

    /// <summary>The newest that the log has of a task, or null.</summary>
    internal JsonObject? NewestTask(int id) => log.NewestTask(id);

    /// <summary>What we wrote of a worktree, the newest first.</summary>
    internal IEnumerable<EntityChange> OwnChanges(int id) => log.OwnChanges(id);

    /// <summary>The newest that we wrote of each worktree.</summary>
    internal IReadOnlyList<EntityChange> NewestOwnWorktrees() => log.NewestOwnWorktrees();

    /// <summary>Refuses what changes worktrees, if a newer version has written the registry.</summary>
    internal void RefuseNewerRegistry() => index.RefuseNewer();
}

using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>Where every file of ours lies, as absolute real paths.</summary>
/// <param name="Root">Top level of the main checkout.</param>
/// <param name="CommonDirectory">The git directory that all worktrees share.</param>
/// <param name="WorktreeRoot">Folder of the worktrees, relative to <paramref name="Root"/>; ".worktrees" by default.</param>
public sealed record StateLayout(string Root, string CommonDirectory, string WorktreeRoot = ".worktrees") : IFolderRoots
{
    /// <summary>How many hex digits an object id of this repository has; null where nobody has asked git.</summary>
    public int? ObjectIdLength { get; init; }

    /// <summary>Folder of the board, one file a task.</summary>
    public string Tasks => Path.Join(Root, ".tasks");

    /// <summary>Folder of the registry, the event log and the worktrees.</summary>
    public string Worktrees => Path.Join(Root, WorktreeRoot);

    /// <summary>The registry of worktrees.</summary>
    public string Index => Path.Join(Worktrees, "index.json");

    /// <summary>The audit log of lifecycle steps.</summary>
    public string Events => Path.Join(Worktrees, "events.jsonl");

    /// <summary>Private state: shared by all worktrees, never committed, out of reach of <c>git clean</c>.</summary>
    public string Private => Path.Join(CommonDirectory, "worktree-mcp");

    /// <summary>The file whose flock guards every change.</summary>
    public string Lock => Path.Join(Private, "lock");

    /// <summary>Who holds the lock, for messages only.</summary>
    public string LockHolder => Path.Join(Private, "lock-holder.json");

    /// <summary>The write-ahead operation log.</summary>
    public string OperationLog => Path.Join(Private, "oplog.jsonl");

    /// <summary>The events that the operation log no longer holds.</summary>
    public string KeptEvents => Path.Join(Private, "events.jsonl");

    /// <summary>
    /// What a file of somebody's work is to become, until it takes that file's place: out of git's sight, and under one name, so that what a
    /// kill leaves is gone with the next. Where the worktrees lie on another file system than the git directory it is the second.
    /// </summary>
    internal IReadOnlyList<string> Edits => [Path.Join(Private, ".edit.tmp"), Path.Join(Worktrees, ".edit.tmp")];

    /// <summary>Where damaged bytes are set aside.</summary>
    public string Quarantine => Path.Join(Private, "quarantine");

    /// <summary>Where removed worktrees wait.</summary>
    public string Trash => Path.Join(Private, "trash");

    /// <summary>Where they wait if the worktrees lie on another file system than the git directory.</summary>
    public string TrashBeside => Path.Join(Worktrees, ".trash");

    /// <summary>git's records of removed worktrees.</summary>
    public string TrashedRecords => Path.Join(Private, "records");

    /// <summary>git's records of worktrees whose trash is being emptied.</summary>
    public string DroppedRecords => Path.Join(Private, "dropped");

    /// <summary>Held by the one process that empties the trash.</summary>
    public string TrashLease => Path.Join(Leases, "trash");

    /// <summary>One lease file for each worktree id.</summary>
    public string Leases => Path.Join(Private, "leases");

    /// <summary>One folder for each run that has one: its record and its output.</summary>
    public string Runs => Path.Join(Private, "runs");

    /// <summary>One file for each process whose claims end with it.</summary>
    public string Sessions => Path.Join(Private, "sessions");

    /// <summary>One file for each name that an agent goes by, held by the process that serves it.</summary>
    public string Agents => Path.Join(Private, "agents");

    /// <summary>The file whose flock lets one landing at a time through.</summary>
    public string LandingLock => Path.Join(Private, "landing.lock");

    /// <summary>Who lands, for messages only.</summary>
    public string LandingHolder => Path.Join(Private, "landing-holder.json");

    /// <summary>git's directories of the checkouts in which landings are verified.</summary>
    public string Verification => Path.Join(Private, "verify");

    /// <summary>Private objects and branches of confined commands, a folder for each worktree.</summary>
    public string Sandboxes => Path.Join(Private, "sandbox");

    /// <summary>Where prepared checkouts wait; on the worktrees' file system, so that a rename makes a worktree of one.</summary>
    public string Spares => Path.Join(Worktrees, ".spares");

    /// <summary>What is known of prepared checkouts, and their leases.</summary>
    public string SpareRecords => Path.Join(Private, "spares");

    /// <summary>git's own list of patterns that are never committed, local to this repository.</summary>
    public string Exclude => Path.Join(CommonDirectory, "info", "exclude");

    /// <inheritdoc/>
    public string? RootOf(string path) =>
        IsIn(Private, path) ? CommonDirectory
        : IsIn(CommonDirectory, path) || path == Root || !IsIn(Root, path) ? null
        : Root;

    /// <summary>Every folder of ours; none of them is ever a link.</summary>
    internal IReadOnlyList<string> Folders =>
        [Tasks, Worktrees, Private, Quarantine, Trash, TrashBeside, DroppedRecords, Leases, Sessions, Agents, Runs, Sandboxes, Verification, Spares, SpareRecords];

    /// <summary>Every file of ours that has one name.</summary>
    internal IReadOnlyList<string> Files => [Index, Events, OperationLog, KeptEvents, Lock, LockHolder, LandingLock, LandingHolder];

    /// <summary>The file of one task.</summary>
    /// <param name="id">The task's number.</param>
    /// <returns>An absolute path.</returns>
    public string Task(int id) => Path.Join(Tasks, $"task_{id}.json");

    /// <summary>The lease file of one worktree.</summary>
    /// <param name="id">The worktree's number.</param>
    /// <returns>An absolute path.</returns>
    public string Lease(int id) => Path.Join(Leases, $"worktree-{id}");

    /// <summary>The file that one process holds while it lives.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>An absolute path.</returns>
    public string Session(string name) => Path.Join(Sessions, name);

    /// <summary>How many bytes a removed worktree's files have, once they were counted.</summary>
    /// <param name="id">The worktree's number.</param>
    /// <returns>An absolute path.</returns>
    public string TrashSize(int id) => Path.Join(Trash, $"{id}.size");

    /// <summary>Why a removed worktree's files could not be deleted, once that was tried.</summary>
    /// <param name="id">The worktree's number.</param>
    /// <returns>An absolute path.</returns>
    public string TrashProblem(int id) => Path.Join(Trash, $"{id}.left");

    /// <summary>The directory of a worktree by its name.</summary>
    /// <param name="name">A valid worktree name.</param>
    /// <returns>An absolute path.</returns>
    public string Worktree(string name) => Path.Join(Worktrees, name);

    /// <summary>Whether a folder below the root is one that a worktree may be in: not one that belongs to git, the board or our own.</summary>
    /// <param name="directory">An absolute path without links or ways upward.</param>
    internal bool MayHoldWorktree(string directory) =>
        directory != Worktrees && !new[] { CommonDirectory, Path.Join(Root, ".git"), Tasks, TrashBeside, Spares }.Any(folder => IsIn(folder, directory));

    /// <summary>Whether a path, relative to the root where it can be, is that of a removed worktree's files.</summary>
    /// <param name="id">The worktree's number.</param>
    /// <param name="path">The path.</param>
    internal bool IsTrashOf(int id, string path) =>
        !path.Any(char.IsControl) && Path.GetFullPath(path, Root) is var full && (full == Path.Join(Trash, $"{id}") || full == Path.Join(TrashBeside, $"{id}"));

    private static bool IsIn(string folder, string path) => path == folder || path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}

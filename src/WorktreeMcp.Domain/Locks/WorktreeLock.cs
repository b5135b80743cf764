using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// Says that somebody uses a worktree: shared by commands, exclusive for making and removing it.
/// Order: lease before lock; with the lock in hand a lease is only tried, never waited for.
/// </summary>
internal sealed class WorktreeLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private WorktreeLock(SafeFileHandle file) => _file = file;

    /// <summary>What a child that writes into the worktree must inherit.</summary>
    public SafeHandle Descriptor => _file;

    /// <summary>Tries to take the lease of a worktree.</summary>
    /// <param name="layout">Where the lease files lie.</param>
    /// <param name="worktreeId">The worktree's number.</param>
    /// <param name="shared">Shared for commands, exclusive for making and removing.</param>
    /// <returns>The lease, or null when somebody holds it.</returns>
    public static WorktreeLock? Try(StateLayout layout, int worktreeId, bool shared) => Try(layout, layout.Lease(worktreeId), shared);

    /// <summary>Tries to become the one process that empties the trash.</summary>
    /// <param name="layout">Where the lease files lie.</param>
    /// <returns>The lease, or null when somebody holds it.</returns>
    public static WorktreeLock? TryTrash(StateLayout layout) => Try(layout, layout.TrashLease, shared: false);

    /// <summary>Tries to take a lease by its file.</summary>
    /// <param name="layout">Where the repository lies.</param>
    /// <param name="path">The file; it is never deleted while somebody may hold it.</param>
    /// <param name="shared">Shared or exclusive.</param>
    /// <returns>The lease, or null when somebody holds it.</returns>
    internal static WorktreeLock? Try(StateLayout layout, string path, bool shared)
    {
        var file = LockFile.Open(layout, path);
        if (Posix.TryFlock(file, shared))
        {
            return new WorktreeLock(file);
        }

        file.Dispose();
        return null;
    }

    /// <summary>The lease that another process gave to this one with its descriptor.</summary>
    internal static WorktreeLock Given(SafeFileHandle file) => new(file);

    /// <summary>Closes it here, and leaves it to the process that has its descriptor now.</summary>
    internal void GiveAway() => _file.Dispose();

    /// <inheritdoc/>
    public void Dispose() => Posix.Unlock(_file);
}

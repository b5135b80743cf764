namespace WorktreeMcp.Domain.Spares;

/// <summary>A checkout that waits to become a worktree: detached, proven clean when it was put on the shelf, in nobody's use.</summary>
/// <param name="Id">Its name, which is also that of git's record of it.</param>
/// <param name="Commit">The commit its files are of.</param>
/// <param name="Index">Stamp of its index when it was proven clean.</param>
/// <param name="Tree">Fingerprint of its files and its index when they were proven to be those of the commit; null where none can be taken.</param>
/// <param name="Conditions">What its files depend on beside the commit.</param>
internal sealed record Spare(string Id, string Commit, string Index, string? Tree, CheckoutConditions Conditions);

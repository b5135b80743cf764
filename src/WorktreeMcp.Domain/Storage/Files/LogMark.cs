namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>How far the operation log had been read: which log it was, and its length.</summary>
/// <param name="First">The beginning of its first line, which no other log has: a rotation makes a new one.</param>
/// <param name="Length">Its length in bytes.</param>
internal sealed record LogMark(string First, long Length)
{
    /// <summary>Whether a later mark is of the same log, with at most more lines.</summary>
    internal bool IsContinuedBy(LogMark later) => First == later.First && Length <= later.Length;
}

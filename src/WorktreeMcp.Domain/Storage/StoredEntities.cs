namespace WorktreeMcp.Domain.Storage;

/// <summary>What tells that a file is still the one that was read.</summary>
/// <param name="Modified">Modification time.</param>
/// <param name="Length">Size in bytes.</param>
internal readonly record struct FileStamp(DateTime Modified, long Length)
{
    // A file changed in the same tick of the file system's clock as it was read may have the same stamp.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether what is read now will have another stamp once it changes; by the file system's clock, whatever clock the board goes by.</summary>
    internal bool IsSettled => TimeProvider.System.GetUtcNow().UtcDateTime - Modified > Settling;

    internal static FileStamp Of(System.IO.Abstractions.IFileInfo info) => new(info.LastWriteTimeUtc, info.Length);
}

/// <summary>The content of one task file as it was read; the same object as long as the file is the same.</summary>
/// <param name="Id">The number in its name.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Problem">Why it could not be read at all, or null.</param>
public sealed record StoredTask(int Id, ReadOnlyMemory<byte> Bytes, string? Problem = null);

/// <summary>One entry of the registry as it was read; the same object as long as the file is the same.</summary>
/// <param name="Id">The worktree's number.</param>
/// <param name="Bytes">The entry as one line of JSON.</param>
public sealed record StoredWorktree(int Id, ReadOnlyMemory<byte> Bytes);

namespace WorktreeMcp.Domain.Platform;

/// <summary>How large what is read may be, by its kind: far above what we or git write, far below what fills the memory.</summary>
internal static class FileLimits
{
    private const int Kilobyte = 1024;
    private const int Megabyte = 1024 * Kilobyte;

    /// <summary>A task with 500 long notes has 6 MB.</summary>
    internal const int Task = 16 * Megabyte;

    /// <summary>The registry; a thousand worktrees have about 1 MB.</summary>
    internal const int Index = 16 * Megabyte;

    /// <summary>One operation; the first of a log that was rotated holds the whole board.</summary>
    internal const int OperationLine = 64 * Megabyte;

    /// <summary>One event.</summary>
    internal const int EventLine = 4 * Megabyte;

    /// <summary>What is known of one run, of one spare, or what a person has approved.</summary>
    internal const int Record = Megabyte;

    /// <summary>A file of somebody's work that is read or edited as text.</summary>
    internal const int Content = 8 * Megabyte;

    /// <summary>Settings of ours.</summary>
    internal const int Settings = Megabyte;

    /// <summary>A list of patterns.</summary>
    internal const int Patterns = Megabyte;

    /// <summary>Who holds a lock, a size, a name.</summary>
    internal const int Words = 16 * Kilobyte;

    /// <summary>A file of git's with a few words in it, such as HEAD.</summary>
    internal const int GitText = 64 * Kilobyte;

    /// <summary>One line of a larger one, such as packed-refs or the log of a ref.</summary>
    internal const int GitLine = 64 * Kilobyte;

    /// <summary>Settings, attributes and patterns of git.</summary>
    internal const int GitSettings = 16 * Megabyte;
}

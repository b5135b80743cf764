namespace WorktreeMcp.Domain.Platform;

/// <summary>A file cannot be renamed to where it belongs, since that lies on another file system.</summary>
internal sealed class OtherFileSystemException(string path) : IOException($"{path} cannot be renamed to another file system.");

namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// Every write of state goes through here: the real disk, or one of the tests that fails at the n-th call.
/// All failures are IOException or UnauthorizedAccessException.
/// </summary>
public interface IDisk
{
    /// <summary>Makes a folder and its parents if they are absent.</summary>
    /// <param name="path">Absolute path.</param>
    void MakeFolder(string path);

    /// <summary>Writes a temporary file; what lies there already (a leftover) is unlinked first, never followed.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="bytes">The whole content.</param>
    void WriteTemporary(string path, ReadOnlySpan<byte> bytes);

    /// <summary>Puts a temporary file in the target's place by rename(2); refuses if the target is a link or a folder.</summary>
    /// <param name="temporary">A file in the target's folder.</param>
    /// <param name="target">The file to replace or to make.</param>
    void Replace(string temporary, string target);

    /// <summary>Appends bytes at the end; only under the lock, since .NET does not use O_APPEND.</summary>
    /// <param name="path">Absolute path; refused if it is a link.</param>
    /// <param name="bytes">What to append.</param>
    /// <param name="sync">Whether to fsync afterwards.</param>
    /// <param name="create">Whether to make the file if it is absent; else that is a FileNotFoundException.</param>
    void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true);

    /// <summary>Cuts a file to a length.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="length">The new length in bytes.</param>
    /// <param name="sync">Whether to fsync afterwards.</param>
    void Truncate(string path, long length, bool sync);

    /// <summary>Makes what was written to an existing file durable.</summary>
    /// <param name="path">Absolute path.</param>
    void Sync(string path);

    /// <summary>Makes the names in a folder durable.</summary>
    /// <param name="path">Absolute path.</param>
    void SyncFolder(string path);

    /// <summary>Removes one file if it is there.</summary>
    /// <param name="path">Absolute path.</param>
    void Delete(string path);

    /// <summary>Deletes a folder with all that is in it, following no link; nothing there is no fault. It can be begun again.</summary>
    /// <param name="path">Absolute path.</param>
    void DeleteTree(string path);
}

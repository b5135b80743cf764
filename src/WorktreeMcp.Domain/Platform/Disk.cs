using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Platform;

/// <summary>The real disk. What is changed is a name in a folder that is held open, so that no link leads a change elsewhere.</summary>
/// <param name="roots">Where the repository lies, below which no folder of ours is a link; null where there is none.</param>
internal sealed class Disk(IFolderRoots? roots = null) : IDisk
{
    /// <inheritdoc/>
    public void MakeFolder(string path) => HeldFolder.Make(roots, path).Dispose();

    /// <inheritdoc/>
    public void WriteTemporary(string path, ReadOnlySpan<byte> bytes)
    {
        using var folder = HeldFolder.Above(roots, path);
        folder.Delete(Path.GetFileName(path));
        using var file = folder.MakeFile(Path.GetFileName(path));
        HeldFolder.Write(file, bytes, 0, path);
    }

    /// <inheritdoc/>
    public void Replace(string temporary, string target)
    {
        using var folder = HeldFolder.Above(roots, temporary);
        using var targetFolder = HeldFolder.Above(roots, target);
        folder.Replace(Path.GetFileName(temporary), targetFolder, Path.GetFileName(target));
    }

    /// <inheritdoc/>
    public void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true)
    {
        using var file = OpenToWrite(path, create);
        HeldFolder.Write(file, bytes, RandomAccess.GetLength(file), path);
        if (sync)
        {
            Posix.Sync(file, path);
        }
    }

    /// <inheritdoc/>
    public void Truncate(string path, long length, bool sync)
    {
        using var file = OpenToWrite(path, create: false);
        RandomAccess.SetLength(file, length);
        if (sync)
        {
            Posix.Sync(file, path);
        }
    }

    /// <inheritdoc/>
    public void Sync(string path)
    {
        using var file = OpenToWrite(path, create: false);
        Posix.Sync(file, path);
    }

    /// <inheritdoc/>
    public void SyncFolder(string path) => Posix.SyncDirectory(path);

    /// <inheritdoc/>
    public void Delete(string path)
    {
        using var folder = HeldFolder.Above(roots, path);
        folder.Delete(Path.GetFileName(path));
    }

    /// <inheritdoc/>
    public void DeleteTree(string path)
    {
        using var folder = HeldFolder.Find(roots, Path.GetDirectoryName(path)!);
        folder?.DeleteTree(Path.GetFileName(path));
    }

    private SafeFileHandle OpenToWrite(string path, bool create)
    {
        using var folder = HeldFolder.Above(roots, path);
        return folder.OpenToWrite(Path.GetFileName(path), create);
    }
}

#pragma warning disable RS0030 // Storage is where the File and Directory statics belong.
namespace WorktreeMcp.Domain.Storage;

/// <summary>The real disk.</summary>
public sealed class DurableFiles : IDurableFiles
{
    /// <inheritdoc/>
    public void MakeFolder(string path) => SharedFiles.MakeFolder(path);

    /// <inheritdoc/>
    public void WriteTemporary(string path, ReadOnlySpan<byte> bytes)
    {
        File.Delete(path);
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        SharedFiles.Share(path);
        Write(stream, bytes);
    }

    /// <inheritdoc/>
    public void Replace(string temporary, string target)
    {
        var info = new FileInfo(target);
        if (info.LinkTarget is not null || Directory.Exists(target))
        {
            throw new IOException($"{target} is a link or a folder, not a regular file");
        }

        File.Move(temporary, target, overwrite: true);
    }

    /// <inheritdoc/>
    public void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new IOException($"{path} is a link, not a regular file");
        }

        var isNew = create && !File.Exists(path);
        using var stream = new FileStream(path, create ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (isNew)
        {
            SharedFiles.Share(path);
        }

        stream.Seek(0, SeekOrigin.End);
        Write(stream, bytes);
        if (sync)
        {
            Sync(stream);
        }
    }

    /// <inheritdoc/>
    public void Truncate(string path, long length, bool sync)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        stream.SetLength(length);
        if (sync)
        {
            Sync(stream);
        }
    }

    /// <inheritdoc/>
    public void Sync(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        Sync(stream);
    }

    /// <inheritdoc/>
    public void SyncFolder(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            Posix.SyncDirectory(path);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void DeleteTree(string path) => TreeDeletion.Delete(path);

    private static void Write(FileStream stream, ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
        }
        catch (Exception fault) when (FileSizeFault.Is(fault))
        {
            throw FileSizeFault.Of(stream.Name, fault);
        }
    }

    private static void Sync(FileStream stream)
    {
        if (OperatingSystem.IsWindows())
        {
            stream.Flush(flushToDisk: true);
        }
        else
        {
            Posix.Sync(stream.SafeFileHandle, stream.Name);
        }
    }
}

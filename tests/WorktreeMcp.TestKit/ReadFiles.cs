using System.IO.Abstractions;

namespace WorktreeMcp.TestKit;

/// <summary>The real file system, but something happens right before a whole file is read.</summary>
/// <param name="before">Told which file.</param>
public sealed class ReadFiles(Action<string> before) : FileSystem
{
    /// <inheritdoc/>
    public override IFile File => new Reads(this, before);

    private sealed class Reads(IFileSystem files, Action<string> before) : FileWrapper(files)
    {
        public override byte[] ReadAllBytes(string path)
        {
            before(path);
            return base.ReadAllBytes(path);
        }
    }
}

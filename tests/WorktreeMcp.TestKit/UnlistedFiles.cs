using System.IO.Abstractions;

namespace WorktreeMcp.TestKit;

/// <summary>The real file system, but a listing leaves out some entries, as btrfs and tmpfs do with a file that is replaced in that moment.</summary>
/// <param name="leavesOut">Whether an entry is left out; it is told its path.</param>
public sealed class UnlistedFiles(Func<string, bool> leavesOut) : FileSystem
{
    /// <inheritdoc/>
    public override IDirectory Directory => new Listing(this, leavesOut);

    private sealed class Listing(IFileSystem files, Func<string, bool> leavesOut) : DirectoryWrapper(files)
    {
        public override IEnumerable<string> EnumerateFileSystemEntries(string path, string searchPattern) =>
            base.EnumerateFileSystemEntries(path, searchPattern).Where(entry => !leavesOut(entry));
    }
}

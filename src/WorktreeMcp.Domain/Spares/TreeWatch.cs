using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// Watches every folder of a tree. The kernel queues what happens in the call that makes it happen, so an empty queue
/// proves that nothing did, without a thread that reads it. Linux only; elsewhere, or where the user's share of watches
/// is used up, there is none and a full check takes its place.
/// </summary>
internal sealed unsafe partial class TreeWatch : IDisposable
{
    // Modified, attributes, closed after writing, moved from and to, made, deleted, deleted or moved itself.
    private const uint Changes = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800;
    private const uint OnlyFolders = 0x0100_0000;
    private const uint NoLinks = 0x0200_0000;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x8_0000;
    private const int TryAgain = 11;
    private const int MostFolders = 60_000;

    private readonly SafeHandle _queue;
    private bool _broken;

    private TreeWatch(SafeHandle queue) => _queue = queue;

    /// <summary>Whether nothing has happened since the watch began.</summary>
    internal bool IsUnbroken
    {
        get
        {
            if (_broken)
            {
                return false;
            }

            var buffer = stackalloc byte[512];
            var read = Read(_queue, buffer, 512);
            _broken = read >= 0 || Marshal.GetLastPInvokeError() != TryAgain;
            return !_broken;
        }
    }

    /// <summary>Begins to watch; null where that cannot be done for the whole tree.</summary>
    /// <param name="roots">Folders, each with all that are in it.</param>
    internal static TreeWatch? Begin(params IEnumerable<string> roots)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var number = Init(NonBlocking | CloseOnExec);
        if (number < 0)
        {
            return null;
        }

        var watch = new TreeWatch(new Microsoft.Win32.SafeHandles.SafeFileHandle(number, ownsHandle: true));
        var count = 0;
        if (roots.All(root => watch.Add(root, ref count)))
        {
            return watch;
        }

        watch.Dispose();
        return null;
    }

    public void Dispose() => _queue.Dispose();

    // A folder is watched before it is listed, so that one which is made meanwhile breaks the watch.
    private bool Add(string folder, ref int count)
    {
        if (++count > MostFolders || AddWatch(_queue, folder, Changes | OnlyFolders | NoLinks) < 0)
        {
            return false;
        }

#pragma warning disable RS0030 // a walk over somebody else's tree, not state of ours
        foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories())
#pragma warning restore RS0030
        {
            if (!inner.Attributes.HasFlag(FileAttributes.ReparsePoint) && !Add(inner.FullName, ref count))
            {
                return false;
            }
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddWatch(SafeHandle queue, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeHandle queue, byte* buffer, nint count);
}

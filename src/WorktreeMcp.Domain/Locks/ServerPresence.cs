using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// Says that this process lives: a flock on a file of its own, which the kernel frees at any death. The files are named
/// by chance and never used again, so what is free belongs to nobody any more.
/// </summary>
internal sealed class ServerPresence(StateLayout layout) : IDisposable
{
    private const int NameLength = 16;
    private const int SmallStack = 256 * 1024;

    private static readonly Task Never = new TaskCompletionSource().Task;

    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task> _ends = [];
    private (string Name, SafeFileHandle File)? _held;

    /// <summary>The name under which others can ask for this process.</summary>
    internal string Session
    {
        get
        {
            lock (_gate)
            {
                _held ??= Begin();
                return _held.Value.Name;
            }
        }
    }

    /// <summary>Whether the process that went by this name is gone.</summary>
    internal bool IsGone(string session)
    {
        // Whatever stands in the file by hand is no path.
        if (!IsName(session))
        {
            return true;
        }

        return IsFree(layout.Session(session));
    }

    /// <summary>
    /// Ends when the process that went by this name does. The kernel tells one thread for each such process, for as long as that lives: nobody has
    /// to look again and again. It waits for a shared lock, which it frees at once, so who asks meanwhile sees no difference.
    /// </summary>
    internal Task WhenGone(string session)
    {
        lock (_gate)
        {
            if (_held?.Name == session)
            {
                return Never;
            }

            if (!_ends.TryGetValue(session, out var end) || end.IsCompleted)
            {
                _ends[session] = end = IsGone(session) ? Task.CompletedTask : Following(layout.Session(session));
            }

            return end;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_held is { } held)
            {
                Forget(held.Name);
                Posix.Unlock(held.File);
                _held = null;
            }
        }
    }

    private static Task Following(string path)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Await(path, gone), SmallStack) { IsBackground = true, Name = "end of another server" }.Start();
        return gone.Task;
    }

    private static void Await(string path, TaskCompletionSource gone)
    {
        try
        {
            if (PlainFile.HandleIfThere(path, followed: false, out _) is { } file)
            {
                using (file)
                {
                    Posix.WaitFlock(file, shared: true);
                    Posix.Unlock(file);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotPlainException)
        {
            // What cannot be asked is taken for gone; whoever waits looks for itself.
        }

        gone.SetResult();
    }

    private static bool IsName(string text) => text.Length == NameLength && text.All(char.IsAsciiHexDigitLower);

    private void Forget(string name)
    {
        try
        {
            using var folder = HeldFolder.Find(layout, layout.Sessions);
            folder?.Delete(name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // What the end of a process cannot take away, the next one does.
        }
    }

    private (string Name, SafeFileHandle File) Begin()
    {
        try
        {
            using var folder = HeldFolder.Make(layout, layout.Sessions);
            Sweep(folder);
            while (true)
            {
                var name = RandomNumberGenerator.GetHexString(NameLength, lowercase: true);
                var file = folder.OpenForLock(name);
                if (Posix.TryFlock(file, shared: false) && folder.KindOf(name) == FileKind.Regular)
                {
                    return (name, file);
                }

                file.Dispose();
            }
        }
        catch (NotPlainException fault)
        {
            throw fault.ToRefusal();
        }
    }

    // A file that has just been made may not be locked yet; what bears no name of ours is not ours.
    private static void Sweep(HeldFolder folder)
    {
        var oldest = TimeProvider.System.GetUtcNow() - Young;
        foreach (var name in folder.Names().Where(name => IsName(name) && folder.KindOf(name) == FileKind.Regular && folder.Modified(name) < oldest))
        {
            if (IsFree(folder.PathOf(name)))
            {
                folder.Delete(name);
            }
        }
    }

    // Only asked, so what is no lock file of ours is held by nobody.
    private static bool IsFree(string path)
    {
        try
        {
            using var file = PlainFile.HandleIfThere(path, followed: false, out _);
            if (file is null)
            {
                return true;
            }

            var isFree = Posix.TryFlock(file, shared: true);
            Posix.Unlock(file);
            return isFree;
        }
        catch (NotPlainException)
        {
            return true;
        }
    }
}

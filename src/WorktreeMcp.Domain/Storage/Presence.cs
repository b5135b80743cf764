#pragma warning disable RS0030 // Storage is where the File and Directory statics belong.
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// Says that this process lives: a flock on a file of its own, which the kernel frees at any death. The files are named
/// by chance and never used again, so what is free belongs to nobody any more.
/// </summary>
internal sealed class Presence(StateLayout layout) : IDisposable
{
    private const int NameLength = 16;

    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
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
        if (session.Length != NameLength || !session.All(char.IsAsciiHexDigitLower))
        {
            return true;
        }

        return !File.Exists(layout.Session(session)) || IsFree(layout.Session(session));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_held is { } held)
            {
                File.Delete(layout.Session(held.Name));
                Posix.Unlock(held.File);
                _held = null;
            }
        }
    }

    private (string Name, SafeFileHandle File) Begin()
    {
        SharedFiles.MakeFolder(layout.Sessions);
        Sweep();
        while (true)
        {
            var name = RandomNumberGenerator.GetHexString(NameLength, lowercase: true);
            var file = Posix.OpenForLock(layout.Session(name));
            if (Posix.TryFlock(file, shared: false) && File.Exists(layout.Session(name)))
            {
                return (name, file);
            }

            file.Dispose();
        }
    }

    // A file that has just been made may not be locked yet.
    private void Sweep()
    {
        foreach (var path in Directory.EnumerateFiles(layout.Sessions).Where(path => TimeProvider.System.GetUtcNow() - File.GetLastWriteTimeUtc(path) > Young).ToList())
        {
            if (IsFree(path))
            {
                File.Delete(path);
            }
        }
    }

    private static bool IsFree(string path)
    {
        var file = Posix.OpenForLock(path);
        try
        {
            return Posix.TryFlock(file, shared: true);
        }
        finally
        {
            Posix.Unlock(file);
        }
    }
}

using System.Text;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Running;

/// <summary>The folder of a run that this process watches over; disposing says that it does no more.</summary>
internal sealed class RunFolder(StateLayout layout, string path, SafeFileHandle watched) : IDisposable
{
    internal const string RecordFile = "run.json";
    internal const string WatchedFile = "watched";
    internal const string StopFile = "stop";

    /// <summary>Where it lies.</summary>
    internal string Path => path;

    /// <summary>The watch over it, for the process that takes it over.</summary>
    internal SafeFileHandle Watched => watched;

    /// <summary>Closes it here, and leaves it to the process that has the watch now.</summary>
    internal void GiveAway() => watched.Dispose();

    /// <summary>Writes what is known of the run, all at once for those who read.</summary>
    internal void Write(RunRecord record)
    {
        using var folder = HeldFolder.Open(layout, path);
        folder.Put(RecordFile, StateJson.File(record.ToJson()));
    }

    /// <summary>Who asked for the end of the run, or null.</summary>
    internal string? StopAsked()
    {
        try
        {
            return PlainFile.TextIfThere(System.IO.Path.Join(path, StopFile), FileLimits.Words);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Posix.Unlock(watched);
}

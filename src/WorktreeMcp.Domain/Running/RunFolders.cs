#pragma warning disable RS0030 // Folders of runs hold output, not state: no lock, no sync, no operation.
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// The folders of runs, one each, named by the run's id, under git's common directory. Invariants:
/// - a folder belongs to the process that made it, which holds an flock on its file <c>watched</c> until the run's end is
///   written; so any process can tell a run that goes on from one that nobody watches any more;
/// - any process may read a folder, and ask for the end of its run by a file <c>stop</c>; it changes nothing else;
/// - what is kept is bounded by its age, its number and its size, all of it together; the oldest give way, and none that is watched.
/// </summary>
internal sealed partial class RunFolders(StateLayout layout, TimeProvider time, long mostBytes = RunFolders.MostBytes)
{
    /// <summary>How much all folders may take together.</summary>
    internal const long MostBytes = 4L << 30;

    private const int MostFolders = 200;
    private static readonly TimeSpan LongestKept = TimeSpan.FromDays(7);

    /// <summary>Makes a run's folder, and makes room for it.</summary>
    internal RunFolder Make(RunRecord record)
    {
        SharedFiles.MakeFolder(layout.Runs);
        Prune();
        var path = Path.Join(layout.Runs, record.RunId);
        SharedFiles.MakeFolder(path);
        var watched = Posix.OpenForLock(Path.Join(path, RunFolder.WatchedFile));
        if (!Posix.TryFlock(watched, shared: false))
        {
            watched.Dispose();
            throw new IOException($"{path} belongs to another process.");
        }

        var folder = new RunFolder(path, watched);
        folder.Write(record);
        return folder;
    }

    /// <summary>Goes on with a folder that another process made and gave to this one.</summary>
    internal RunFolder Take(RunRecord record, SafeFileHandle watched)
    {
        var folder = new RunFolder(Path.Join(layout.Runs, record.RunId), watched);
        folder.Write(record);
        return folder;
    }

    /// <summary>A run that has a folder, or null.</summary>
    internal FoundRun? Find(string runId)
    {
        var path = Path.Join(layout.Runs, runId);
        if (!Id().IsMatch(runId) || !Directory.Exists(path))
        {
            return null;
        }

        // Whether it is watched is asked first: the end is written before the watch is given up.
        var watched = IsWatched(path);
        return Read(path) is { } record ? new FoundRun(record, path, watched && record.End is null) : null;
    }

    /// <summary>How many there are, and their bytes.</summary>
    internal (int Count, long Bytes) OnDisk()
    {
        var folders = Directory.Exists(layout.Runs) ? Newest() : [];
        return (folders.Count, folders.Sum(BytesOf));
    }

    /// <summary>Whether a text has the form of a run's id.</summary>
    internal static bool IsId(string text) => Id().IsMatch(text);

    private void Prune()
    {
        var oldest = time.GetUtcNow() - LongestKept;
        var (place, bytes) = (0, 0L);
        foreach (var folder in Newest())
        {
            var isOld = place++ >= MostFolders || folder.LastWriteTimeUtc < oldest;
            bytes += isOld ? 0 : BytesOf(folder);
            if ((isOld || bytes > mostBytes) && !IsWatched(folder.FullName))
            {
                Delete(folder);
            }
        }
    }

    private List<DirectoryInfo> Newest() =>
        [.. new DirectoryInfo(layout.Runs).EnumerateDirectories("run-*").Where(folder => folder.LinkTarget is null).OrderByDescending(folder => folder.LastWriteTimeUtc)];

    private static long BytesOf(DirectoryInfo folder)
    {
        try
        {
            return folder.EnumerateFiles().Sum(file => file.Length);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It was deleted meanwhile, or nobody but its owner may look.
            return 0;
        }
    }

    private static void Delete(DirectoryInfo folder)
    {
        try
        {
            folder.Delete(recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another server is at it, or it stays until somebody may delete it.
        }
    }

    private static bool IsWatched(string path)
    {
        var file = Path.Join(path, RunFolder.WatchedFile);
        try
        {
            using var probe = File.Exists(file) ? Posix.OpenForLock(file) : null;
            return probe is not null && !Posix.TryFlock(probe, shared: true);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static RunRecord? Read(string path)
    {
        var file = Path.Join(path, RunFolder.RecordFile);
        try
        {
            return RunRecord.From(StateJson.Read(File.ReadAllBytes(file)));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex("^run-[0-9a-f]{32}$", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}

/// <summary>A run as its folder has it.</summary>
/// <param name="Record">What is known of it.</param>
/// <param name="Path">The folder.</param>
/// <param name="IsRunning">Whether somebody watches over it and its end is not written yet.</param>
internal sealed record FoundRun(RunRecord Record, string Path, bool IsRunning)
{
    internal RunLogReader Output => new(Path);

    /// <summary>Asks whoever watches over it to end it.</summary>
    internal void AskToStop(string by)
    {
        File.WriteAllText(System.IO.Path.Join(Path, RunFolder.StopFile), by);
    }
}

/// <summary>The folder of a run that this process watches over; disposing says that it does no more.</summary>
internal sealed class RunFolder(string path, SafeFileHandle watched) : IDisposable
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
        var file = System.IO.Path.Join(path, RecordFile);
        try
        {
            File.WriteAllBytes(file + ".new", StateJson.File(record.ToJson()));
            SharedFiles.Share(file + ".new");
        }
        catch (Exception fault) when (FileSizeFault.Is(fault))
        {
            throw FileSizeFault.Of(file, fault);
        }

        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Who asked for the end of the run, or null.</summary>
    internal string? StopAsked()
    {
        try
        {
            var file = System.IO.Path.Join(path, StopFile);
            return File.Exists(file) ? File.ReadAllText(file, Encoding.UTF8) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Posix.Unlock(watched);
}

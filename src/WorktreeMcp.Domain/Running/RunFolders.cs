using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

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
        using var runs = HeldFolder.Make(layout, layout.Runs);
        Prune(runs);
        var path = Path.Join(layout.Runs, record.RunId);
        using var made = HeldFolder.Make(layout, path);
        var watched = made.OpenForLock(RunFolder.WatchedFile);
        if (!Posix.TryFlock(watched, shared: false))
        {
            watched.Dispose();
            throw new IOException($"{path} belongs to another process.");
        }

        var folder = new RunFolder(layout, path, watched);
        folder.Write(record);
        return folder;
    }

    /// <summary>Goes on with a folder that another process made and gave to this one.</summary>
    internal RunFolder Take(RunRecord record, SafeFileHandle watched)
    {
        var folder = new RunFolder(layout, Path.Join(layout.Runs, record.RunId), watched);
        folder.Write(record);
        return folder;
    }

    /// <summary>A run that has a folder, or null.</summary>
    internal FoundRun? Find(string runId)
    {
        var path = Path.Join(layout.Runs, runId);
        if (!Id().IsMatch(runId))
        {
            return null;
        }

        // Whether it is watched is asked first: the end is written before the watch is given up.
        var watched = IsWatched(path);
        return Read(path) is { } record ? new FoundRun(record, layout, path, watched && record.End is null) : null;
    }

    /// <summary>How many there are, and their bytes.</summary>
    internal (int Count, long Bytes) OnDisk()
    {
        using var runs = HeldFolder.Find(layout, layout.Runs);
        return runs is null ? default : Newest(runs) is var folders ? (folders.Count, folders.Sum(folder => BytesOf(runs, folder.Name))) : default;
    }

    /// <summary>Whether a text has the form of a run's id.</summary>
    internal static bool IsId(string text) => Id().IsMatch(text);

    // Nothing but what bears the name of a run and lies in this folder itself.
    private void Prune(HeldFolder runs)
    {
        var oldest = time.GetUtcNow() - LongestKept;
        var (place, bytes) = (0, 0L);
        foreach (var (name, modified) in Newest(runs))
        {
            var isOld = place++ >= MostFolders || modified < oldest;
            bytes += isOld ? 0 : BytesOf(runs, name);
            if ((isOld || bytes > mostBytes) && !IsWatched(runs.PathOf(name)))
            {
                Delete(runs, name);
            }
        }
    }

    private static List<(string Name, DateTimeOffset Modified)> Newest(HeldFolder runs) =>
        [.. runs.Names().Where(name => Id().IsMatch(name) && runs.KindOf(name) == FileKind.Folder)
            .Select(name => (name, runs.Modified(name))).OrderByDescending(folder => folder.Item2)];

    private static long BytesOf(HeldFolder runs, string name)
    {
        try
        {
            return new DirectoryInfo(runs.PathOf(name)).EnumerateFiles().Sum(file => file.Length);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It was deleted meanwhile, or nobody but its owner may look.
            return 0;
        }
    }

    private static void Delete(HeldFolder runs, string name)
    {
        try
        {
            runs.DeleteTree(name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another server is at it, or it stays until somebody may delete it.
        }
    }

    private static bool IsWatched(string path)
    {
        try
        {
            using var probe = PlainFile.HandleIfThere(Path.Join(path, RunFolder.WatchedFile), followed: false, out _);
            return probe is not null && !Posix.TryFlock(probe, shared: true);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static RunRecord? Read(string path)
    {
        try
        {
            return PlainFile.BytesIfThere(Path.Join(path, RunFolder.RecordFile), FileLimits.Record) is { } bytes ? RunRecord.From(StateJson.Read(bytes)) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex("^run-[0-9a-f]{32}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}

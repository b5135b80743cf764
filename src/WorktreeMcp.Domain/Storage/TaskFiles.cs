using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// Reads the task files, keeping what has not changed. One task is always looked up on the disk. A list trusts the
/// operation log for what servers changed, and looks for edits by hand at most for a twentieth of the time: at once on
/// a small board, within a second on one of 10,000 tasks.
/// </summary>
internal sealed class TaskFiles(StateLayout layout, IFileSystem files, TimeProvider time)
{
    // A file changed in the same tick of the file system's clock as it was read may have the same stamp.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(100);
    private const int LookShare = 20;

    private readonly ConcurrentDictionary<int, Cached> _cache = new();
    private readonly Lock _look = new();
    private long _lookedAt;
    private TimeSpan _lookCost = TimeSpan.MinValue;

    /// <summary>One task's file as it is now, or null.</summary>
    internal StoredTask? Find(int id)
    {
        var info = files.FileInfo.FromFileName(layout.Task(id));
        if (!info.Exists)
        {
            _cache.TryRemove(id, out _);
            return null;
        }

        return Refresh(id, new FileStamp(info.LastWriteTimeUtc, info.Length));
    }

    /// <summary>All tasks' files, in no order.</summary>
    internal ICollection<StoredTask> All()
    {
        lock (_look)
        {
            if (_lookCost == TimeSpan.MinValue || time.GetElapsedTime(_lookedAt) > _lookCost * LookShare)
            {
                Look();
            }
        }

        return [.. _cache.Values.Select(cached => cached.Task)];
    }

    /// <summary>What All would give without looking at the disk again; for hints only.</summary>
    internal ICollection<StoredTask> Known() => _lookCost == TimeSpan.MinValue ? All() : [.. _cache.Values.Select(cached => cached.Task)];

    /// <summary>The highest number that a file has; 0 when there is none.</summary>
    internal int HighestId() => Names().Select(name => name.Id).DefaultIfEmpty(0).Max();

    private void Look()
    {
        var start = Stopwatch.GetTimestamp();
        var names = Names().ToList();
        Parallel.ForEach(names, new ParallelOptions { MaxDegreeOfParallelism = 2 }, name => Find(name.Id));
        if (_cache.Count > names.Count)
        {
            var present = names.Select(name => name.Id).ToHashSet();
            foreach (var gone in _cache.Keys.Where(id => !present.Contains(id)))
            {
                _cache.TryRemove(gone, out _);
            }
        }

        _lookedAt = time.GetTimestamp();
        _lookCost = Stopwatch.GetElapsedTime(start);
    }

    private IEnumerable<(int Id, string Path)> Names()
    {
        if (!files.Directory.Exists(layout.Tasks))
        {
            yield break;
        }

        foreach (var path in files.Directory.EnumerateFiles(layout.Tasks, "task_*.json"))
        {
            var digits = Path.GetFileNameWithoutExtension(path.AsSpan())["task_".Length..];
            if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 && digits[0] != '0')
            {
                yield return (id, path);
            }
        }
    }

    private StoredTask? Refresh(int id, FileStamp stamp)
    {
        if (_cache.TryGetValue(id, out var cached) && cached.Stamp == stamp && cached.Settled)
        {
            return cached.Task;
        }

        try
        {
            var bytes = files.File.ReadAllBytes(layout.Task(id));
            var settled = time.GetUtcNow().UtcDateTime - stamp.Modified > Settling;
            var task = cached is not null && cached.Task.Bytes.Span.SequenceEqual(bytes) ? cached.Task : new StoredTask(id, bytes);
            _cache[id] = new Cached(task, stamp, settled);
            return task;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            _cache.TryRemove(id, out _);
            return null;
        }
    }

    private sealed record Cached(StoredTask Task, FileStamp Stamp, bool Settled);
}

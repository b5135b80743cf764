using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// Reads the task files, keeping what has not changed. One task is always looked up on the disk. A list trusts the
/// operation log for what servers changed, and looks for edits by hand at most for a twentieth of the time: at once on
/// a small board, within a second on a large one. That a listing of the folder leaves a task out proves nothing: btrfs
/// and tmpfs leave out what is replaced in that moment, so it is looked up by its number.
/// </summary>
internal sealed class TaskFiles(StateLayout layout, IFileSystem files, OperationLog log)
{
    /// <summary>No task or worktree has a higher number; what a file claims beyond it is not ours.</summary>
    internal const int HighestPossibleId = 999_999_999;

    private static readonly TimeSpan LongestTrust = TimeSpan.FromSeconds(1);
    private const int LookShare = 20;
    private const int SmallBoard = 200;

    private readonly ConcurrentDictionary<int, Cached> _cache = new();
    private readonly ConcurrentDictionary<int, StoredTask> _unjudged = new();
    private readonly Lock[] _stripes = [.. Enumerable.Range(0, 16).Select(_ => new Lock())];
    private readonly Lock _look = new();
    private long _lookedAt;
    private long _version;
    private long _rememberedVersion;
    private IReadOnlyList<StoredTask>? _remembered;
    private TimeSpan? _lookCost;
    private int _vanished;

    // Numbers below the first have been looked up, all files of numbers below the second are on the disk as far as the log goes.
    private int _accounted = 1;
    private int _promised = 1;

    /// <summary>Whether a file that was there has gone since the last change: a person deleted it, or swept them all away.</summary>
    internal bool HasVanished => Volatile.Read(ref _vanished) != 0;

    /// <summary>Files that are others than before, or whose task the log has changed, and that nobody has compared with the log yet.</summary>
    internal IReadOnlyList<StoredTask> Unjudged => _unjudged.IsEmpty ? [] : [.. _unjudged.Values];

    /// <summary>One task's file as it is now, or null.</summary>
    internal StoredTask? Find(int id)
    {
        if (id is < 1 or > HighestPossibleId)
        {
            return null;
        }

        // Looking and remembering are one step, so that an older look never replaces a newer one.
        lock (_stripes[id % _stripes.Length])
        {
            var info = files.FileInfo.New(layout.Task(id));
            var kind = info.Kind();
            if (kind == FileKind.None)
            {
                Forget(id);
                return null;
            }

            return kind == FileKind.Regular
                ? Refresh(id, FileStamp.Of(info))
                : Unreadable(id, kind.Problem());
        }
    }

    /// <summary>All tasks' files, in no order.</summary>
    internal IReadOnlyList<StoredTask> All()
    {
        lock (_look)
        {
            if (_lookCost is not { } cost || _cache.Count <= SmallBoard || Stopwatch.GetElapsedTime(_lookedAt) > TimeSpan.FromTicks(Math.Min(cost.Ticks * LookShare, LongestTrust.Ticks)))
            {
                Look();
            }
        }

        return Remembered();
    }

    /// <summary>What All would give without looking at the disk again; for hints only.</summary>
    internal IReadOnlyList<StoredTask> Known() => _lookCost is null ? All() : Remembered();

    /// <summary>Makes the next list look at the disk.</summary>
    internal void LookAgain()
    {
        lock (_look)
        {
            _lookCost = null;
        }
    }

    /// <summary>Looks at a task that the log has changed, and has its file compared with that.</summary>
    internal void Doubt(int id)
    {
        if (Find(id) is { Problem: null } task)
        {
            _unjudged[id] = task;
        }
    }

    /// <summary>Whether this content was not compared with the log yet.</summary>
    internal bool IsUnjudged(StoredTask task) => _unjudged.TryGetValue(task.Id, out var unjudged) && ReferenceEquals(unjudged, task);

    /// <summary>Notes that this content was compared; one that came since is not.</summary>
    internal void Judged(StoredTask task) => _unjudged.TryRemove(KeyValuePair.Create(task.Id, task));

    /// <summary>Says that what the log promised up to an operation was on the disk.</summary>
    internal void Expect(Operation? last)
    {
        if (last is not null)
        {
            Volatile.Write(ref _promised, last.Next.Task);
        }
    }

    /// <summary>As <see cref="HasVanished"/>, and whoever asks sees to it.</summary>
    internal bool TakeVanished() => Interlocked.Exchange(ref _vanished, 0) != 0;

    /// <summary>The highest number that a file has; 0 when there is none.</summary>
    internal int HighestId() => Names().DefaultIfEmpty(0).Max();

    /// <summary>A number that no task has, from the next free one on.</summary>
    internal int FreeFrom(int next)
    {
        var id = next;
        while (Find(id) is not null)
        {
            id = Math.Max(id, HighestId()) + 1;
        }

        return id > HighestPossibleId ? LowestFree(next) : id;
    }

    // Somebody gave a file the highest number there can be.
    private int LowestFree(int next)
    {
        var logged = log.TaskIds().ToHashSet();
        var id = next > HighestPossibleId ? 1 : next;
        while (logged.Contains(id) || Find(id) is not null)
        {
            id++;
        }

        return id;
    }

    /// <summary>Temporaries of task files that lie about.</summary>
    internal IReadOnlyList<string> Temporaries() =>
        files.Directory.Exists(layout.Tasks) ? [.. files.Directory.EnumerateFiles(layout.Tasks, ".task_*.json.tmp")] : [];

    // The same list as long as no file is another one, so that who makes something of it need not make it again.
    private IReadOnlyList<StoredTask> Remembered()
    {
        lock (_look)
        {
            var version = Volatile.Read(ref _version);
            if (_remembered is null || _rememberedVersion != version)
            {
                (_remembered, _rememberedVersion) = ([.. _cache.Values.Select(cached => cached.Task)], version);
            }

            return _remembered;
        }
    }

    private void Remember(int id, Cached cached)
    {
        var isSame = _cache.TryGetValue(id, out var known) && ReferenceEquals(known.Task, cached.Task);
        _cache[id] = cached;
        if (!isSame)
        {
            if (cached.Task.Problem is null)
            {
                _unjudged[id] = cached.Task;
            }

            Interlocked.Increment(ref _version);
        }
    }

    private void Forget(int id)
    {
        if (_cache.TryRemove(id, out _))
        {
            _unjudged.TryRemove(id, out _);
            Volatile.Write(ref _vanished, 1);
            Interlocked.Increment(ref _version);
        }
    }

    private void Look()
    {
        var start = Stopwatch.GetTimestamp();
        var listed = Names().ToHashSet();
        Parallel.ForEach(listed, new ParallelOptions { MaxDegreeOfParallelism = 2 }, id => Find(id));
        foreach (var id in _cache.Keys.Where(id => !listed.Contains(id)))
        {
            Find(id);
        }

        LookForUnlisted();
        _lookedAt = Stopwatch.GetTimestamp();
        _lookCost = Stopwatch.GetElapsedTime(start);
    }

    // The numbers are dense but for what hands have done: the whole log is rarely read, and once for the same gap.
    private void LookForUnlisted()
    {
        var promised = Volatile.Read(ref _promised);
        if (_cache.Keys.Count(id => id >= _accounted && id < promised) < promised - _accounted)
        {
            foreach (var id in log.TaskIds().Where(id => id < promised && !_cache.ContainsKey(id)))
            {
                if (Find(id) is null)
                {
                    Volatile.Write(ref _vanished, 1);
                }
            }
        }

        _accounted = Math.Max(_accounted, promised);
    }

    private List<int> Names()
    {
        var ids = new List<int>();
        try
        {
            foreach (var path in files.Directory.EnumerateFileSystemEntries(layout.Tasks, "task_*.json"))
            {
                var digits = Path.GetFileNameWithoutExtension(path.AsSpan())["task_".Length..];
                if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id is > 0 and <= HighestPossibleId && digits[0] != '0')
                {
                    ids.Add(id);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // There is no board yet, or a person's git clean takes it away in this moment.
        }

        return ids;
    }

    private StoredTask? Refresh(int id, FileStamp stamp)
    {
        if (_cache.TryGetValue(id, out var cached) && cached.Stamp == stamp && cached.Settled)
        {
            return cached.Task;
        }

        try
        {
            var bytes = PlainFile.Bytes(layout.Task(id), FileLimits.Task);
            var settled = stamp.IsSettled;
            var task = cached?.Task is { Problem: null } known && known.Bytes.Span.SequenceEqual(bytes) ? known : new StoredTask(id, bytes);
            Remember(id, new Cached(task, stamp, settled));
            return task;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            Forget(id);
            return null;
        }
        catch (NotPlainException fault)
        {
            return Unreadable(id, fault.Problem);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Unreadable(id, $"it cannot be opened: {fault.Message}");
        }
    }

    // One file that cannot be read takes no other task down with it.
    private StoredTask Unreadable(int id, string problem)
    {
        var task = _cache.TryGetValue(id, out var cached) && cached.Task.Problem == problem ? cached.Task : new StoredTask(id, default, problem);
        Remember(id, new Cached(task, default, Settled: false));
        return task;
    }

    private sealed record Cached(StoredTask Task, FileStamp Stamp, bool Settled);
}

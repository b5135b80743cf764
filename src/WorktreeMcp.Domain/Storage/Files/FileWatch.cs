using System.Globalization;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>What changed on the disk since it was told last.</summary>
/// <param name="Tasks">Tasks whose file changed.</param>
/// <param name="Registry">Whether the registry changed.</param>
/// <param name="Events">Whether there are new events.</param>
/// <param name="All">Whether anything may have changed, because not everything could be followed.</param>
internal sealed record StateDelta(IReadOnlySet<int> Tasks, bool Registry, bool Events, bool All);

/// <summary>
/// Follows the files of the state, whoever changes them: this server, another one, or a person. What happens within a
/// moment is told once. Where the system follows no more files, the log is looked at every two seconds instead.
/// </summary>
internal sealed class FileWatch : IDisposable
{
    private const string Work = "following changes of the board";

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(2);

    private readonly StateStore _store;
    private readonly Action<StateDelta> _changed;
    private readonly TimeSpan _moment;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, FileSystemWatcher> _watchers = [];
    private readonly Timer _soon;
    private readonly Timer _poll;
    private HashSet<int> _tasks = [];
    private bool _registry, _events, _all, _waiting, _disposed;
    private LogMark? _mark;

    /// <summary>Follows the files until it is disposed.</summary>
    /// <param name="store">The state.</param>
    /// <param name="changed">Told on another thread.</param>
    /// <param name="moment">What happens within so long is told once; null for as long as people do not notice.</param>
    internal FileWatch(StateStore store, Action<StateDelta> changed, TimeSpan? moment = null)
    {
        (_store, _changed, _moment) = (store, changed, moment ?? Moment);
        _soon = new Timer(_ => store.Faults.Guard(Work, Tell));
        _poll = new Timer(_ => store.Faults.Guard(Work, Poll));
        lock (_gate)
        {
            Arm(_store.Layout.Root, () => new FileSystemWatcher(_store.Layout.Root) { NotifyFilter = NotifyFilters.DirectoryName });
            ArmFolders();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var watcher in _watchers.Values)
            {
                watcher.Dispose();
            }

            _watchers.Clear();
        }

        _soon.Dispose();
        _poll.Dispose();
    }

    // The folders are made by the first change, and a person may take them away.
    private void ArmFolders()
    {
        foreach (var folder in new[] { _store.Layout.Tasks, _store.Layout.Worktrees })
        {
            if (Path.Exists(folder) && !_watchers.ContainsKey(folder))
            {
                Arm(folder, () => new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite });
                _all = true;
            }
        }
    }

    private void Arm(string folder, Func<FileSystemWatcher> make)
    {
        try
        {
            var watcher = make();
            watcher.Created += (_, seen) => Seen(seen.FullPath);
            watcher.Changed += (_, seen) => Seen(seen.FullPath);
            watcher.Renamed += (_, seen) => Seen(seen.FullPath);
            watcher.Deleted += (_, seen) => Seen(seen.FullPath);
            watcher.Error += (_, _) => Note(() => _all = true);
            _watchers[folder] = watcher;
            watcher.EnableRaisingEvents = true;
        }
        catch (Exception fault) when (fault is IOException or ArgumentException)
        {
            _poll.Change(PollEvery, PollEvery);
        }
    }

    private void Seen(string path)
    {
        var layout = _store.Layout;
        if (path == layout.Tasks || path == layout.Worktrees)
        {
            Note(() => Forget(path));
        }
        else if (path == layout.Index)
        {
            Note(() => _registry = true);
        }
        else if (path == layout.Events)
        {
            Note(() => _events = true);
        }
        else if (Path.GetDirectoryName(path) == layout.Tasks && TaskOf(Path.GetFileName(path)) is { } id)
        {
            Note(() => _tasks.Add(id));
        }
    }

    // It went or came: whatever is followed there is not this folder any more.
    private void Forget(string folder)
    {
        if (_watchers.Remove(folder, out var old))
        {
            old.Dispose();
        }

        _all = true;
    }

    private static int? TaskOf(string file) =>
        file.StartsWith("task_", StringComparison.Ordinal) && file.EndsWith(".json", StringComparison.Ordinal)
        && int.TryParse(file.AsSpan()[5..^5], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private void Note(Action what)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            what();
            if (!_waiting)
            {
                _waiting = true;
                _soon.Change(_moment, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Poll()
    {
        var mark = _store.Log.Mark();
        if (_mark != mark)
        {
            _mark = mark;
            Note(() => _all = true);
        }
    }

    private void Tell()
    {
        StateDelta delta;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            ArmFolders();
            delta = new StateDelta(_tasks, _registry, _events, _all);
            (_tasks, _registry, _events, _all, _waiting) = ([], false, false, false, false);
        }

        _changed(delta);
    }
}

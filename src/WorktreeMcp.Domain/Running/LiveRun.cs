using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// A run that this process watches over. Its folder is made only when its output outgrows memory or it outlives its call;
/// from then on any process can read it, and end it.
/// </summary>
internal sealed class LiveRun : IDisposable
{
    private static readonly TimeSpan LookForStop = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly RunFolders _folders;
    private readonly CancellationTokenSource _cancel;
    private RunFolder? _folder;
    private Timer? _looking;

    /// <summary>A run that is about to begin.</summary>
    /// <param name="record">What is known of it.</param>
    /// <param name="folders">Where it may have its folder.</param>
    /// <param name="ending">Set when this process comes to its end.</param>
    internal LiveRun(RunRecord record, RunFolders folders, CancellationToken ending)
    {
        (Record, _folders) = (record, folders);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(ending);
        Log = new RunLog(() => Folder().Path);
    }

    /// <summary>A run that another process began and gave to this one with its folder.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="record">What is known of it.</param>
    /// <param name="from">How much of its output lies there.</param>
    /// <param name="folders">Where the folder lies.</param>
    /// <param name="ending">Set when this process comes to its end.</param>
    internal LiveRun(RunFolder folder, RunRecord record, long from, RunFolders folders, CancellationToken ending)
    {
        (Record, _folders, _folder) = (record, folders, folder);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(ending);
        Log = new RunLog(() => folder.Path, from: from);
        _looking = Looking();
    }

    /// <summary>What is known of it.</summary>
    internal RunRecord Record { get; private set; }

    /// <summary>Its output.</summary>
    internal RunLog Log { get; }

    /// <summary>Set when it is to end.</summary>
    internal CancellationToken Cancel => _cancel.Token;

    /// <summary>Who stopped it, or null.</summary>
    internal string? StoppedBy { get; private set; }

    /// <summary>Makes it readable for other processes, now and after its end; false where its folder cannot be made.</summary>
    internal bool Publish()
    {
        Log.ToFiles();
        return _folder is not null;
    }

    /// <summary>Ends it.</summary>
    /// <param name="by">Who wants that; null when its caller or its server is gone.</param>
    internal void Stop(string? by)
    {
        lock (_gate)
        {
            if (Record.End is not null)
            {
                return;
            }

            StoppedBy ??= by;
        }

        _cancel.Cancel();
    }

    /// <summary>The watch over its folder, for a process that takes it over; null when it has none.</summary>
    internal SafeHandle? Watched => _folder?.Watched;

    /// <summary>Leaves it, with its folder, to the process that has taken it over.</summary>
    internal void GiveAway()
    {
        _looking?.Dispose();
        Log.Dispose();
        _folder?.GiveAway();
    }

    /// <summary>Writes down its end; after that nobody watches over it.</summary>
    internal void Finish(RunEnd end)
    {
        _looking?.Dispose();
        Log.Dispose();
        lock (_gate)
        {
            Record = Record with { End = end };
        }

        try
        {
            _folder?.Write(Record);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Readers then find that nobody watches it and that its end is unknown.
        }

        _folder?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _looking?.Dispose();
        _folder?.Dispose();
        Log.Dispose();
        _cancel.Dispose();
    }

    private RunFolder Folder()
    {
        if (_folder is null)
        {
            _folder = _folders.Make(Record);
            _looking = Looking();
        }

        return _folder;
    }

    private Timer Looking() => new(_ => LookForAWish(), null, LookForStop, LookForStop);

    private void LookForAWish()
    {
        if (_folder?.StopAsked() is { } by)
        {
            _looking?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Stop(by);
        }
    }
}

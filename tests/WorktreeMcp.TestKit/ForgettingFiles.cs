using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.TestKit;

/// <summary>What a power loss leaves of what was not synced.</summary>
public enum PowerLoss
{
    /// <summary>Nothing.</summary>
    LosesAll,

    /// <summary>The names of files, but not what is in them.</summary>
    LosesContents,

    /// <summary>Names, and half of what is in the files.</summary>
    LosesHalfOfContents,

    /// <summary>Whatever was appended, but no new file and no new name.</summary>
    KeepsAppended,

    /// <summary>New files and names, but nothing that was appended.</summary>
    KeepsReplaced,
}

/// <summary>
/// The real disk, but it knows what was synced, and can lose the rest as a power loss does. A content is safe when its
/// file was synced, a name when its folder was; folders themselves are never lost.
/// </summary>
public sealed class ForgettingFiles : IDisk
{
    private readonly Disk _disk = new();
    private readonly Func<string, bool> _forgets;
    private readonly Dictionary<string, Content> _live;
    private readonly Dictionary<string, Content> _safe;
    private int _at;
    private int _calls;
    private bool _dead;

    /// <summary>Everything that lies in a folder now counts as safe.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="forgets">Which files may lose what was not synced; null for all.</param>
    public ForgettingFiles(string root, Func<string, bool>? forgets = null)
    {
        _forgets = forgets ?? (_ => true);
        _live = Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => !Path.GetFileName(path).StartsWith("lock", StringComparison.Ordinal) && _forgets(path))
            .ToDictionary(path => path, path => new Content(File.ReadAllBytes(path), appended: false));
        _safe = new(_live);
    }

    /// <summary>What the call was before which the process died, or null.</summary>
    public string? Hit { get; private set; }

    /// <summary>The process dies before a call, counted from 1; 0 for never. A dead one is followed by another.</summary>
    /// <param name="at">Which call from now on.</param>
    public void Arm(int at) => (_at, _calls, _dead) = (at, 0, false);

    /// <summary>The power fails: the disk is left as the loss has it, and all of that is safe from now on.</summary>
    /// <param name="loss">What is lost.</param>
    public void LosePower(PowerLoss loss)
    {
        var left = new Dictionary<string, byte[]>();
        foreach (var path in _live.Keys.Union(_safe.Keys))
        {
            var now = _live.GetValueOrDefault(path);
            var kept = Kept(path, now, _safe.GetValueOrDefault(path), loss);
            if (kept is not null)
            {
                left[path] = kept;
            }
        }

        foreach (var path in _live.Keys)
        {
            File.Delete(path);
        }

        _live.Clear();
        _safe.Clear();
        foreach (var (path, bytes) in left)
        {
            File.WriteAllBytes(path, bytes);
            _live[path] = _safe[path] = new Content(bytes, appended: false);
        }
    }

    /// <inheritdoc/>
    public void MakeFolder(string path) => Do($"MakeFolder {path}", () => _disk.MakeFolder(path));

    /// <inheritdoc/>
    public void WriteTemporary(string path, ReadOnlySpan<byte> bytes)
    {
        var all = bytes.ToArray();
        Do($"WriteTemporary {path}", () =>
        {
            _disk.WriteTemporary(path, all);
            if (_forgets(path))
            {
                _live[path] = new Content([], appended: false);
            }
        });
    }

    /// <inheritdoc/>
    public void Replace(string temporary, string target) => Do($"Replace {target}", () =>
    {
        _disk.Replace(temporary, target);
        if (_live.Remove(temporary, out var content))
        {
            _live[target] = content;
        }
    });

    /// <inheritdoc/>
    public void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true)
    {
        var all = bytes.ToArray();
        Do($"Append {path}", () =>
        {
            _disk.Append(path, all, sync, create);
            if (_forgets(path))
            {
                _live.TryAdd(path, new Content([], appended: true));
                _live[path].Appended = true;
                Synced(path, sync);
            }
        });
    }

    /// <inheritdoc/>
    public void Truncate(string path, long length, bool sync) => Do($"Truncate {path}", () =>
    {
        _disk.Truncate(path, length, sync);
        Synced(path, sync);
    });

    /// <inheritdoc/>
    public void Sync(string path) => Do($"Sync {path}", () =>
    {
        _disk.Sync(path);
        Synced(path, sync: true);
    });

    /// <inheritdoc/>
    public void SyncFolder(string path) => Do($"SyncFolder {path}", () =>
    {
        _disk.SyncFolder(path);
        foreach (var name in _live.Keys.Union(_safe.Keys).Where(name => Path.GetDirectoryName(name) == path).ToList())
        {
            if (_live.TryGetValue(name, out var content))
            {
                _safe[name] = content;
            }
            else
            {
                _safe.Remove(name);
            }
        }
    });

    /// <inheritdoc/>
    public void Delete(string path) => Do($"Delete {path}", () =>
    {
        _disk.Delete(path);
        _live.Remove(path);
    });

    /// <inheritdoc/>
    public void DeleteTree(string path) => Do($"DeleteTree {path}", () =>
    {
        _disk.DeleteTree(path);
        foreach (var gone in _live.Keys.Where(name => name.StartsWith(path + Path.DirectorySeparatorChar, StringComparison.Ordinal)).ToList())
        {
            _live.Remove(gone);
        }
    });

    private static byte[]? Kept(string path, Content? now, Content? safe, PowerLoss loss)
    {
        var keepsName = loss is PowerLoss.LosesContents or PowerLoss.LosesHalfOfContents
            || (now is not null && now.Appended == (loss == PowerLoss.KeepsAppended) && loss != PowerLoss.LosesAll);
        if (!keepsName)
        {
            return safe?.Synced;
        }

        if (now is null || loss == PowerLoss.LosesContents)
        {
            return now?.Synced;
        }

        var all = File.ReadAllBytes(path);
        return loss != PowerLoss.LosesHalfOfContents ? all
            : all.AsSpan().StartsWith(now.Synced) ? all[..((now.Synced.Length + all.Length) / 2)]
            : now.Synced;
    }

    private void Synced(string path, bool sync)
    {
        if (sync && _forgets(path))
        {
            _live[path].Synced = File.ReadAllBytes(path);
        }
    }

    private void Do(string call, Action act)
    {
        if (_dead)
        {
            throw new DiedException();
        }

        if (++_calls == _at)
        {
            (_dead, Hit) = (true, call);
            throw new DiedException();
        }

        act();
    }

    // One file, whatever it is called.
    private sealed class Content(byte[] synced, bool appended)
    {
        internal byte[] Synced { get; set; } = synced;

        internal bool Appended { get; set; } = appended;
    }
}

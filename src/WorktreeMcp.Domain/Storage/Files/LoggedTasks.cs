namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// The newest image that the operation log has of each task, as a hash. Read once as a whole, then only what was appended; never before a file
/// that is compared with it, so that a server's own change is always known here.
/// </summary>
internal sealed class LoggedTasks(OperationLog log)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, string> _hashes = [];
    private LogMark? _mark;

    /// <summary>Whether a file is another one than the log says. What the log does not know may be anything.</summary>
    internal bool Deny(StoredTask task)
    {
        lock (_gate)
        {
            return _hashes.TryGetValue(task.Id, out var hash) && StateJson.Read(task.Bytes.Span) is { } image && StateJson.Hash(image) != hash;
        }
    }

    /// <summary>Whether the log has anything of a task.</summary>
    internal bool Knows(int id)
    {
        lock (_gate)
        {
            return _hashes.ContainsKey(id);
        }
    }

    /// <summary>Learns what was appended.</summary>
    internal void CatchUp()
    {
        lock (_gate)
        {
            var mark = log.Mark();
            if (mark == _mark)
            {
                return;
            }

            if (_mark is { } known && known.IsContinuedBy(mark))
            {
                foreach (var change in log.Since(known.Length).SelectMany(operation => operation.Changes))
                {
                    Learn(change);
                }
            }
            else
            {
                _hashes.Clear();
                log.NewestImages().ForEach(Learn);
            }

            _mark = mark;
        }
    }

    private void Learn(EntityChange change)
    {
        if (change is { Kind: EntityKind.Task, After: { } image })
        {
            _hashes[change.Id] = StateJson.Hash(image);
        }
    }
}

namespace WorktreeMcp.KillStorm;

/// <summary>Lets threads work, or holds them all between two calls.</summary>
internal sealed class Gate(int members)
{
    private readonly object _lock = new();
    private int _parked;
    private bool _isClosed = true;
    private bool _isStopped;

    /// <summary>Waits while the gate is closed.</summary>
    /// <returns>False when the storm is over.</returns>
    public bool Pass()
    {
        lock (_lock)
        {
            _parked++;
            Monitor.PulseAll(_lock);
            while (_isClosed && !_isStopped)
            {
                Monitor.Wait(_lock);
            }

            _parked--;
            return !_isStopped;
        }
    }

    public void Open()
    {
        lock (_lock)
        {
            _isClosed = false;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Closes it and waits until every member stands before it.</summary>
    /// <returns>False if one did not come in time.</returns>
    public bool Close(TimeSpan limit)
    {
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        lock (_lock)
        {
            _isClosed = true;
            while (_parked < members)
            {
                var left = until - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(_lock, (int)left))
                {
                    return _parked >= members;
                }
            }

            return true;
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            Monitor.PulseAll(_lock);
        }
    }
}

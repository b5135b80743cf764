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

    /// <summary>Waits a while, but not when the gate closes meanwhile.</summary>
    /// <returns>Whether it is still open.</returns>
    public bool Pause(TimeSpan time)
    {
        var until = Environment.TickCount64 + (long)time.TotalMilliseconds;
        lock (_lock)
        {
            while (!_isClosed && !_isStopped && until - Environment.TickCount64 is > 0 and var left)
            {
                Monitor.Wait(_lock, (int)left);
            }

            return !_isClosed && !_isStopped;
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
            Monitor.PulseAll(_lock);
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

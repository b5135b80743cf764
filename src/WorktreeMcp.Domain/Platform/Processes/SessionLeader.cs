namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>The first process of a child's session: our own child, or one that another process has handed over.</summary>
internal sealed unsafe class SessionLeader
{
    private readonly bool _isOurs;

    private SessionLeader(int pid, long? started, bool isOurs) => (Pid, Started, _isOurs) = (pid, started, isOurs);

    /// <summary>Its number.</summary>
    internal int Pid { get; }

    /// <summary>When it started; null where the system does not tell.</summary>
    internal long? Started { get; }

    /// <summary>
    /// Whether its number, and with it that of its session, is still its own. Our child's is until it is reaped; when something
    /// else reaped it, and for a child of others, it is free once the session is empty.
    /// </summary>
    internal bool OwnsNumber => _isOurs
        ? !(Libc.HasEnded(Pid, out var lost) && lost) || (Started is not null && ProcessTable.Find(Pid) is null)
        : ProcessTable.Find(Pid) is not { } now || now.StartTime == Started;

    /// <summary>A child of this process.</summary>
    internal static SessionLeader Own(int pid) => new(pid, ProcessTable.IsReadable ? ProcessTable.Find(pid)?.StartTime : null, isOurs: true);

    /// <summary>A child of another process, or of one that has ended.</summary>
    internal static SessionLeader Taken(RunningChild child) => new(child.Pid, child.StartTime, isOurs: false);

    /// <summary>Whether it has ended.</summary>
    internal bool HasEnded() => _isOurs ? Libc.HasEnded(Pid, out _) : ProcessTable.Find(Pid) is not { Alive: true } now || now.StartTime != Started;

    /// <summary>Whether a signal ended it.</summary>
    internal bool WasKilled() => _isOurs && Libc.WasKilled(Pid);

    /// <summary>How it ended as far as the system tells us; from then on its number may be another's.</summary>
    internal (int? Code, int? Signal) Reap()
    {
        if (!_isOurs)
        {
            // What it has not told itself can only be this: it lets no other signal end it.
            return (null, Signals.Kill);
        }

        var status = 0;
        var result = Libc.WaitPid(Pid, &status, Libc.WaitNoHang);
        if (result == 0)
        {
            UnreapedChildren.Leave(Pid);
        }

        return result <= 0 ? (null, null) : (status & 0x7f) == 0 ? ((status >> 8) & 0xff, null) : (null, status & 0x7f);
    }
}

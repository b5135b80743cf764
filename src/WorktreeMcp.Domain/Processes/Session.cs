using System.Text;

namespace WorktreeMcp.Domain.Processes;

/// <summary>
/// All processes of one child: its session, and whatever carries its marker after leaving that. Linux reads them from
/// /proc; elsewhere the child's process group stands for them.
/// A number is signalled only while it is certain whose it is: a member is checked again through a descriptor of it before
/// the signal, and the group only while the child is unreaped, since until then its number is not given to another.
/// </summary>
internal sealed class Session(int leader, string? marker)
{
    private readonly byte[]? _marker = marker is null ? null : Encoding.UTF8.GetBytes(marker);
    private readonly long? _started = ProcessTable.IsReadable ? ProcessTable.Find(leader)?.StartTime : null;

    /// <summary>The members that are alive now.</summary>
    internal IReadOnlyList<int> Members()
        => _started is null
            ? GroupIsOurs() && Libc.Kill(-leader, 0) == 0 ? [leader] : []
            : [.. ProcessTable.All().Where(IsMember).Select(entry => entry.Pid)];

    /// <summary>Sends a signal to the members given.</summary>
    internal void Signal(IEnumerable<int> members, int signal)
    {
        if (_started is null)
        {
            SignalGroup(signal);
            return;
        }

        foreach (var member in members)
        {
            SignalMember(member, signal);
        }
    }

    /// <summary>Kills the child's own group in one step, which a process that forks all the time cannot outrun.</summary>
    internal void KillGroup() => SignalGroup(Signals.Kill);

    private void SignalGroup(int signal)
    {
        if (GroupIsOurs())
        {
            Libc.Kill(-leader, signal);
        }
    }

    private void SignalMember(int member, int signal)
    {
        var process = Libc.OpenProcess(member);
        using var handle = new Descriptor(process);
        if (ProcessTable.Find(member) is not { } entry || !IsMember(entry))
        {
            return;
        }

        if (process < 0 || Libc.SignalProcess(process, signal) < 0)
        {
            Libc.Kill(member, signal);
        }
    }

    private bool IsMember(ProcessEntry entry)
        => entry.Alive
            && entry.Pid != Environment.ProcessId
            && entry.StartTime >= _started
            && ((entry.Session == leader && GroupIsOurs()) || (_marker is not null && ProcessTable.Carries(entry.Pid, _marker)));

    // When something else reaped the child its number is free once its session is empty.
    private bool GroupIsOurs()
        => !(Libc.HasEnded(leader, out var lost) && lost) || (_started is not null && ProcessTable.Find(leader) is null);
}

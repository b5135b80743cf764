using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// All processes of one child: its session, and whatever carries its marker after leaving that. Linux reads them from
/// /proc; elsewhere the child's process group stands for them.
/// A number is signalled only while it is certain whose it is: a member is checked again through a descriptor of it before
/// the signal, and the group only while the child is unreaped, since until then its number is not given to another.
/// </summary>
internal sealed class ChildSession(SessionLeader leader, string? marker)
{
    private readonly byte[]? _marker = marker is null ? null : Encoding.UTF8.GetBytes(marker);

    /// <summary>The members that are alive now.</summary>
    internal IReadOnlyList<int> Members()
        => leader.Started is null
            ? leader.OwnsNumber && Libc.Kill(-leader.Pid, 0) == 0 ? [leader.Pid] : []
            : [.. ProcessTable.All().Where(IsMember).Select(entry => entry.Pid)];

    /// <summary>Sends a signal to the members given.</summary>
    internal void Signal(IEnumerable<int> members, int signal)
    {
        if (leader.Started is null)
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
        if (leader.OwnsNumber)
        {
            Libc.Kill(-leader.Pid, signal);
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
            && entry.StartTime >= leader.Started
            && ((entry.Session == leader.Pid && leader.OwnsNumber) || (_marker is not null && ProcessTable.Carries(entry.Pid, _marker)));
}

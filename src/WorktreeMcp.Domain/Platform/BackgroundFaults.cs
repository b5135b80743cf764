namespace WorktreeMcp.Domain.Platform;

/// <summary>
/// Faults of what nobody waits for. On a timer or a thread of its own an exception that nobody expected ends the whole process, and with it
/// every call that is under way; so it is told instead, and the work goes on at its next turn.
/// </summary>
internal sealed class BackgroundFaults
{
    private volatile Action<string, Exception>? _told;

    /// <summary>Says where they are told; nowhere until then.</summary>
    internal void TellTo(Action<string, Exception> told) => _told = told;

    /// <summary>Tells of one.</summary>
    /// <param name="work">What was being done.</param>
    /// <param name="fault">What went wrong.</param>
    internal void Tell(string work, Exception fault) => _told?.Invoke(work, fault);

    /// <summary>Does something, and tells of its fault.</summary>
    /// <param name="work">What is being done.</param>
    /// <param name="act">Does it.</param>
    internal void Guard(string work, Action act)
    {
        try
        {
            act();
        }
        catch (Exception fault)
        {
            Tell(work, fault);
        }
    }
}

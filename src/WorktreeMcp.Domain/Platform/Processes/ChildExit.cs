namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>How a child ended.</summary>
/// <param name="ExitCode">
/// Its exit code. Null when a signal ended it, when it is still alive, when it was never started because the call was cancelled
/// before, and when its status is lost because something else in this process reaped it.
/// </param>
/// <param name="Signal">The number of the signal that ended it, or null.</param>
/// <param name="TimedOut">Whether it was ended because its time was up.</param>
/// <param name="Cancelled">Whether it was ended because the caller cancelled.</param>
/// <param name="Duration">From the start to the end of it and of all that was ended with it.</param>
/// <param name="Survivors">Processes of it that should have ended and are still alive after SIGKILL.</param>
public sealed record ChildExit(
    int? ExitCode, int? Signal, bool TimedOut, bool Cancelled, TimeSpan Duration, IReadOnlyList<int> Survivors)
{
    /// <summary>Whether it has not ended at all, but was given to another process.</summary>
    internal bool HandedOver { get; init; }
}

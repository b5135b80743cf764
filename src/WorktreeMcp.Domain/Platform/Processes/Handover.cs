using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>A child as it is given to another process.</summary>
/// <param name="Pid">The first process of its session.</param>
/// <param name="StartTime">When that started, which tells it from a later one of the same number.</param>
/// <param name="Age">How long it has been running.</param>
/// <param name="Streams">What is to be read of it: its output, its errors, and how it ends.</param>
internal sealed record RunningChild(int Pid, long StartTime, TimeSpan Age, IReadOnlyList<SafeHandle> Streams)
{
    /// <summary>How many streams there are.</summary>
    internal const int StreamCount = 3;
}

/// <summary>
/// Gives a running child to another process, so that it outlives this one. Until that process has it this one keeps it, and
/// its watchdog with it; there is no moment in which nobody watches.
/// </summary>
/// <param name="give">Gives it; called on the thread that runs the child. False when nobody took it.</param>
internal sealed class Handover(Func<RunningChild, bool> give)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? _wake;
    private bool _asked;

    /// <summary>Whether this system tells enough of a process that is not our child.</summary>
    internal static bool IsPossible => ProcessTable.IsReadable;

    /// <summary>Whether it was asked for and is still to be done.</summary>
    internal bool IsDue => Volatile.Read(ref _asked) && !_answered.Task.IsCompleted;

    /// <summary>Asks for it and waits until it is done, has failed, or the child's thread is over.</summary>
    internal void Ask(WaitHandle over)
    {
        lock (_gate)
        {
            _asked = true;
            _wake?.Invoke();
        }

        WaitHandle.WaitAny([((IAsyncResult)_answered.Task).AsyncWaitHandle, over]);
    }

    /// <summary>What wakes the thread that runs the child, once; null when that is over.</summary>
    internal void Wakes(Action? wake)
    {
        lock (_gate)
        {
            _wake = wake;
            if (_asked)
            {
                wake?.Invoke();
            }
        }
    }

    /// <summary>Gives the child away; one of which too little is known stays.</summary>
    internal bool Give(RunningChild? child)
    {
        try
        {
            return child is not null && give(child);
        }
        finally
        {
            _answered.SetResult();
        }
    }
}

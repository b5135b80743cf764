using System.Runtime.InteropServices;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// Ends the process when stopping takes too long: a tool that is stuck, or a client that does not read, must not keep
/// it alive. It waits on a thread of its own, so neither a full thread pool nor a blocked callback can hold it up.
/// </summary>
public sealed partial class ExitDeadline : IDisposable
{
    private static readonly TimeSpan AfterStop = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan AfterInputEnd = TimeSpan.FromSeconds(1.8);

#pragma warning disable CA2213 // The thread may still wait on them; they live as long as the process.
    private readonly ManualResetEvent _inputEnded = new(false);
    private readonly ManualResetEvent _finished = new(false);
#pragma warning restore CA2213

    /// <summary>Starts to wait.</summary>
    /// <param name="stopping">The token of the stop.</param>
    public void Watch(CancellationToken stopping)
    {
        // A wait handle is set before the first callback of the token runs.
        var stop = stopping.WaitHandle;
        new Thread(() => Wait(stop)) { IsBackground = true, Name = "exit deadline" }.Start();
    }

    /// <summary>The client has closed our input.</summary>
    public void InputEnded() => _inputEnded.Set();

    /// <summary>All is done in time.</summary>
    public void Dispose() => _finished.Set();

    private void Wait(WaitHandle stop)
    {
        var first = WaitHandle.WaitAny([_finished, _inputEnded, stop]);
        if (first != 0 && !_finished.WaitOne(first == 1 ? AfterInputEnd : AfterStop))
        {
            // Environment.Exit would run handlers, which may wait for what is stuck.
            ExitAtOnce(0);
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitAtOnce(int code);
}

using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Lets a limited number of calls run at once and a limited number wait; one more is refused.</summary>
/// <param name="running">How many run at once.</param>
/// <param name="waiting">How many wait.</param>
#pragma warning disable CA1001 // The semaphore holds nothing but memory, and a call that outlives the server gives its place back afterwards.
public sealed class CallGate(int running, int waiting)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _free = new(running, running);
    private int _inside;

    /// <summary>Waits for its turn, runs, and makes room.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="call">The call.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The call's result.</returns>
    /// <exception cref="Refusal">Too many calls are waiting.</exception>
    public async Task<T> Run<T>(Func<Task<T>> call, CancellationToken cancel)
    {
        try
        {
            if (Interlocked.Increment(ref _inside) > running + waiting)
            {
                throw new Refusal(
                    RefusalCode.Busy,
                    $"{running} calls are running in this server and {waiting} are waiting.",
                    "Wait for some of them to be answered, then call again.");
            }

            await _free.WaitAsync(cancel);
            try
            {
                return await call();
            }
            finally
            {
                _free.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }
}

using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Lets a limited number of calls run at once and a limited number wait; one more is refused.</summary>
/// <param name="running">How many run at once.</param>
/// <param name="waiting">How many wait.</param>
#pragma warning disable CA1001 // The semaphore holds nothing but memory, and a call that outlives the server gives its place back afterwards.
public sealed class CallGate(int running, int waiting)
#pragma warning restore CA1001
{
    // With those that run and those that wait for their turn no more than a client may leave unanswered.
    private const int MostOutside = 32;

    private static readonly AsyncLocal<Place?> Current = new();

    private readonly SemaphoreSlim _free = new(running, running);
    private int _inside;
    private int _outside;

    /// <summary>Waits for its turn, runs, and makes room.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="call">The call.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The call's result.</returns>
    /// <exception cref="Refusal">Too many calls are waiting.</exception>
    public async Task<T> Run<T>(Func<Task<T>> call, CancellationToken cancel)
    {
        var place = new Place(this);
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
            place.IsTaken = true;
            Current.Value = place;
            return await call();
        }
        finally
        {
            Release(place);
            Interlocked.Decrement(ref place.IsOutside ? ref _outside : ref _inside);
        }
    }

    /// <summary>Gives the place of the call in hand to others while it waits for something that others do.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="wait">What it waits for; does no work of its own.</param>
    /// <param name="cancel">Ends the wait for a place afterwards.</param>
    /// <returns>What the wait gave, with a place in hand again.</returns>
    /// <exception cref="Refusal">Too many calls wait so.</exception>
    public static async Task<T> StepOut<T>(Func<Task<T>> wait, CancellationToken cancel)
    {
        if (Current.Value is not { } place)
        {
            return await wait();
        }

        place.Gate.Leave(place);
        var result = await wait();
        await place.Gate.Return(place, cancel);
        return result;
    }

    private void Leave(Place place)
    {
        if (Interlocked.Increment(ref _outside) > MostOutside)
        {
            Interlocked.Decrement(ref _outside);
            throw new Refusal(
                RefusalCode.Busy,
                $"{MostOutside} calls of this server wait already.",
                "Wait with one call at a time; its answer says what has changed.");
        }

        place.IsOutside = true;
        Interlocked.Decrement(ref _inside);
        Release(place);
    }

    private async Task Return(Place place, CancellationToken cancel)
    {
        await _free.WaitAsync(cancel);
        place.IsTaken = true;
        place.IsOutside = false;
        Interlocked.Increment(ref _inside);
        Interlocked.Decrement(ref _outside);
    }

    private void Release(Place place)
    {
        if (place.IsTaken)
        {
            place.IsTaken = false;
            _free.Release();
        }
    }

    private sealed class Place(CallGate gate)
    {
        internal CallGate Gate => gate;

        internal bool IsTaken { get; set; }

        internal bool IsOutside { get; set; }
    }
}

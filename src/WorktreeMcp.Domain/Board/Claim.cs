using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// How long an owner holds a task. The lease counts on a clock that only runs forward, so a clock that is set back keeps
/// no task from others; after a boot only the time of day is left, and it is believed for no longer than the lease was.
/// </summary>
/// <param name="Minutes">What each renewal gives.</param>
/// <param name="Span">How many seconds the lease was given for last.</param>
/// <param name="Up">When that was, on the clock of this boot.</param>
/// <param name="Boot">Which boot.</param>
/// <param name="Session">The process with which the claim ends, or null.</param>
public sealed record Claim(int Minutes, double Span, double Up, string Boot, string? Session)
{
    /// <summary>Seconds that a lease still has; none or less when it has ended.</summary>
    internal double Left(double until, TwoClocks now)
    {
        var left = Boot == now.Boot && now.Up >= Up ? Span - (now.Up - Up) : until - now.Wall;
        return left <= Span ? left : 0;
    }

    /// <summary>The same lease from now on.</summary>
    internal Claim From(TwoClocks now, double atLeast = 0) => this with { Span = Math.Max(Minutes * 60, atLeast), Up = now.Up, Boot = now.Boot };
}

/// <summary>What taking a task did.</summary>
/// <param name="View">The task afterwards.</param>
/// <param name="Renewed">Whether the caller held it already.</param>
/// <param name="TakenFrom">Who held it before and no longer does, or null.</param>
/// <param name="AlsoHeld">Other tasks that the caller holds.</param>
/// <param name="Warning">Done, but the next call must finish writing it; else null.</param>
public sealed record TaskTaken(TaskView View, bool Renewed, string? TakenFrom, IReadOnlyList<int> AlsoHeld, string? Warning);

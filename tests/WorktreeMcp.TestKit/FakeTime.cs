namespace WorktreeMcp.TestKit;

/// <summary>A clock that stands until it is told to go on; its timers are the system's.</summary>
/// <param name="start">Where it begins; null for 2026-01-01.</param>
public sealed class FakeTime(DateTimeOffset? start = null) : TimeProvider
{
    private long _setBy;
    private long _ticks = (start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).UtcTicks;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks) + Interlocked.Read(ref _setBy), TimeSpan.Zero);

    /// <summary>Done once, when somebody next begins to measure: whoever waits for a lock does so just before.</summary>
    public Action? AtNextMeasure { get; set; }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        var act = AtNextMeasure;
        AtNextMeasure = null;
        act?.Invoke();
        return Interlocked.Read(ref _ticks);
    }

    /// <summary>Sets the time of day to another one, as a person or a time server does; what was measured goes on.</summary>
    /// <param name="by">How far, back or forth.</param>
    public void Set(TimeSpan by) => Interlocked.Add(ref _setBy, by.Ticks);

    /// <summary>Moves it forward.</summary>
    /// <param name="by">How far.</param>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}

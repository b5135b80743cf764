namespace WorktreeMcp.Domain.Platform;

/// <summary>One instant on two clocks: the one that people set, and the one that only runs forward until the next boot.</summary>
/// <param name="Wall">Unix seconds.</param>
/// <param name="Up">Seconds on a clock that all processes of this boot share and that nobody can set.</param>
/// <param name="Boot">Which boot of which machine <paramref name="Up"/> belongs to.</param>
internal readonly record struct TwoClocks(double Wall, double Up, string Boot)
{
    internal static TwoClocks Of(TimeProvider time) => new(
        time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0,
        Math.Round((double)time.GetTimestamp() / time.TimestampFrequency, 3),
        Machine.BootId);
}

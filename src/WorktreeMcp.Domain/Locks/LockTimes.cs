using System.Diagnostics.Metrics;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// How long callers waited for the lock and how long they held it, by operation, for whoever listens: meter
/// <c>WorktreeMcp</c>, histograms in milliseconds. Without a listener it costs two looks at the clock.
/// </summary>
internal static class LockTimes
{
    private static readonly Meter Meter = new("WorktreeMcp");
    private static readonly Histogram<double> WaitedFor = Meter.CreateHistogram<double>("worktree_mcp.lock.wait", "ms", "Time until the repository's lock was granted");
    private static readonly Histogram<double> HeldFor = Meter.CreateHistogram<double>("worktree_mcp.lock.held", "ms", "Time during which the repository's lock was held");

    internal static void Waited(TimeSpan time, string operation) => WaitedFor.Record(time.TotalMilliseconds, Tag(operation));

    internal static void Held(TimeSpan time, string operation) => HeldFor.Record(time.TotalMilliseconds, Tag(operation));

    private static KeyValuePair<string, object?> Tag(string operation) => new("operation", operation);
}

using System.Diagnostics;

namespace WorktreeMcp.Bench;

/// <summary>Times of one thing, in milliseconds.</summary>
internal sealed class Samples
{
    private readonly List<double> _all = [];

    internal double Min => _all.Min();

    internal double Median
    {
        get
        {
            var sorted = _all.Order().ToList();
            var middle = sorted.Count / 2;
            return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    internal int Count => _all.Count;

    internal static Samples Of(int count, Action act)
    {
        var samples = new Samples();
        for (var i = 0; i < count; i++)
        {
            samples.Time(act);
        }

        return samples;
    }

    /// <summary>Two things in turns, each first every other time, so that both meet the same load.</summary>
    internal static (Samples Ours, Samples Other) Pairs(int count, Action<int> ours, Action<int> other)
    {
        var (a, b) = (new Samples(), new Samples());
        for (var i = 0; i < count; i++)
        {
            var turn = i;
            if (i % 2 == 0)
            {
                a.Time(() => ours(turn));
                b.Time(() => other(turn));
            }
            else
            {
                b.Time(() => other(turn));
                a.Time(() => ours(turn));
            }
        }

        return (a, b);
    }

    /// <summary>Once the disk is at rest.</summary>
    internal void TimeAtRest(string folder, Action act)
    {
        Machine.Rest(folder);
        Time(act);
    }

    internal void Time(Action act)
    {
        var start = Stopwatch.GetTimestamp();
        act();
        _all.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
}

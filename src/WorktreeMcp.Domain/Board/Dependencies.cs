namespace WorktreeMcp.Domain.Board;

/// <summary>Who waits for whom.</summary>
internal static class Dependencies
{
    /// <summary>The way from one task to another along what each waits for; null when there is none.</summary>
    /// <param name="from">Where the way begins.</param>
    /// <param name="to">Where it would end.</param>
    /// <param name="blockersOf">What a task waits for.</param>
    /// <returns>All tasks on the way, both ends included.</returns>
    internal static IReadOnlyList<int>? Path(int from, int to, Func<int, IReadOnlyList<int>> blockersOf)
    {
        var cameFrom = new Dictionary<int, int?> { [from] = null };
        var open = new Queue<int>([from]);
        while (open.TryDequeue(out var task))
        {
            if (task == to)
            {
                return Way(cameFrom, task);
            }

            foreach (var blocker in blockersOf(task))
            {
                if (cameFrom.TryAdd(blocker, task))
                {
                    open.Enqueue(blocker);
                }
            }
        }

        return null;
    }

    /// <summary>A cycle that begins and ends with the same task; null when there is none. Each task is looked at once.</summary>
    /// <param name="starts">Where ways may begin.</param>
    /// <param name="blockersOf">What a task waits for.</param>
    internal static IReadOnlyList<int>? Cycle(IEnumerable<int> starts, Func<int, IReadOnlyList<int>> blockersOf)
    {
        var over = new HashSet<int>();
        foreach (var start in starts)
        {
            var (way, left) = (new List<int>(), new Stack<(int Task, bool IsDone)>([(start, false)]));
            var onWay = new HashSet<int>();
            while (left.TryPop(out var step))
            {
                if (step.IsDone)
                {
                    way.RemoveAt(way.Count - 1);
                    onWay.Remove(step.Task);
                    over.Add(step.Task);
                }
                else if (onWay.Contains(step.Task))
                {
                    return [.. way.Skip(way.IndexOf(step.Task)), step.Task];
                }
                else if (!over.Contains(step.Task))
                {
                    way.Add(step.Task);
                    onWay.Add(step.Task);
                    left.Push((step.Task, true));
                    foreach (var blocker in blockersOf(step.Task).Reverse())
                    {
                        left.Push((blocker, false));
                    }
                }
            }
        }

        return null;
    }

    private static List<int> Way(Dictionary<int, int?> cameFrom, int end)
    {
        var way = new List<int>();
        for (int? task = end; task is { } step; task = cameFrom[step])
        {
            way.Insert(0, step);
        }

        return way;
    }
}

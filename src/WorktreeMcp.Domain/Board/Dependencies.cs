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

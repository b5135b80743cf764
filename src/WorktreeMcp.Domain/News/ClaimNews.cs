using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Domain.News;

/// <summary>Tells an agent that a claim of its own ends soon, or has ended.</summary>
internal sealed class ClaimNews(TaskBoard board)
{
    private const double Soon = 600;

    /// <summary>Looks at the tasks that the agent holds.</summary>
    internal void Look(AgentMemory memory)
    {
        foreach (var id in memory.Held.ToList())
        {
            if (board.Find(id) is not { HasClaim: true, LeaseUntil: { } until } task || task.Owner != memory.Agent)
            {
                continue;
            }

            var left = board.LeaseLeft(task);
            if (left > Warning(task) || !memory.IsNew((id, task.Epoch, until, left > 0)))
            {
                continue;
            }

            memory.Add(left > 0 ? new NewsItem.ClaimEnding(id, (int)Math.Ceiling(left / 60)) : new NewsItem.ClaimEnded(id));
        }
    }

    /// <summary>In how many seconds a claim of the agent comes close to its end, or to it.</summary>
    internal double? NextDue(AgentMemory memory)
    {
        double? due = null;
        foreach (var task in memory.Held.Select(board.Find).OfType<BoardTask>().Where(task => task.Owner == memory.Agent && task.HasClaim))
        {
            if (board.LeaseLeft(task) is > 0 and var left)
            {
                var next = left > Warning(task) ? left - Warning(task) : left;
                due = due is { } known ? Math.Min(known, next) : next;
            }
        }

        return due;
    }

    // One that was given for a few minutes would always be close to its end.
    private static double Warning(BoardTask task) => Math.Min(Soon, (task.Claim?.Span ?? Soon) / 2);
}

using System.Collections.Concurrent;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Overview;

/// <summary>
/// Looks at worktrees within a time that was set: a few at once, those that were not seen for longest first. What there is no
/// time for is told as it was last seen; a look that was begun goes on, and serves the next question.
/// </summary>
internal sealed class WorktreeLooks(WorktreeInspection inspection, TimeProvider time)
{
    /// <summary>How long a question waits for worktrees that were seen before.</summary>
    internal static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(150);

    /// <summary>How long it waits when there is one of which nothing is known.</summary>
    internal static readonly TimeSpan FirstBudget = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<int, (Worktree Entry, WorktreeView View, long At)> _seen = new();

    /// <summary>The worktrees in the order given.</summary>
    /// <param name="worktrees">Which.</param>
    /// <param name="budget">How long to look; null for what suits.</param>
    internal IReadOnlyList<SeenWorktree> Look(IReadOnlyList<Worktree> worktrees, TimeSpan? budget = null)
    {
        if (worktrees.Count == 0)
        {
            return [];
        }

        var asked = time.GetTimestamp();
        var limit = budget ?? (worktrees.All(w => _seen.ContainsKey(w.Id)) ? Budget : FirstBudget);
        var open = new ConcurrentQueue<Worktree>(worktrees.OrderBy(w => _seen.TryGetValue(w.Id, out var seen) ? seen.At : long.MinValue));
        using var over = new CancellationTokenSource(limit);
        var stop = over.Token;
        var lookers = Enumerable.Range(0, Math.Min(worktrees.Count, Math.Clamp(Environment.ProcessorCount, 2, 8)))
            .Select(_ => Task.Run(() => Work(open, stop), CancellationToken.None))
            .ToArray();
        try
        {
            Task.WaitAll(lookers, stop);
        }
        catch (OperationCanceledException)
        {
            // What is known by now has to do.
        }

        return [.. worktrees.Select(worktree => Known(worktree, asked))];
    }

    private void Work(ConcurrentQueue<Worktree> open, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && open.TryDequeue(out var worktree))
        {
            var at = time.GetTimestamp();
            _seen[worktree.Id] = (worktree, inspection.View(worktree), at);
        }
    }

    private SeenWorktree Known(Worktree worktree, long asked)
    {
        if (!_seen.TryGetValue(worktree.Id, out var seen))
        {
            return new SeenWorktree(new WorktreeView(worktree, worktree.Path, null, null, null, null, null, []), null);
        }

        var age = seen.At >= asked ? 0 : time.GetElapsedTime(seen.At, asked).TotalSeconds;
        return new SeenWorktree(seen.View with { Worktree = worktree }, age);
    }
}

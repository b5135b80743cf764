using System.Collections.Concurrent;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.News;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Overview;

/// <summary>
/// Waits until there is something to do on the board. Invariants:
/// - nothing is asked again and again: the kernel tells of changed files and of servers that ended, a timer of the next lease that ends;
/// - no process is started, no lock taken, no thread held while it waits;
/// - what is signalled is taken before one looks, so nothing falls in between; what wakes is what is found by looking, whatever was signalled.
/// </summary>
public sealed class BoardWaiting
{
    private const int MostEvents = 1_000;
    private const int MostAgents = 200;

    // A lease has ended a moment after its time, whatever the timers say.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(20);

    private readonly TaskBoard _board;
    private readonly AgentNews _news;
    private readonly StateStore _store;
    private readonly ChangeWaits _changes;
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<(int Id, int Epoch), bool>> _seen = new(StringComparer.Ordinal);

    internal BoardWaiting(TaskBoard board, AgentNews news, StateStore store) =>
        (_board, _news, _store, _changes) = (board, news, store, new ChangeWaits(store));

    /// <summary>Waits. Comes back at once if there is something that is new to the caller.</summary>
    /// <param name="order">Who waits, how long, and what it knows.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>What ended the wait.</returns>
    public async Task<Awaited> Wait(WaitOrder order, CancellationToken cancel)
    {
        Require(order);
        using var following = _changes.Join();
        var begun = _store.Time.GetTimestamp();
        Known? known = null;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var changed = _changes.Next;
            var sight = Look(order);
            known ??= KnownTo(order, sight);
            var woke = Waking(order, sight, known);
            var left = order.Longest - _store.Time.GetElapsedTime(begun);
            if (woke.Count > 0 || left <= TimeSpan.Zero)
            {
                return new Awaited(woke);
            }

            known = new Known(known.Ready.Intersect(sight.Ready).ToHashSet(), known.AllDone && sight.AllDone);
            await Next(changed, sight, left, cancel);
        }
    }

    /// <summary>Notes that an agent was shown tasks whose claim has ended, so that it is not woken for them.</summary>
    /// <param name="agent">Its name.</param>
    /// <param name="tasks">The tasks.</param>
    public void Shown(string agent, IEnumerable<BoardTask> tasks)
    {
        foreach (var task in tasks)
        {
            SeenBy(agent)[(task.Id, task.Epoch)] = true;
        }
    }

    private void Require(WaitOrder order)
    {
        if (order.SinceSeq is { } since && since > Math.Max(_store.Newest().Seq, _store.Events.LastSeq()))
        {
            throw new Refusal(
                RefusalCode.InvalidArgument,
                $"since_seq is {since}, and the newest event is {_store.Newest().Seq}: that is in the future.",
                $"Give last_seq of an answer of {Step.ShowBoard}, or leave since_seq out.",
                new NextStep.ShowBoard());
        }
    }

    private Sight Look(WaitOrder order)
    {
        var tasks = _board.Everything().Views;
        var hasNews = _news.IsAny(order.Agent, order.SinceSeq, out var due);
        List<BoardTask> left = [];
        HashSet<string> sessions = [];
        foreach (var task in tasks.Select(view => view.Task).Where(task => task.Status == TaskState.InProgress && task.HasClaim))
        {
            var seconds = _board.LeaseLeft(task);
            if (seconds == 0)
            {
                left.Add(task);
                continue;
            }

            due = Math.Min(due ?? seconds, seconds);
            if (task.Claim?.Session is { } session)
            {
                sessions.Add(session);
            }
        }

        return new Sight(
            [.. tasks.Where(view => view.IsReady && _board.LeaseLeft(view.Task) == 0).Select(view => view.Task.Id)],
            left, sessions, due, hasNews,
            tasks.Any(view => view.Task.Status == TaskState.Completed) && !tasks.Any(view => view.Task.IsOpen));
    }

    // What of it stood on the board already when the last event came that is not new to the caller.
    private Known KnownTo(WaitOrder order, Sight sight)
    {
        if (order.SinceSeq is not { } since || _store.Events.Newer(since, _store.Newest().Seq, MostEvents) is not { Count: < MostEvents } logged)
        {
            return new Known(new HashSet<int>(), AllDone: false);
        }

        var events = logged.Select(LoggedEvent.From).ToList();
        var others = events.Where(e => e.By != order.Agent).ToList();
        var changed = others.Select(e => e.TaskId).OfType<int>().ToHashSet();
        var over = others.Where(e => e.IsOver).Select(e => e.TaskId).OfType<int>().ToHashSet();
        return new Known(
            sight.Ready.Where(id => !changed.Contains(id) && _board.Find(id)?.BlockedBy.Any(over.Contains) != true).ToHashSet(),
            AllDone: !events.Exists(e => e.IsOver));
    }

    private List<Waking> Waking(WaitOrder order, Sight sight, Known known)
    {
        List<Waking> woke = [];
        if (sight.HasNews)
        {
            woke.Add(new Waking(WakingKind.News));
        }

        woke.AddRange(sight.Ready.Where(id => !known.Ready.Contains(id)).Select(id => new Waking(WakingKind.Ready, id)));
        var seen = SeenBy(order.Agent);
        woke.AddRange(sight.Left.Where(task => task.Owner != order.Agent && seen.TryAdd((task.Id, task.Epoch), true)).Select(task => new Waking(WakingKind.ClaimEnded, task.Id, task.Owner)));
        if (sight.AllDone && !known.AllDone)
        {
            woke.Add(new Waking(WakingKind.AllDone));
        }

        return woke;
    }

    private async Task Next(Task changed, Sight sight, TimeSpan left, CancellationToken cancel)
    {
        if (sight.Due is { } due && TimeSpan.FromSeconds(due) + Slack < left)
        {
            left = TimeSpan.FromSeconds(due) + Slack;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var time = Task.Delay(left, _store.Time, over.Token);
        await Task.WhenAny([changed, time, .. sight.Sessions.Select(_store.Presence.WhenGone)]);
        await over.CancelAsync();
    }

    private ConcurrentDictionary<(int Id, int Epoch), bool> SeenBy(string agent)
    {
        if (_seen.Count >= MostAgents && !_seen.ContainsKey(agent))
        {
            _seen.Clear();
        }

        return _seen.GetOrAdd(agent, _ => new ConcurrentDictionary<(int, int), bool>());
    }

    /// <summary>What is nothing new.</summary>
    /// <param name="Ready">Tasks that could be taken before.</param>
    /// <param name="AllDone">Whether all was done before.</param>
    private sealed record Known(IReadOnlySet<int> Ready, bool AllDone);

    /// <summary>The board as it is for who waits.</summary>
    /// <param name="Ready">Tasks that can be taken, the best first.</param>
    /// <param name="Left">Tasks whose claim has ended.</param>
    /// <param name="Sessions">Servers with which claims end.</param>
    /// <param name="Due">In how many seconds something changes by itself; null for never.</param>
    /// <param name="HasNews">Whether there is something to tell.</param>
    /// <param name="AllDone">Whether all tasks are over.</param>
    private sealed record Sight(IReadOnlyList<int> Ready, IReadOnlyList<BoardTask> Left, IReadOnlySet<string> Sessions, double? Due, bool HasNews, bool AllDone);
}

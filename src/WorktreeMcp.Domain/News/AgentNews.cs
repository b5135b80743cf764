using System.Collections.Concurrent;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.News;

/// <summary>
/// What each agent has to know and did not ask for. Invariants:
/// - each thing is told once to each agent, with the next answer that it gets from this process, whatever it asked for;
/// - nothing is told that it did itself, or that happened before its first call: that stands on the board;
/// - finding out costs a look at the length of the log, and what is new in it: no process, no lock, nothing that is asked again and again.
/// </summary>
public sealed class AgentNews
{
    /// <summary>How many things are told in one answer.</summary>
    public const int MostAtOnce = 3;

    private const int MostEvents = 500;
    private const int MostAgents = 200;

    // Of all that it ever owned, most of which is over.
    private const int MostLookedAt = 20;

    private readonly TaskBoard _board;
    private readonly StateStore _store;
    private readonly EventNews _events;
    private readonly ClaimNews _claims;
    private readonly FileNews _files;
    private readonly ConcurrentDictionary<string, AgentMemory> _agents = new(StringComparer.Ordinal);

    internal AgentNews(TaskBoard board, WorktreeRegistry registry, StateStore store)
    {
        (_board, _store) = (board, store);
        _files = new FileNews(board, registry);
        _events = new EventNews(board, _files);
        _claims = new ClaimNews(board);
    }

    /// <summary>Takes what is to be told to an agent with this answer, the oldest first; the rest waits for the next one.</summary>
    /// <param name="agent">Its name.</param>
    /// <returns>At most <see cref="MostAtOnce"/>; mostly none.</returns>
    public IReadOnlyList<NewsItem> Take(string agent)
    {
        var memory = MemoryOf(agent, null);
        lock (memory)
        {
            Look(memory);
            return memory.Take(MostAtOnce);
        }
    }

    /// <summary>Notes that an agent's command made a stash.</summary>
    /// <param name="agent">Its name.</param>
    /// <param name="worktree">Where the command ran.</param>
    public void NoteStash(string agent, string worktree)
    {
        var memory = MemoryOf(agent, null);
        lock (memory)
        {
            if (memory.IsNew(("stash", worktree)))
            {
                memory.Add(new NewsItem.SharedStash(worktree));
            }
        }
    }

    /// <summary>Whether anything waits to be told to an agent.</summary>
    /// <param name="agent">Its name.</param>
    /// <param name="since">The last event that is not new to it, if it calls for the first time; null for the newest there is.</param>
    /// <param name="due">In how many seconds something will be to tell if nothing changes; null for never.</param>
    internal bool IsAny(string agent, long? since, out double? due)
    {
        var memory = MemoryOf(agent, since);
        lock (memory)
        {
            Look(memory);
            due = _claims.NextDue(memory);
            return memory.IsWaiting;
        }
    }

    private AgentMemory MemoryOf(string agent, long? since)
    {
        if (_agents.TryGetValue(agent, out var known))
        {
            return known;
        }

        if (_agents.Count >= MostAgents)
        {
            // Names are free; nobody who makes them up fills the memory.
            _agents.Clear();
        }

        var memory = new AgentMemory(agent, since ?? _store.Newest().Seq);
        foreach (var task in _board.Everything().Views.Select(view => view.Task).Where(task => task.Owner == agent))
        {
            EventNews.Know(memory, task);
        }

        return _agents.GetOrAdd(agent, memory);
    }

    private void Look(AgentMemory memory)
    {
        Judge(memory);
        if (_store.Edits.Notice(memory.Own.OrderDescending().Take(MostLookedAt)))
        {
            Judge(memory);
        }

        _claims.Look(memory);
        _files.Look(memory);
    }

    private void Judge(AgentMemory memory)
    {
        var (log, last) = _store.Newest();
        if (memory.Log != log)
        {
            foreach (var logged in _store.Events.Newer(memory.Seq, last, MostEvents).Select(LoggedEvent.From))
            {
                _events.Judge(memory, logged);
                memory.Seq = logged.Seq;
            }

            // A change is in the log a moment before its events are in theirs: then the next look goes on from here.
            memory.Log = memory.Seq >= last ? log : null;
        }
    }
}

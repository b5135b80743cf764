using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.News;

/// <summary>What one agent was told, and what waits for its next answer. In memory alone: what is older than the first call stands on the board.</summary>
/// <param name="agent">Its name.</param>
/// <param name="seq">The number of the last event that is not new to it.</param>
internal sealed class AgentMemory(string agent, long seq)
{
    // Of more than that the oldest give way: an agent that calls so rarely reads the board.
    private const int MostWaiting = 12;
    private const int MostKeys = 2_000;

    private readonly Queue<NewsItem> _waiting = new();
    private readonly HashSet<object> _told = [];

    internal string Agent => agent;

    /// <summary>The number of the last event that was looked at.</summary>
    internal long Seq { get; set; } = seq;

    /// <summary>How far the log went when all events up to there had been looked at.</summary>
    internal LogMark? Log { get; set; }

    /// <summary>The version of the names of changed files that was looked at.</summary>
    internal long Names { get; set; } = -1;

    /// <summary>Tasks whose owner it is, or was last.</summary>
    internal HashSet<int> Own { get; } = [];

    /// <summary>Those of them that it holds.</summary>
    internal HashSet<int> Held { get; } = [];

    internal bool IsWaiting => _waiting.Count > 0;

    /// <summary>Has it told once.</summary>
    internal void Add(NewsItem item)
    {
        if (_waiting.Count == MostWaiting)
        {
            _waiting.Dequeue();
        }

        _waiting.Enqueue(item);
    }

    /// <summary>Whether something was not told yet; from now on it counts as told.</summary>
    internal bool IsNew(object key)
    {
        if (_told.Count >= MostKeys)
        {
            _told.Clear();
        }

        return _told.Add(key);
    }

    /// <summary>Takes what waits, the oldest first.</summary>
    internal IReadOnlyList<NewsItem> Take(int most)
    {
        List<NewsItem> taken = [];
        while (taken.Count < most && _waiting.TryDequeue(out var item))
        {
            taken.Add(item);
        }

        return taken;
    }
}

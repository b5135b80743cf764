namespace WorktreeMcp.Domain.News;

/// <summary>Something that an agent has to know and did not ask for, as a value: whoever shows it has words of its own.</summary>
public abstract record NewsItem
{
    private NewsItem()
    {
    }

    /// <summary>Somebody left a note on its task: a word, an answer, a comment of a review.</summary>
    /// <param name="TaskId">The task.</param>
    /// <param name="By">Who wrote it.</param>
    /// <param name="Text">What was written.</param>
    public sealed record NoteLeft(int TaskId, string By, string Text) : NewsItem
    {
        /// <summary>Whether it answers a question.</summary>
        public bool IsAnswer { get; init; }
    }

    /// <summary>Somebody changed its task.</summary>
    /// <param name="TaskId">The task.</param>
    /// <param name="By">Who did; null for an edit of the file by hand.</param>
    /// <param name="Members">What was changed; empty when nobody knows.</param>
    public sealed record TaskChanged(int TaskId, string? By, IReadOnlyList<string> Members) : NewsItem;

    /// <summary>Somebody completed its task.</summary>
    /// <param name="TaskId">The task.</param>
    /// <param name="By">Who did.</param>
    public sealed record TaskCompleted(int TaskId, string By) : NewsItem;

    /// <summary>Its claim was taken over, since it had ended.</summary>
    /// <param name="TaskId">The task.</param>
    /// <param name="By">Who has it now.</param>
    public sealed record ClaimTaken(int TaskId, string By) : NewsItem;

    /// <summary>Its task was put back on the board.</summary>
    /// <param name="TaskId">The task.</param>
    /// <param name="By">Who did.</param>
    public sealed record ClaimReleased(int TaskId, string By) : NewsItem;

    /// <summary>Its claim ends soon.</summary>
    /// <param name="TaskId">The task.</param>
    /// <param name="Minutes">In how many minutes.</param>
    public sealed record ClaimEnding(int TaskId, int Minutes) : NewsItem;

    /// <summary>Its claim has ended, and nobody has taken the task over yet.</summary>
    /// <param name="TaskId">The task.</param>
    public sealed record ClaimEnded(int TaskId) : NewsItem;

    /// <summary>Another active worktree changes files that its own changes too.</summary>
    /// <param name="Worktree">Its own.</param>
    /// <param name="Other">The other one.</param>
    /// <param name="Owner">Who works there; null when nobody knows.</param>
    /// <param name="Files">The files that were not told before.</param>
    public sealed record SameFiles(string Worktree, string Other, string? Owner, IReadOnlyList<string> Files) : NewsItem;

    /// <summary>Its base moved over files that it changed.</summary>
    /// <param name="Worktree">Its worktree.</param>
    /// <param name="Base">The branch that moved.</param>
    /// <param name="Landed">The worktree that landed there.</param>
    /// <param name="Files">The files.</param>
    public sealed record BaseMoved(string Worktree, string Base, string Landed, IReadOnlyList<string> Files) : NewsItem;

    /// <summary>Its worktree changes files that its task does not mean to change.</summary>
    /// <param name="Worktree">Its worktree.</param>
    /// <param name="TaskId">The task.</param>
    /// <param name="Files">The files that were not told before.</param>
    public sealed record OutsideScope(string Worktree, int TaskId, IReadOnlyList<string> Files) : NewsItem;

    /// <summary>Its command made a stash, which all worktrees share.</summary>
    /// <param name="Worktree">Where the command ran.</param>
    public sealed record SharedStash(string Worktree) : NewsItem;
}

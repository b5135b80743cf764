using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Web.Wire;

/// <summary>Why something was not done.</summary>
/// <param name="Code">The kind.</param>
/// <param name="Message">What is the case.</param>
/// <param name="Hint">What can be done.</param>
internal sealed record RefusedReply(string Code, string Message, string Hint);

/// <summary>A repository in the page's switch.</summary>
/// <param name="Index">Its place.</param>
/// <param name="Name">Its name.</param>
/// <param name="Needs">How much needs a person there.</param>
internal sealed record RepositoryRow(int Index, string Name, int Needs);

/// <summary>The board.</summary>
internal sealed record BoardReply(string Name, string Root, string Person, string Seq, IReadOnlyList<ColumnRow> Columns, IReadOnlyList<AskRow> Asks)
{
    /// <summary>The branch that work lands in.</summary>
    public string? Base { get; init; }

    /// <summary>The commit it is at.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>Who holds a task now.</summary>
    public IReadOnlyList<string> Agents { get; init; } = [];

    /// <summary>Tasks that can be begun.</summary>
    public int Ready { get; init; }

    /// <summary>Worktrees to work in.</summary>
    public int Worktrees { get; init; }

    /// <summary>What differs from its record.</summary>
    public IReadOnlyList<string> Drift { get; init; } = [];

    /// <summary>Everybody to filter by.</summary>
    public IReadOnlyList<string> Owners { get; init; } = [];

    /// <summary>Labels to filter by.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>All repositories of the page.</summary>
    public IReadOnlyList<RepositoryRow> Repositories { get; init; } = [];
}

/// <summary>A column.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Total">How many cards in all.</param>
/// <param name="Cards">Some of them.</param>
internal sealed record ColumnRow(string Kind, int Total, IReadOnlyList<CardRow> Cards)
{
    internal static ColumnRow Of(CardColumn column) => new(PageWords.Word(column.Kind), column.Total, [.. column.Cards.Select(CardRow.Of)]);
}

/// <summary>Something that needs a person.</summary>
internal sealed record AskRow(int Repository, string Kind, int Task, string Subject, string? By, double At, string Text, bool Worktree)
{
    private const int MostText = 4_000;

    internal static AskRow Of(int repository, TaskCard card)
    {
        var task = card.Task;
        var said = task.Question?.Text ?? task.Notes.LastOrDefault(note => !note.IsPersons)?.Text ?? string.Empty;
        return new AskRow(
            repository,
            task.Attention == TaskAttention.None ? "unfinished" : PageWords.Word(task.Attention),
            task.Id,
            task.Subject,
            task.Question?.By ?? task.Owner,
            task.Question?.At ?? task.UpdatedAt,
            said.Length <= MostText ? said : said[..MostText],
            task.LiveWorktree is not null);
    }
}

/// <summary>A task as a card.</summary>
internal sealed record CardRow(int Id, string Subject, string Place, string Priority, string Attention, double Updated)
{
    /// <summary>Who has it, or had it.</summary>
    public string? Owner { get; init; }

    /// <summary>Until when its owner holds it; null when nobody does.</summary>
    public double? Until { get; init; }

    /// <summary>When its claim ended; null while it has not.</summary>
    public double? Since { get; init; }

    /// <summary>Since when it asks.</summary>
    public double? Asked { get; init; }

    /// <summary>Open tasks it waits for.</summary>
    public IReadOnlyList<int>? WaitsFor { get; init; }

    /// <summary>Its worktree.</summary>
    public string? Worktree { get; init; }

    /// <summary>Commits its base lacks.</summary>
    public int? Ahead { get; init; }

    /// <summary>Commits it lacks.</summary>
    public int? Behind { get; init; }

    /// <summary>Files that are not committed.</summary>
    public int? Uncommitted { get; init; }

    /// <summary>How its worktree differs from its record.</summary>
    public IReadOnlyList<string>? Drift { get; init; }

    /// <summary>A command that runs there.</summary>
    public CommandNow? Running { get; init; }

    /// <summary>Others that change the same files.</summary>
    public IReadOnlyList<SharedRow>? Shared { get; init; }

    /// <summary>What happened last.</summary>
    public Happening? Last { get; init; }

    internal static CardRow Of(TaskCard card)
    {
        var (task, view) = (card.Task, card.Worktree);
        return new CardRow(task.Id, task.Subject, PageWords.Word(card.Place), PageWords.Word(task.Priority), PageWords.Word(task.Attention), task.UpdatedAt)
        {
            Owner = task.Owner,
            Until = card.LeaseLeft > 0 ? task.LeaseUntil : null,
            Since = card.Place == TaskPlace.LeftOver ? task.LeaseUntil : null,
            Asked = task.Question?.At,
            WaitsFor = card.WaitsFor.Count > 0 ? card.WaitsFor : null,
            Worktree = view?.Worktree.Name,
            Ahead = card.Ahead,
            Behind = view?.Behind,
            Uncommitted = view?.Changes?.Count,
            Drift = view is { Drift.Count: > 0 } ? view.Drift : null,
            Running = view?.Worktree.Runs is [.., var run] ? CommandNow.Of(run) : null,
            Shared = card.Shared.Count > 0 ? [.. card.Shared.Select(SharedRow.Of)] : null,
            Last = card.Last is { } last ? Happening.From(last) : null,
        };
    }
}

/// <summary>A command that runs.</summary>
internal sealed record CommandNow(string Run, string Command, string By, double Since, string Kind)
{
    internal static CommandNow Of(BegunRun run) => new(run.Id, run.Command, run.By, run.StartedAt, run.Kind);
}

/// <summary>Another worktree that changes the same files.</summary>
internal sealed record SharedRow(string Worktree, int? Task, IReadOnlyList<string> Files, int Total)
{
    private const int MostFiles = 5;

    internal static SharedRow Of(SharedWork shared) => new(shared.Worktree, shared.TaskId, [.. shared.Files.Take(MostFiles)], shared.Files.Count);
}

using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Web.Wire;

/// <summary>A task in detail.</summary>
internal sealed record TaskReply(int Id, string Subject, string Description, string Status, string Place, string Priority, string Attention, long Revision)
{
    /// <summary>Its labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Who has it, or had it.</summary>
    public string? Owner { get; init; }

    /// <summary>Until when its owner holds it; null when nobody does.</summary>
    public double? Until { get; init; }

    /// <summary>When its claim ended; null while it has not.</summary>
    public double? Since { get; init; }

    /// <summary>When it was written.</summary>
    public double Created { get; init; }

    /// <summary>When it changed last.</summary>
    public double Updated { get; init; }

    /// <summary>What is asked and not answered.</summary>
    public AskedRow? Question { get; init; }

    /// <summary>What was said about it, oldest first.</summary>
    public IReadOnlyList<PageNoteRow> Notes { get; init; } = [];

    /// <summary>Tasks it waits for, over or not.</summary>
    public IReadOnlyList<OtherRow> BlockedBy { get; init; } = [];

    /// <summary>Tasks that wait for it.</summary>
    public IReadOnlyList<OtherRow> HoldsUp { get; init; } = [];

    /// <summary>Its worktree; null when it has none to work in.</summary>
    public PageWorktreeRow? Worktree { get; init; }

    /// <summary>Why its worktree cannot be shown.</summary>
    public string? Problem { get; init; }

    /// <summary>What has to hold before it can land.</summary>
    public IReadOnlyList<HurdleRow>? Hurdles { get; init; }

    /// <summary>What it is held to; null for nothing.</summary>
    public ContractReply? Contract { get; init; }

    /// <summary>Its removed worktrees that wait in the trash.</summary>
    public IReadOnlyList<PageTrashRow> Trash { get; init; } = [];

    /// <summary>Under whose name the page acts.</summary>
    public string Person { get; init; } = string.Empty;
}

/// <summary>A question.</summary>
internal sealed record AskedRow(string Text, string By, double At);

/// <summary>A note.</summary>
internal sealed record PageNoteRow(double At, string By, string Text, bool Person, string? Answers)
{
    internal static PageNoteRow Of(TaskNote note) => new(note.At, note.By, note.Text, note.IsPersons, note.Answers);
}

/// <summary>Another task.</summary>
internal sealed record OtherRow(int Id, string? Subject, bool Open);

/// <summary>Something that has to hold before work can land.</summary>
internal sealed record HurdleRow(string Need, bool? Met, IReadOnlyList<string> Names, int Total)
{
    private const int MostNames = 5;

    internal static HurdleRow Of(LandingHurdle hurdle) => new(PageWords.Word(hurdle.Need), hurdle.Met, [.. hurdle.Names.Take(MostNames)], hurdle.Names.Count);
}

/// <summary>A removed worktree.</summary>
internal sealed record PageTrashRow(int Id, string Name, double RemovedAt, double Until, long? Bytes);

/// <summary>A commit.</summary>
internal sealed record PageCommitRow(string Hash, string Subject, double At);

/// <summary>A worktree in detail.</summary>
internal sealed record PageWorktreeRow(string Name, string Branch, string Path, string Status)
{
    /// <summary>What it started from.</summary>
    public string? Base { get; init; }

    /// <summary>The commit it started from.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>Its commit.</summary>
    public string? Head { get; init; }

    /// <summary>When it was made.</summary>
    public double Created { get; init; }

    /// <summary>Commits its base lacks.</summary>
    public int? Ahead { get; init; }

    /// <summary>Commits it lacks.</summary>
    public int? Behind { get; init; }

    /// <summary>Files that are not committed, some of them.</summary>
    public IReadOnlyList<string> Uncommitted { get; init; } = [];

    /// <summary>How many there are.</summary>
    public int? UncommittedTotal { get; init; }

    /// <summary>Its commits, newest first.</summary>
    public IReadOnlyList<PageCommitRow> Commits { get; init; } = [];

    /// <summary>Commands that run in it.</summary>
    public IReadOnlyList<CommandNow> Running { get; init; } = [];

    /// <summary>How it differs from its record.</summary>
    public IReadOnlyList<string> Drift { get; init; } = [];

    /// <summary>Why it was kept.</summary>
    public string? Reason { get; init; }

    /// <summary>Why git has it locked.</summary>
    public string? Locked { get; init; }

    /// <summary>How its setup failed.</summary>
    public string? SetupFailed { get; init; }

    /// <summary>The first of its ports.</summary>
    public int? Ports { get; init; }

    /// <summary>The commit that it landed as.</summary>
    public string? Landed { get; init; }

    private const int MostFiles = 100;

    internal static PageWorktreeRow Of(WorktreeDetail detail)
    {
        var (view, entry) = (detail.View, detail.View.Worktree);
        var files = detail.Files is { } changes ? changes.Staged.Concat(changes.Modified).Concat(changes.Conflicted).Concat(changes.Untracked).Distinct(StringComparer.Ordinal).ToList() : null;
        return new PageWorktreeRow(entry.Name, entry.Branch, entry.Path, PageWords.Word(entry.Status))
        {
            Base = entry.BaseRef,
            BaseCommit = entry.BaseCommit,
            Head = view.Head,
            Created = entry.CreatedAt,
            Ahead = view.Ahead,
            Behind = view.Behind,
            Uncommitted = files is null ? [] : [.. files.Take(MostFiles)],
            UncommittedTotal = files?.Count,
            Commits = [.. detail.Commits.Select(commit => new PageCommitRow(commit.Hash, commit.Subject, commit.At))],
            Running = [.. detail.Running.Select(run => new CommandNow(run.RunId, run.Command, run.By, run.StartedAt, run.Kind))],
            Drift = view.Drift,
            Reason = entry.Reason,
            Locked = detail.Locked,
            SetupFailed = entry.Setup is { State: "failed" } setup ? setup.Detail : null,
            Ports = entry.Ports,
            Landed = entry.Landed?.Commit,
        };
    }
}

/// <summary>A page of what happened with a task, newest first.</summary>
internal sealed record TimelineReply(IReadOnlyList<Happening> Events, bool More);

/// <summary>A part of a command's output.</summary>
internal sealed record OutputReply(string Run, string Command, string By, string Worktree, double StartedAt, bool Running, bool Lost, long Next, long Length, long Missing, string Text)
{
    /// <summary>How it ended; null while it runs.</summary>
    public EndRow? End { get; init; }
}

/// <summary>How a command ended.</summary>
internal sealed record EndRow(int? Exit, string? Signal, bool TimedOut, string? StoppedBy, string? Error, double At, double Seconds);

/// <summary>What a worktree changes.</summary>
internal sealed record ChangesReply(string Worktree, string Base, string? Head, IReadOnlyList<ChangedRow> Files, IReadOnlyList<string> TooLarge, IReadOnlyList<string> Notes);

/// <summary>A changed file.</summary>
internal sealed record ChangedRow(string Path, string? OldPath, string Change, int? Added, int? Deleted, bool Uncommitted);

/// <summary>One file line by line.</summary>
internal sealed record FileReply(string Path, bool Binary, bool More, IReadOnlyList<HunkRow> Hunks);

/// <summary>A part of a file in which lines differ.</summary>
/// <param name="Old">The first line before.</param>
/// <param name="New">The first line after.</param>
/// <param name="Lines">Each begins with a space, + or -, as in a patch; \ says that the last one has no end.</param>
internal sealed record HunkRow(int Old, int New, IReadOnlyList<string> Lines);

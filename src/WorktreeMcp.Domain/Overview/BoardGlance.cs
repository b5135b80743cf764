using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Overview;

/// <summary>How much of each part is wanted.</summary>
/// <param name="Ready">Ready tasks.</param>
/// <param name="InProgress">Tasks in progress.</param>
/// <param name="Worktrees">Worktrees.</param>
/// <param name="Concerns">What needs a person.</param>
/// <param name="Events">Last events; what happens before and after one step is two.</param>
public sealed record GlanceLimits(int Ready = 8, int InProgress = 10, int Worktrees = 10, int Concerns = 6, int Events = 15)
{
    /// <summary>Worktrees in the trash.</summary>
    internal const int InTrash = 3;
}

/// <summary>Some of many.</summary>
/// <typeparam name="T">Of what.</typeparam>
/// <param name="Items">The first ones.</param>
/// <param name="Total">How many there are in all.</param>
public sealed record Shown<T>(IReadOnlyList<T> Items, int Total);

/// <summary>A task that somebody works on, or worked on.</summary>
/// <param name="Task">The task.</param>
/// <param name="LeaseLeft">Seconds for which its owner still holds it; 0 when nobody does.</param>
/// <param name="LeftBehind">Whether its claim has ended.</param>
public sealed record HeldTask(BoardTask Task, double LeaseLeft, bool LeftBehind);

/// <summary>Why a person should look.</summary>
public enum ConcernKind
{
    /// <summary>An agent waits for an answer.</summary>
    NeedsInput,

    /// <summary>Work waits for a review.</summary>
    Review,

    /// <summary>An agent gave up.</summary>
    Failed,

    /// <summary>A claim has ended, and nobody has taken the task over.</summary>
    LeftBehind,

    /// <summary>A file cannot be understood.</summary>
    DamagedFile,

    /// <summary>The setup commands of a worktree failed.</summary>
    SetupFailed,
}

/// <summary>Something that a person should look at.</summary>
/// <param name="Kind">Why.</param>
/// <param name="TaskId">Which task, or null.</param>
/// <param name="Worktree">Which worktree, or null.</param>
/// <param name="Text">More about it, or null.</param>
public sealed record Concern(ConcernKind Kind, int? TaskId, string? Worktree, string? Text);

/// <summary>All that one has to know before the next step.</summary>
/// <param name="Ready">Tasks that can be claimed, the best first.</param>
/// <param name="InProgress">Tasks in progress, the ones left behind first.</param>
/// <param name="Blocked">How many tasks wait for others.</param>
/// <param name="Completed">How many are done.</param>
/// <param name="Worktrees">Worktrees, the ones with drift first.</param>
/// <param name="Concerns">What needs a person.</param>
/// <param name="Events">The last events, oldest first.</param>
public sealed record BoardGlance(
    Shown<TaskView> Ready, Shown<HeldTask> InProgress, int Blocked, int Completed, Shown<WorktreeView> Worktrees, Shown<Concern> Concerns, IReadOnlyList<JsonElement> Events)
{
    /// <summary>Where the repository lies.</summary>
    public string Root { get; init; } = string.Empty;

    /// <summary>The branch that work starts from and lands in; null when the main checkout is on none.</summary>
    public string? Base { get; init; }

    /// <summary>The number of the newest event when this was looked at; what comes later is not in it.</summary>
    public long LastSeq { get; init; }

    /// <summary>Whether there were tasks and all of them are over.</summary>
    public bool Done { get; init; }

    /// <summary>Tasks that others may wait for, since somebody works on them or has asked something: first those that the most tasks wait for.</summary>
    public IReadOnlyList<BoardTask> WaitedFor { get; init; } = [];

    /// <summary>Removed worktrees of open tasks that can be restored, the one removed last first.</summary>
    public Shown<Worktree> InTrash { get; init; } = new([], 0);

    /// <summary>What the doctor would say of the repository as a whole; empty when nothing is seen.</summary>
    public IReadOnlyList<string> Drift { get; init; } = [];

    /// <summary>What of the settings keeps commands from running, or does not count until a person approves it; none where all of them hold.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];
}

using System.Text.Json.Serialization;

namespace WorktreeMcp.Domain.Refusals;

/// <summary>What can be done here, as a kind. Whoever shows it has a word for it: the name of a tool, a command, a button.</summary>
public enum Step
{
    /// <summary>Look at what there is to do and who does it.</summary>
    ShowBoard,

    /// <summary>Record a goal.</summary>
    CreateTask,

    /// <summary>Look through the tasks.</summary>
    ListTasks,

    /// <summary>Read one task.</summary>
    ShowTask,

    /// <summary>Change a task.</summary>
    ChangeTask,

    /// <summary>Take a task.</summary>
    ClaimTask,

    /// <summary>Let a worktree serve a task.</summary>
    BindTask,

    /// <summary>Make a worktree.</summary>
    CreateWorktree,

    /// <summary>Look through the worktrees.</summary>
    ListWorktrees,

    /// <summary>Look at one worktree.</summary>
    ShowWorktree,

    /// <summary>Read what a worktree changes.</summary>
    DiffWorktree,

    /// <summary>Run a command in a worktree.</summary>
    RunCommand,

    /// <summary>Read what a command wrote.</summary>
    ReadOutput,

    /// <summary>End a command.</summary>
    StopRun,

    /// <summary>Bring a worktree's work into its base.</summary>
    LandWorktree,

    /// <summary>Leave a worktree as it is, with a reason.</summary>
    KeepWorktree,

    /// <summary>Take a worktree down.</summary>
    RemoveWorktree,

    /// <summary>Bring a removed worktree back.</summary>
    RestoreWorktree,
}

/// <summary>The one thing that most likely comes next, with what it needs, as a value: an agent, a terminal and a page each have words of their own for it.</summary>
/// <param name="Kind">What it does.</param>
[JsonPolymorphic]
[JsonDerivedType(typeof(ShowBoard), nameof(Step.ShowBoard))]
[JsonDerivedType(typeof(ListTasks), nameof(Step.ListTasks))]
[JsonDerivedType(typeof(ShowTask), nameof(Step.ShowTask))]
[JsonDerivedType(typeof(ReopenTask), nameof(Step.ChangeTask))]
[JsonDerivedType(typeof(CreateWorktree), nameof(Step.CreateWorktree))]
[JsonDerivedType(typeof(ListWorktrees), nameof(Step.ListWorktrees))]
[JsonDerivedType(typeof(ShowWorktree), nameof(Step.ShowWorktree))]
[JsonDerivedType(typeof(DiffWorktree), nameof(Step.DiffWorktree))]
[JsonDerivedType(typeof(RunCommand), nameof(Step.RunCommand))]
[JsonDerivedType(typeof(ReadOutput), nameof(Step.ReadOutput))]
[JsonDerivedType(typeof(StopRun), nameof(Step.StopRun))]
[JsonDerivedType(typeof(LandWorktree), nameof(Step.LandWorktree))]
[JsonDerivedType(typeof(KeepWorktree), nameof(Step.KeepWorktree))]
[JsonDerivedType(typeof(RemoveWorktree), nameof(Step.RemoveWorktree))]
[JsonDerivedType(typeof(RestoreWorktree), nameof(Step.RestoreWorktree))]
public abstract record NextStep([property: JsonIgnore] Step Kind)
{
    /// <summary>Look at the board.</summary>
    public sealed record ShowBoard() : NextStep(Step.ShowBoard);

    /// <summary>Look through the tasks.</summary>
    public sealed record ListTasks() : NextStep(Step.ListTasks);

    /// <summary>Read a task.</summary>
    /// <param name="Id">Its number.</param>
    public sealed record ShowTask(int Id) : NextStep(Step.ShowTask);

    /// <summary>Make a task pending again.</summary>
    /// <param name="Id">Its number.</param>
    public sealed record ReopenTask(int Id) : NextStep(Step.ChangeTask);

    /// <summary>Make a worktree.</summary>
    /// <param name="Name">Its name; null where it is left to the caller or the task.</param>
    /// <param name="Branch">A branch that exists, to work on; null for a new one.</param>
    /// <param name="TaskId">The task that it serves, or null.</param>
    public sealed record CreateWorktree(string? Name = null, string? Branch = null, int? TaskId = null) : NextStep(Step.CreateWorktree);

    /// <summary>Look through the worktrees.</summary>
    /// <param name="Removed">Whether through those that were removed.</param>
    public sealed record ListWorktrees(bool Removed = false) : NextStep(Step.ListWorktrees);

    /// <summary>Look at a worktree.</summary>
    /// <param name="Name">Its name.</param>
    public sealed record ShowWorktree(string Name) : NextStep(Step.ShowWorktree);

    /// <summary>Read what a worktree changes.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Patch">Whether line by line.</param>
    public sealed record DiffWorktree(string Name, bool Patch = false) : NextStep(Step.DiffWorktree);

    /// <summary>Run a command in a worktree.</summary>
    /// <param name="Name">The worktree's name.</param>
    /// <param name="Command">The command line; "..." where only the caller knows it.</param>
    public sealed record RunCommand(string Name, string Command) : NextStep(Step.RunCommand);

    /// <summary>Read what a command wrote.</summary>
    /// <param name="RunId">Which run.</param>
    public sealed record ReadOutput(string RunId) : NextStep(Step.ReadOutput);

    /// <summary>End a command.</summary>
    /// <param name="RunId">Which run.</param>
    public sealed record StopRun(string RunId) : NextStep(Step.StopRun);

    /// <summary>Bring a worktree's work into its base.</summary>
    /// <param name="Name">Its name; null where the caller knows it.</param>
    /// <param name="Into">The branch it goes into; null for the one that it started from.</param>
    /// <param name="Strategy">How: merge, squash or rebase; null as the repository has it.</param>
    public sealed record LandWorktree(string? Name = null, string? Into = null, string? Strategy = null) : NextStep(Step.LandWorktree);

    /// <summary>Leave a worktree as it is.</summary>
    /// <param name="Name">Its name.</param>
    public sealed record KeepWorktree(string Name) : NextStep(Step.KeepWorktree);

    /// <summary>Take a worktree down.</summary>
    /// <param name="Name">Its name.</param>
    public sealed record RemoveWorktree(string Name) : NextStep(Step.RemoveWorktree);

    /// <summary>Bring a removed worktree back under another name.</summary>
    /// <param name="Name">The name that it had.</param>
    /// <param name="NewName">A free one.</param>
    /// <param name="TrashId">Which of the removed ones of that name.</param>
    public sealed record RestoreWorktree(string Name, string NewName, int TrashId) : NextStep(Step.RestoreWorktree);
}

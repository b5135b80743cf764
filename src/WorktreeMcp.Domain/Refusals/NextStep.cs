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

    /// <summary>Read what happened.</summary>
    ReadEvents,

    /// <summary>Read a file of a worktree.</summary>
    ReadFile,

    /// <summary>Edit a file of a worktree.</summary>
    EditFile,
}

/// <summary>The one thing that most likely comes next, with what it needs, as a value: an agent, a terminal and a page each have words of their own for it.</summary>
/// <param name="Kind">What it does.</param>
[JsonPolymorphic]
[JsonDerivedType(typeof(ShowBoard), nameof(Step.ShowBoard))]
[JsonDerivedType(typeof(CreateTask), nameof(Step.CreateTask))]
[JsonDerivedType(typeof(ListTasks), nameof(Step.ListTasks))]
[JsonDerivedType(typeof(ShowTask), nameof(Step.ShowTask))]
[JsonDerivedType(typeof(ReopenTask), nameof(ReopenTask))]
[JsonDerivedType(typeof(FinishTask), nameof(FinishTask))]
[JsonDerivedType(typeof(MeetCriteria), nameof(MeetCriteria))]
[JsonDerivedType(typeof(ClaimTask), nameof(Step.ClaimTask))]
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
[JsonDerivedType(typeof(ReadEvents), nameof(Step.ReadEvents))]
[JsonDerivedType(typeof(ReadFile), nameof(Step.ReadFile))]
[JsonDerivedType(typeof(EditFile), nameof(Step.EditFile))]
public abstract record NextStep([property: JsonIgnore] Step Kind)
{
    /// <summary>Look at the board.</summary>
    /// <param name="WaitSeconds">How long to wait for something new; null for a look at once.</param>
    /// <param name="SinceSeq">After which event something is new; null for what stands there and was not told yet.</param>
    public sealed record ShowBoard(int? WaitSeconds = null, long? SinceSeq = null) : NextStep(Step.ShowBoard);

    /// <summary>Record a goal.</summary>
    public sealed record CreateTask() : NextStep(Step.CreateTask);

    /// <summary>Look through the tasks.</summary>
    /// <param name="Cursor">Where the page before ended; null for the first.</param>
    public sealed record ListTasks(string? Cursor = null) : NextStep(Step.ListTasks);

    /// <summary>Read a task.</summary>
    /// <param name="Id">Its number.</param>
    public sealed record ShowTask(int Id) : NextStep(Step.ShowTask);

    /// <summary>Make a task pending again.</summary>
    /// <param name="Id">Its number.</param>
    public sealed record ReopenTask(int Id) : NextStep(Step.ChangeTask);

    /// <summary>Say that a task is done.</summary>
    /// <param name="Id">Its number.</param>
    public sealed record FinishTask(int Id) : NextStep(Step.ChangeTask);

    /// <summary>Say which of a task's criteria are met.</summary>
    /// <param name="Id">Its number.</param>
    /// <param name="Numbers">The criteria that are open.</param>
    public sealed record MeetCriteria(int Id, IReadOnlyList<int> Numbers) : NextStep(Step.ChangeTask);

    /// <summary>Take a task.</summary>
    /// <param name="Id">Its number; null for the best.</param>
    public sealed record ClaimTask(int? Id = null) : NextStep(Step.ClaimTask);

    /// <summary>Make a worktree.</summary>
    /// <param name="Name">Its name; null where it is left to the caller or the task.</param>
    /// <param name="Branch">A branch that exists, to work on; null for a new one.</param>
    /// <param name="TaskId">The task that it serves, or null.</param>
    public sealed record CreateWorktree(string? Name = null, string? Branch = null, int? TaskId = null) : NextStep(Step.CreateWorktree);

    /// <summary>Look through the worktrees.</summary>
    /// <param name="Removed">Whether through those that were removed.</param>
    /// <param name="Cursor">Where the page before ended; null for the first.</param>
    public sealed record ListWorktrees(bool Removed = false, string? Cursor = null) : NextStep(Step.ListWorktrees);

    /// <summary>Look at a worktree.</summary>
    /// <param name="Name">Its name.</param>
    public sealed record ShowWorktree(string Name) : NextStep(Step.ShowWorktree);

    /// <summary>Read what a worktree changes.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Patch">Whether line by line.</param>
    /// <param name="Cursor">Where the part before ended; null for the first.</param>
    public sealed record DiffWorktree(string Name, bool Patch = false, string? Cursor = null) : NextStep(Step.DiffWorktree);

    /// <summary>Run a command in a worktree.</summary>
    /// <param name="Name">The worktree's name.</param>
    /// <param name="Command">The command line; "..." where only the caller knows it.</param>
    public sealed record RunCommand(string Name, string Command) : NextStep(Step.RunCommand);

    /// <summary>Read what a command wrote.</summary>
    /// <param name="RunId">Which run.</param>
    /// <param name="Offset">Where to read on; a negative one counts from the end, null is the beginning.</param>
    public sealed record ReadOutput(string RunId, long? Offset = null) : NextStep(Step.ReadOutput);

    /// <summary>End a command.</summary>
    /// <param name="RunId">Which run.</param>
    public sealed record StopRun(string RunId) : NextStep(Step.StopRun);

    /// <summary>Bring a worktree's work into its base.</summary>
    /// <param name="Name">Its name; null where the caller knows it.</param>
    /// <param name="Into">The branch it goes into; null for the one that it started from.</param>
    /// <param name="Strategy">How: merge, squash or rebase; null as the repository has it.</param>
    /// <param name="CompleteTask">Whether its task is done with that.</param>
    /// <param name="Remove">Whether the worktree goes with that.</param>
    public sealed record LandWorktree(string? Name = null, string? Into = null, string? Strategy = null, bool CompleteTask = false, bool Remove = false) : NextStep(Step.LandWorktree);

    /// <summary>Leave a worktree as it is.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="CompleteTask">Whether its task is done with that.</param>
    public sealed record KeepWorktree(string Name, bool CompleteTask = false) : NextStep(Step.KeepWorktree);

    /// <summary>Take a worktree down.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="CompleteTask">Whether its task is done with that.</param>
    public sealed record RemoveWorktree(string Name, bool CompleteTask = false) : NextStep(Step.RemoveWorktree);

    /// <summary>Bring a removed worktree back.</summary>
    /// <param name="Name">The name that it had.</param>
    /// <param name="NewName">The name that it is to have; null for the same.</param>
    /// <param name="TrashId">Which of the removed ones of that name.</param>
    public sealed record RestoreWorktree(string Name, string? NewName, int TrashId) : NextStep(Step.RestoreWorktree);

    /// <summary>Read what happened.</summary>
    /// <param name="Since">Only what came after this number.</param>
    public sealed record ReadEvents(long Since) : NextStep(Step.ReadEvents);

    /// <summary>Read a file of a worktree.</summary>
    /// <param name="Name">The worktree.</param>
    /// <param name="Path">Where the file lies in it.</param>
    /// <param name="FromLine">The first line; null for the beginning.</param>
    public sealed record ReadFile(string Name, string Path, int? FromLine = null) : NextStep(Step.ReadFile);

    /// <summary>Edit a file of a worktree; only the caller knows how.</summary>
    /// <param name="Name">The worktree.</param>
    /// <param name="Path">Where the file lies in it.</param>
    public sealed record EditFile(string Name, string Path) : NextStep(Step.EditFile);
}

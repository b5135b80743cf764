using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Overview;

/// <summary>What an agent does next that has nothing left to do where it was: one answer for each situation of the board.</summary>
internal static class NextOnBoard
{
    /// <summary>How long an agent is told to wait; it is woken as soon as there is something to do.</summary>
    internal const int WaitSeconds = 300;

    /// <summary>The step.</summary>
    /// <param name="board">What the board offers.</param>
    /// <returns>What comes next; null when all tasks are over.</returns>
    public static NextStep? Of(BoardSituation board) => board switch
    {
        { Own: { } own } => GoOn(own),
        { Best: { InTrash: not null } best } => new NextStep.ClaimTask(best.Task.Id),
        { Best: { Task.LiveWorktree: not null } best } => new NextStep.ClaimTask(best.Task.Id),
        { Best: { } best } => new NextStep.CreateWorktree(TaskId: best.Task.Id),
        { PutAside: { } aside } => GoOn(aside),
        { HasOpenTasks: true } => new NextStep.ShowBoard(WaitSeconds),
        { HasTasks: true } => null,
        _ => new NextStep.CreateTask(),
    };

    /// <summary>The step that goes on with a task that the agent holds.</summary>
    /// <param name="own">The task.</param>
    internal static NextStep GoOn(TaskAndWork own) => own switch
    {
        { Task.LiveWorktree: { } name } => new NextStep.ShowWorktree(name),
        { InTrash: { } id, Task.Worktree: { } name } => new NextStep.RestoreWorktree(name, null, id),
        _ => new NextStep.CreateWorktree(TaskId: own.Task.Id),
    };
}

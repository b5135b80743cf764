using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>How the setup of a worktree stands.</summary>
/// <param name="RunId">Its run.</param>
/// <param name="State">"running", "done" or "failed".</param>
/// <param name="Detail">How it failed; null if it did not.</param>
public sealed record SetupState(string RunId, string State, string? Detail = null)
{
    /// <summary>The entry after its setup has begun.</summary>
    internal static Worktree Begun(Worktree worktree, BegunRun run) =>
        run.Kind == BegunRun.Setup ? worktree with { Setup = new SetupState(run.Id, "running") } : worktree;

    /// <summary>The entry after its setup has ended; a failure raises the task's attention in the same operation.</summary>
    /// <param name="change">The operation.</param>
    /// <param name="board">Where its task is.</param>
    /// <param name="worktree">The entry.</param>
    /// <param name="run">What ended.</param>
    /// <param name="failure">How it failed, or null.</param>
    internal static Worktree Ended(StateChange change, TaskBoard board, Worktree worktree, BegunRun run, string? failure)
    {
        if (run.Kind != BegunRun.Setup)
        {
            return worktree;
        }

        if (failure is not null && worktree.TaskId is { } id && board.Find(id) is { IsOpen: true } task && task.LiveWorktree == worktree.Name)
        {
            TaskBoard.RaiseAttention(change, task, TaskAttention.Failed);
        }

        return worktree with { Setup = new SetupState(run.Id, failure is null ? "done" : "failed", failure) };
    }
}

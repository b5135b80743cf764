using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>Finds what is left of a task's work: in its worktree, which git is asked about, and in the trash, which takes no process.</summary>
internal sealed class LeftBehind(WorktreeEntries entries, WorktreeInspection inspection, WorktreeRuns commands)
{
    private const int MostInTrash = 3;

    /// <summary>What there is.</summary>
    /// <param name="task">The task.</param>
    /// <param name="isTaken">Whether its worktree may hold what somebody else left there; one that has just been made holds nothing.</param>
    internal WorkLeftBehind Of(BoardTask task, bool isTaken)
    {
        try
        {
            var all = entries.AsTheyAre();
            var worktree = isTaken && task.LiveWorktree is { } name && WorktreeEntries.Find(all, name) is { IsLive: true } found ? found : null;
            var inTrash = InTrash(all, task).Take(MostInTrash).Select(removed => inspection.Sketch(removed).View).ToList();
            return Looked(worktree, inTrash);
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return new WorkLeftBehind(null, [], $"What is left of task {task.Id} cannot be shown: {fault.Message}");
        }
    }

    /// <summary>The removed worktrees of a task that can be restored and may hold something, the one removed last first.</summary>
    internal static IEnumerable<Worktree> InTrash(IEnumerable<Worktree> all, BoardTask task) => all
        .Where(worktree => worktree.TaskId == task.Id && worktree.Status == WorktreeState.Removed
            && (worktree.Trash?.Took is { HasWork: true } || (task.LiveWorktree is null && (worktree.Landed is null || worktree.Trash?.Took is null))))
        .OrderByDescending(worktree => worktree.Id);

    private WorkLeftBehind Looked(Worktree? worktree, IReadOnlyList<WorktreeView> inTrash)
    {
        try
        {
            return new WorkLeftBehind(worktree is null ? null : inspection.Detail(worktree, commands.Running(worktree)), inTrash, null);
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return new WorkLeftBehind(null, inTrash, $"What lies in worktree \"{worktree!.Name}\" cannot be shown: {fault.Message}");
        }
    }
}

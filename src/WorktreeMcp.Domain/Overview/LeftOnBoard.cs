using System.Globalization;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Looking;

namespace WorktreeMcp.Domain.Overview;

/// <summary>What the board says of work that somebody left: of every task whose claim has ended, and of what can be restored.</summary>
internal static class LeftOnBoard
{
    /// <summary>A task whose claim has ended, with what is known of its work.</summary>
    /// <param name="task">The task.</param>
    /// <param name="entries">All worktrees, removed ones too.</param>
    /// <param name="seen">Those of them that were looked at.</param>
    internal static Concern Of(BoardTask task, IReadOnlyList<Worktree> entries, IReadOnlyList<WorktreeView> seen)
    {
        List<string> words = [$"{task.Owner}'s lease has ended"];
        if (task.LiveWorktree is { } name)
        {
            if (seen.FirstOrDefault(row => row.Worktree.Name == name) is { } view)
            {
                words.Add(string.Create(CultureInfo.InvariantCulture, $"{view.Changes?.Count ?? 0} uncommitted files, {view.Ahead ?? 0} commits of its own"));
            }

            if (entries.FirstOrDefault(entry => entry.IsLive && entry.Name == name) is { Runs: [var run, ..] })
            {
                words.Add($"a command may still run ({run.Id})");
            }
        }
        else if (LeftBehind.InTrash(entries, task).FirstOrDefault() is not { } removed)
        {
            words.Add("it has no worktree");
        }
        else
        {
            words.Add($"its worktree waits in the trash (trash_id {removed.Id}){(removed.Trash?.Took is { HasWork: true } took ? Words(took) : string.Empty)}");
        }

        return new Concern(ConcernKind.LeftBehind, task.Id, task.LiveWorktree, string.Join("; ", words));
    }

    /// <summary>Removed worktrees of open tasks that can be restored.</summary>
    internal static Shown<Worktree> InTrash(IReadOnlyList<TaskView> tasks, IReadOnlyList<Worktree> entries)
    {
        if (entries.All(entry => entry.Status != WorktreeState.Removed))
        {
            return new Shown<Worktree>([], 0);
        }

        var served = entries.Where(entry => entry.Status == WorktreeState.Removed).Select(entry => entry.TaskId).OfType<int>().ToHashSet();
        var all = tasks.Where(view => view.Task.IsOpen && served.Contains(view.Task.Id)).SelectMany(view => LeftBehind.InTrash(entries, view.Task)).OrderByDescending(entry => entry.Id).ToList();
        return new Shown<Worktree>([.. all.Take(GlanceLimits.InTrash)], all.Count);
    }

    private static string Words(RemovalTook took) => took.Uncommitted is { } files
        ? string.Create(CultureInfo.InvariantCulture, $" with {files} uncommitted files{(took.LooseCommits > 0 ? $" and {took.LooseCommits} commits on no branch" : string.Empty)}")
        : " with work that could not be counted";
}

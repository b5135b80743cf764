using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Creating;

/// <summary>Which names new worktrees cannot have, since something bears them, and which one they get where nobody asked for one.</summary>
internal sealed class TakenNames(WorktreePlaces parts)
{
    private const int MostTried = 50;

    private readonly StartingPoint _start = new(parts);

    /// <summary>The name of a new worktree for a task; of one that is there to work in, its own.</summary>
    internal string For(BoardTask? task, IReadOnlyList<Worktree> all)
    {
        if (task is null)
        {
            throw new Refusal(RefusalCode.InvalidArgument, "Neither name nor task_id was given with branch, so the worktree has no name.", "Give name, or task_id to name it after the task.");
        }

        if (task.LiveWorktree is { } live)
        {
            return WorktreeName.Require(live, "the worktree that the task names,");
        }

        var taken = all.Where(w => w.IsLive).Select(w => w.Name).Concat(WorktreeEntries.FaultyNames(all)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var names = Enumerable.Range(1, MostTried).Select(attempt => WorktreeName.Of(task.Id, task.Subject, attempt));
        return names.FirstOrDefault(name => !taken.Contains(name) && !parts.Exists(parts.Layout.Worktree(name)) && _start.IsFree(name)) ?? WorktreeName.Of(task.Id, task.Subject);
    }

    /// <summary>The worktree that is there already. The same name for the same task is the same wish; anything else that holds the name stands in the way.</summary>
    internal static Worktree? Existing(IReadOnlyList<Worktree> all, string name, BoardTask? task)
    {
        var live = all.Where(w => w.IsLive).ToList();
        var same = live.FirstOrDefault(w => string.Equals(w.Name, name, StringComparison.OrdinalIgnoreCase));
        if (same is null)
        {
            WorktreeEntries.RefuseFaulty(all, name);
            return null;
        }

        if (same.Name == name && task is not null && same.TaskId == task.Id && same.IsUsable)
        {
            return same;
        }

        if (same.Name == name && Passing(same) is { } passing)
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                $"Worktree \"{name}\" is just being {passing} by another call.",
                same.Status == WorktreeState.Creating && task is not null && same.TaskId == task.Id
                    ? "Wait a moment and repeat the call; it answers with that worktree then."
                    : "Wait a moment and repeat the call, or choose another name.",
                new NextStep.ListWorktrees());
        }

        throw new Refusal(
            RefusalCode.AlreadyExists,
            same.Name == name
                ? $"Worktree \"{name}\" already exists ({same.Status.Word()}, branch {same.Branch}{(same.TaskId is { } id ? $", task {id}" : string.Empty)})."
                : $"Worktree \"{same.Name}\" already exists; \"{name}\" differs only in case, which many file systems do not tell apart.",
            $"Choose another name, or bind a task to the one that exists with {Step.BindTask}.",
            new NextStep.ListWorktrees());
    }

    private static string? Passing(Worktree worktree) => worktree.Status switch
    {
        WorktreeState.Creating => "made",
        WorktreeState.Restoring => "restored",
        WorktreeState.Removing => "removed",
        _ => null,
    };
}

using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>What an agent takes into its hands: tasks, and worktrees out of the trash.</summary>
internal sealed partial class Driver
{
    private void Claim()
    {
        if (Pick(Tasks.Values.Where(t => t.IsOpen)) is not { } task)
        {
            return;
        }

        var isBlocked = task.BlockedBy.Any(b => Tasks[b].IsOpen);
        var after = task with { Status = "in_progress", Owner = Agent, IsHeld = true };
        var arguments = new JsonObject { ["task_id"] = task.Id, ["lease_minutes"] = 600 };
        var answer = Call("task_claim", arguments, new Pending("task_claim", arguments) { Before = task, After = after });
        TouchedTasks.Add(task.Id);
        if (answer.IsDone)
        {
            var isNew = (bool?)answer.Content["renewed"] != true;
            if (isNew && isBlocked)
            {
                storm.Findings.Add(Broken.Lost, $"{Agent}: task {task.Id} was claimed although it waits for others", answer.Content.ToJsonString());
            }

            if (isNew)
            {
                storm.Record.Expect("task.claimed", $"{task.Id}");
            }

            Change(task, after);
            Expect(after, answer.Content["task"]!.AsObject(), "the answer");
        }
        else if (answer.Outcome == Outcome.Refused && !(answer.Code == "task_blocked" && isBlocked))
        {
            storm.Findings.Add(Broken.Lost, $"{Agent}: task_claim of {task.Id} was refused", $"{answer.Code}: {answer.Message}");
        }
    }

    private void Restore()
    {
        if (Worktrees.Count >= MostLiving || Pick(Removed.Where(r => r.EntryId > 0 && !Worktrees.ContainsKey(r.Name))) is not { } worktree)
        {
            return;
        }

        // A task that is gone or has another worktree is left as it is.
        var bound = worktree.TaskId is { } id ? Tasks[id] : null;
        var task = bound is { Status: not "deleted", HasLiveWorktree: false } ? bound : null;
        var after = task is null ? null : task with { Worktree = worktree.Name, WorktreeState = worktree.StatusBefore };
        var arguments = new JsonObject { ["name"] = worktree.Name, ["trash_id"] = worktree.EntryId };
        var answer = Call("worktree_restore", arguments, new Pending("worktree_restore", arguments) { Before = task, After = after, Worktree = worktree });
        if (answer.IsDone)
        {
            Restored(worktree, task, after);
            storm.Record.Expect("worktree.restored", worktree.Name);
        }
        else if (answer.Outcome == Outcome.Refused && answer.Code != "worktree_busy" && !storm.GitKilledRecently(number) && !storm.WasSwept)
        {
            storm.Findings.Add(Broken.Lost, $"{Agent}: worktree_restore of {worktree.Name} ({worktree.EntryId}) was refused", $"{answer.Code}: {answer.Message}");
        }
    }

    /// <summary>Takes into the record that a worktree is back in its place.</summary>
    public void Restored(WorktreeModel worktree, TaskModel? before, TaskModel? after)
    {
        var branchIsFree = !Worktrees.Values.Any(w => w.Branch == worktree.Branch && !w.IsDetached);
        Removed.Remove(worktree);
        Worktrees[worktree.Name] = worktree;
        worktree.Status = worktree.StatusBefore;
        worktree.TaskId = after?.Id;
        worktree.MayKeepBranch = true;
        worktree.Touched = true;
        Change(before, after);

        // A branch that went on, or on which another works, is left alone.
        var tip = storm.Git.Try("rev-parse", "-q", "--verify", $"refs/heads/{worktree.Branch}").Output;
        worktree.IsDetached |= !branchIsFree || tip != worktree.Head;
    }
}

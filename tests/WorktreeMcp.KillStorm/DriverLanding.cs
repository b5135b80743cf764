using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>What an agent does to bring its work into main.</summary>
internal sealed partial class Driver
{
    // A worktree in use by what a kill left, a person at work in the main checkout.
    private static readonly HashSet<string> MayStopALanding = ["worktree_busy", "base_dirty", "merge_conflict", "git_failed"];

    private void Merge()
    {
        if ((Pick(Worktrees.Values.Where(w => w.HasOwnCommits && !w.IsDetached)) ?? Pick(Worktrees.Values.Where(w => !w.IsDetached))) is not { } worktree)
        {
            return;
        }

        var arguments = new JsonObject { ["name"] = worktree.Name, ["into"] = Landings.Base, ["strategy"] = _random.Next(2) == 0 ? "squash" : "merge" };
        var task = worktree.TaskId is { } id ? Tasks[id] : null;
        var after = task;
        if (task is { IsOpen: true } && _random.Next(3) == 0)
        {
            arguments["complete_task"] = true;
            after = task with { Status = "completed", IsHeld = false };
        }

        worktree.Touched = true;
        var answer = Call("worktree_merge", arguments, new Pending("worktree_merge", arguments) { Before = task, After = after, Worktree = worktree });
        if (answer.IsDone)
        {
            if (worktree.Uncommitted.Count > 0)
            {
                storm.Findings.Add(Broken.Lost, $"worktree {worktree.Name} landed in spite of {string.Join(", ", worktree.Uncommitted)}");
            }

            if ((bool?)answer.Content["already"] == true)
            {
                HadLanded(worktree, task, after);
            }
            else
            {
                Landed(worktree, (string)answer.Content["commit"]!, task, after);
                storm.Record.Expect("worktree.merge.after", worktree.Name);
            }
        }
        else if (answer.Outcome == Outcome.Refused && !MayStopALanding.Contains(answer.Code) && !MustWait(answer) && !(answer.Code == "worktree_dirty" && worktree.Uncommitted.Count > 0) && !storm.WasSwept)
        {
            storm.Findings.Add(Broken.Lost, $"{Agent}: worktree_merge of {worktree.Name} was refused", $"{arguments.ToJsonString()}\n{answer.Code}: {answer.Message}");
        }
    }

    /// <summary>Takes a landing into the record; the branch stays where it was or follows.</summary>
    public void Landed(WorktreeModel worktree, string commit, TaskModel? before, TaskModel? after)
    {
        storm.Landings.Take(worktree.Head, commit);
        var now = storm.Git.Run("rev-parse", $"refs/heads/{worktree.Branch}");
        if (now != worktree.Head && now != commit)
        {
            storm.Findings.Add(Broken.Lost, $"branch {worktree.Branch} was at {worktree.Head}, landed as {commit} and is at {now}");
        }

        worktree.Head = now;
        worktree.LandedAs = commit;
        worktree.Touched = true;
        storm.Commits.Add(commit);
        Change(before, after);
    }

    /// <summary>A branch that could not follow its landing then follows with a later call, as long as nothing was done on it.</summary>
    public void Followed(WorktreeModel worktree)
    {
        if (storm.Landings.CommitOf(worktree.Head) is { } commit && storm.Git.Run("rev-parse", $"refs/heads/{worktree.Branch}") == commit)
        {
            worktree.Head = commit;
        }
    }

    /// <summary>Takes into the record that there was nothing to land.</summary>
    public void HadLanded(WorktreeModel worktree, TaskModel? before, TaskModel? after)
    {
        Followed(worktree);
        if (!storm.Landings.HasAllOf(worktree.Head))
        {
            storm.Findings.Add(Broken.Lost, $"worktree {worktree.Name} was said to have landed and {Landings.Base} lacks work of {worktree.Head}");
        }

        Change(before, after);
    }
}

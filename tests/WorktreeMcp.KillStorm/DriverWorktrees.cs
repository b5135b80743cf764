using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>What an agent does with worktrees.</summary>
internal sealed partial class Driver
{
    private const int MostLiving = 5;
    private const int MostNames = 8;

    private void CreateWorktree()
    {
        if (Worktrees.Count >= MostLiving)
        {
            Remove();
            return;
        }

        // Few names, so that they come again after a removal.
        var name = $"w{number}-{_random.Next(MostNames)}";
        if (Worktrees.ContainsKey(name))
        {
            return;
        }

        var arguments = new JsonObject { ["name"] = name };
        var free = Tasks.Values.Where(t => t.IsOpen && !t.HasLiveWorktree && t.BlockedBy.Count == 0);
        if (_random.Next(3) > 0 && Pick(free) is { } task)
        {
            arguments["task_id"] = task.Id;
        }

        if (_random.Next(4) == 0)
        {
            arguments["request_id"] = Unique("create");
        }

        var branch = $"wt/{name}";
        if (KeptBranch(name))
        {
            if (_random.Next(3) > 0)
            {
                arguments["branch"] = branch;
            }
            else
            {
                arguments["name"] = $"{name}.{Unique("n")}";
            }
        }

        CreateWorktree(arguments, mustSucceed: true);
    }

    private bool KeptBranch(string name) => storm.Git.Try("rev-parse", "-q", "--verify", $"refs/heads/wt/{name}").Exit == 0;

    private void CreateWorktree(JsonObject arguments, bool mustSucceed)
    {
        var name = (string)arguments["name"]!;
        var task = (int?)arguments["task_id"] is { } id ? Tasks[id] : null;
        var after = task is null ? null : task with { Status = "in_progress", Owner = Agent, Worktree = name, WorktreeState = "active" };
        var answer = Call("worktree_create", arguments, new Pending("worktree_create", arguments) { Before = task, After = after });
        if (task is not null)
        {
            TouchedTasks.Add(task.Id);
        }

        if (answer.IsDone)
        {
            var made = answer.Content["worktree"]!.AsObject();
            Take(arguments, (string)made["branch"]!, (string)made["base_commit"]!, after);
            storm.Record.Expect("worktree.create.after", name);
        }
        else if (answer.Outcome == Outcome.Refused && mustSucceed && !storm.GitKilledRecently(number) && !(storm.WasSwept && answer.Code == "internal"))
        {
            storm.Findings.Add(Broken.Lost, $"{Agent}: worktree_create of \"{name}\" was refused", $"{arguments.ToJsonString()}\n{answer.Code}: {answer.Message}");
        }
    }

    /// <summary>Takes a created worktree into the record.</summary>
    public void Take(JsonObject arguments, string branch, string baseCommit, TaskModel? task)
    {
        var name = (string)arguments["name"]!;
        var attached = arguments.ContainsKey("branch");
        var head = attached ? storm.Git.Run("rev-parse", $"refs/heads/{branch}") : baseCommit;
        Worktrees[name] = new WorktreeModel(name, branch, head) { TaskId = task?.Id, BranchMade = !attached };
        if (task is not null)
        {
            Tasks[task.Id] = task;
            TouchedTasks.Add(task.Id);
        }
    }

    private void Bind()
    {
        if (Pick(Tasks.Values.Where(t => t.IsOpen && !t.HasLiveWorktree && t.BlockedBy.Count == 0)) is not { } task
            || Pick(Worktrees.Values.Where(w => w.TaskId is null)) is not { } worktree)
        {
            return;
        }

        var after = task with { Status = "in_progress", Owner = task.Owner ?? Agent, Worktree = worktree.Name, WorktreeState = "active" };
        var arguments = new JsonObject { ["task_id"] = task.Id, ["worktree"] = worktree.Name };
        var answer = Call("task_bind_worktree", arguments, new Pending("task_bind_worktree", arguments) { Before = task, After = after, Worktree = worktree });
        TouchedTasks.Add(task.Id);
        if (answer.IsDone)
        {
            Bound(worktree, after);
            storm.Record.Expect("worktree.bound", worktree.Name);
        }
    }

    public void Bound(WorktreeModel worktree, TaskModel task)
    {
        Tasks[task.Id] = task;
        worktree.TaskId = task.Id;
        worktree.Status = "active";
    }

    private void RunCommand()
    {
        if (Pick(Worktrees.Values) is not { } worktree)
        {
            return;
        }

        var content = Unique("content");
        var kind = _random.Next(worktree.IsDetached ? 2 : 4);
        var file = kind == 0 ? $"{content}.ignored" : $"{content}.txt";
        var commit = kind >= 2;
        var command = $"printf %s '{content}' > {file}.part && mv {file}.part {file}" + (commit ? $" && git add {file} && git commit -q -m {content} && git rev-parse HEAD" : string.Empty);
        var arguments = new JsonObject { ["name"] = worktree.Name, ["command"] = command };
        worktree.Touched = true;
        var answer = Call("worktree_run", arguments, new Pending("worktree_run", arguments) { Worktree = worktree, File = (file, content) });
        if (!answer.IsDone)
        {
            return;
        }

        if (!answer.Content.ContainsKey("warning"))
        {
            // Else it says that the end could not be recorded, and the record tells later that nobody knows it.
            storm.Record.Expect("worktree.run.after", worktree.Name);
        }

        if ((int?)answer.Content["exit_code"] != 0)
        {
            worktree.MayBeLocked = true;
            LookAgain(worktree, file, content);
            storm.Record.Note($"the command in {worktree.Name} failed: {answer.Content.ToJsonString()}");
            return;
        }

        worktree.Files[file] = content;
        if (commit)
        {
            worktree.Head = ((string)answer.Content["stdout"]!).Trim();
            storm.Commits.Add(worktree.Head);
        }
        else if (kind == 1)
        {
            worktree.Uncommitted.Add(file);
        }
    }

    /// <summary>After a command of unknown end: what is there now is what must stay.</summary>
    public void LookAgain(WorktreeModel worktree, string file, string content)
    {
        var folder = Path.Join(storm.Git.Root, ".worktrees", worktree.Name);
        var admin = World.ReadIfThere(Path.Join(folder, ".git"))?["gitdir: ".Length..];
        if (admin is not null && File.Exists(Path.Join(admin, "index.lock")))
        {
            // A person would do the same after killing his own git.
            File.Delete(Path.Join(admin, "index.lock"));
        }

        File.Delete(Path.Join(folder, file + ".part"));
        var (exit, head, _) = Git.TryIn(folder, "rev-parse", "HEAD");
        if (exit == 0 && head != worktree.Head)
        {
            if (Git.TryIn(folder, "rev-parse", "HEAD^").Output != worktree.Head)
            {
                storm.Findings.Add(Broken.Lost, $"worktree {worktree.Name} is at {head}, which does not follow {worktree.Head}");
            }

            worktree.Head = head;
            storm.Commits.Add(head);
        }

        if (File.Exists(Path.Join(folder, file)))
        {
            worktree.Files[file] = content;
            if (Git.TryIn(folder, "status", "--porcelain", "--", file).Output.Length > 0)
            {
                worktree.Uncommitted.Add(file);
            }
        }
    }

    private void Keep()
    {
        if (Pick(Worktrees.Values) is not { } worktree)
        {
            return;
        }

        var arguments = new JsonObject { ["name"] = worktree.Name, ["reason"] = Unique("reason") };
        var task = worktree.TaskId is { } id ? Tasks[id] : null;
        var complete = task is { IsOpen: true } && _random.Next(3) == 0;
        if (complete)
        {
            arguments["complete_task"] = true;
        }

        var after = Left(task, worktree, "kept", complete);
        var answer = Call("worktree_keep", arguments, new Pending("worktree_keep", arguments) { Before = task, After = after, Worktree = worktree });
        if (answer.IsDone)
        {
            worktree.Status = "kept";
            Change(task, after);
            storm.Record.Expect("worktree.keep", worktree.Name);
        }
    }

    private void Remove()
    {
        if (Pick(Worktrees.Values) is not { } worktree)
        {
            return;
        }

        var arguments = new JsonObject { ["name"] = worktree.Name };
        var task = worktree.TaskId is { } id ? Tasks[id] : null;
        var complete = task is { IsOpen: true } && _random.Next(3) == 0;
        var force = worktree.IsDetached || _random.Next(worktree.Uncommitted.Count > 0 ? 2 : 4) == 0;
        if (complete)
        {
            arguments["complete_task"] = true;
        }

        if (force)
        {
            arguments["force"] = true;
        }

        var after = Left(task, worktree, "removed", complete);
        var answer = Call("worktree_remove", arguments, new Pending("worktree_remove", arguments) { Before = task, After = after, Worktree = worktree });
        if (answer.IsDone)
        {
            if (worktree.Uncommitted.Count > 0 && !force)
            {
                storm.Findings.Add(Broken.Lost, $"worktree {worktree.Name} was removed without force in spite of {string.Join(", ", worktree.Uncommitted)}");
            }

            worktree.MayKeepBranch = answer.Content.ContainsKey("branch_kept");
            Gone(worktree, task, after);
            storm.Record.Expect("worktree.remove.after", worktree.Name);
        }
        else if (answer.Outcome == Outcome.Refused && !storm.GitKilledRecently(number) && !(storm.WasSwept && answer.Code == "internal") && (answer.Code is not ("worktree_dirty" or "worktree_busy") || (answer.Code == "worktree_dirty" && worktree.Uncommitted.Count == 0)))
        {
            storm.Findings.Add(Broken.Lost, $"{Agent}: worktree_remove of {worktree.Name} was refused", $"{arguments.ToJsonString()}\n{answer.Code}: {answer.Message}");
        }
    }

    public void Gone(WorktreeModel worktree, TaskModel? before, TaskModel? after)
    {
        Worktrees.Remove(worktree.Name);
        worktree.StatusBefore = worktree.Status;
        worktree.Status = "removed";
        worktree.Touched = true;
        Removed.Add(worktree);
        Change(before, after);
    }

    public void Change(TaskModel? before, TaskModel? after)
    {
        if (before is not null && after is not null)
        {
            Tasks[after.Id] = after;
            TouchedTasks.Add(after.Id);
            if (before.Status != "completed" && after.Status == "completed")
            {
                storm.Record.Expect("task.completed", $"{after.Id}");
            }
        }
    }

    private static TaskModel? Left(TaskModel? task, WorktreeModel worktree, string state, bool complete)
    {
        var after = task is not null && task.Worktree == worktree.Name ? task with { WorktreeState = state } : task;
        return complete ? after! with { Status = "completed", IsHeld = false } : after;
    }
}

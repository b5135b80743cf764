using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Server.Wire;

/// <summary>The one call that most likely comes next; every answer names it.</summary>
internal static class NextCall
{
    internal static string After(TaskView view) => view.Task switch
    {
        { Status: TaskState.Completed, LiveWorktree: { } name, WorktreeState: "active" } => $"worktree_remove(name: \"{name}\")",
        { Status: TaskState.Completed or TaskState.Deleted } => "task_list(ready: true)",
        { LiveWorktree: { } name } => $"worktree_run(name: \"{name}\", command: \"...\")",
        _ when view.WaitsFor.Count > 0 => $"task_get(task_id: {view.WaitsFor[0]})",
        { Id: var id } => $"worktree_create(task_id: {id})",
    };

    internal static string After(TaskPage page) => page switch
    {
        { Tasks: [] } => "task_create(subject: \"...\")",
        _ when page.Tasks.FirstOrDefault(t => t.IsReady) is { } ready => $"worktree_create(task_id: {ready.Task.Id})",
        { NextCursor: { } cursor } => $"task_list(cursor: \"{cursor}\")",
        _ => $"task_get(task_id: {page.Tasks[0].Task.Id})",
    };

    internal static string After(TaskChange change) =>
        change.View.Task.Question is not null && change.Changed.Contains("question") ? "board_show()" : change.NowReady is [var ready, ..] && change.View.Task.LiveWorktree is null ? $"worktree_create(task_id: {ready})" : After(change.View);

    internal static string After(TaskTaken taken) => taken.View.Task switch
    {
        { LiveWorktree: { } name, WorktreeState: "active" } => $"worktree_status(name: \"{name}\")",
        { Id: var id } => $"worktree_create(task_id: {id})",
    };

    // What one has begun comes before what is new; what others left behind comes last.
    internal static string After(BoardGlance glance, string you)
    {
        if (glance.InProgress.Items.FirstOrDefault(held => held.LeaseLeft > 0 && held.Task.Owner == you)?.Task is { } own)
        {
            return own.LiveWorktree is { } name ? $"worktree_status(name: \"{name}\")" : $"worktree_create(task_id: {own.Id})";
        }

        return glance switch
        {
            { Ready.Total: > 0 } => "task_claim()",
            _ when glance.InProgress.Items.FirstOrDefault(held => held.LeftBehind) is { } left => $"task_claim(task_id: {left.Task.Id})",
            { InProgress.Total: 0, Blocked: 0 } => "task_create(subject: \"...\")",
            _ => "task_list()",
        };
    }

    internal static string WorkIn(WorktreeStep step) => step.Worktree.IsLive ? $"worktree_run(name: \"{step.Worktree.Name}\", command: \"...\")" : "worktree_list(status: \"removed\")";

    internal static string AfterKeep(WorktreeStep step) => step switch
    {
        { NowReady: [var ready, ..] } => $"worktree_create(task_id: {ready})",
        { Task.Status: TaskState.Completed } => "task_list(ready: true)",
        _ => $"worktree_status(name: \"{step.Worktree.Name}\")",
    };

    internal static string After(WorktreePage page) => page switch
    {
        { Worktrees: [] } => "task_list(ready: true)",
        { NextCursor: { } cursor } => $"worktree_list(cursor: \"{cursor}\")",
        { Worktrees: [{ Worktree: { Status: WorktreeState.Removed } removed }, ..] } => $"worktree_restore(name: \"{removed.Name}\", trash_id: {removed.Id})",
        _ => $"worktree_status(name: \"{page.Worktrees[0].Worktree.Name}\")",
    };

    internal static string After(WorktreeDetail detail)
    {
        var name = detail.View.Worktree.Name;
        return detail.View switch
        {
            { Head: null } => $"worktree_remove(name: \"{name}\")",
            { Changes.IsClean: false } => $"worktree_run(name: \"{name}\", command: \"git add -A && git commit -m '...'\")",
            { Ahead: > 0 } => $"worktree_keep(name: \"{name}\", complete_task: true)",
            _ => $"worktree_run(name: \"{name}\", command: \"...\")",
        };
    }

    internal static string After(WorktreeRemoval removal) => removal.Step switch
    {
        { NowReady: [var ready, ..] } => $"worktree_create(task_id: {ready})",
        // Work that was thrown away is still to be done; else the one thing that was forgotten is to say that it is.
        { Task: { IsOpen: true } task } => $"task_update(task_id: {task.Id}, status: \"{(removal.Uncommitted.Count > 0 ? "pending" : "completed")}\")",
        _ => "task_list(ready: true)",
    };

    internal static string After(WorktreeRestoration back) => $"worktree_status(name: \"{back.Step.Worktree.Name}\")";

    internal static string After(WorktreeRun run) => run.Run.IsRunning
        ? $"worktree_output(run_id: \"{run.Run.RunId}\", offset: {run.Run.ReadOn ?? run.Run.Output.TotalBytes + run.Run.Error.TotalBytes})"
        : $"worktree_status(name: \"{run.Worktree.Name}\")";

    internal static string After(RunOutput output) => output.IsRunning || output.NextOffset < output.Length
        ? $"worktree_output(run_id: \"{output.Record.RunId}\", offset: {output.NextOffset})"
        : $"worktree_status(name: \"{output.Record.Worktree}\")";

    internal static string After(RunStop stop) => $"worktree_output(run_id: \"{stop.Record.RunId}\", offset: -4000)";

    internal static string After(WorktreeDifference difference)
    {
        var name = difference.Worktree.Name;
        return difference switch
        {
            { NextCursor: { } cursor } => $"worktree_diff(name: \"{name}\", format: \"patch\", cursor: \"{cursor}\")",
            { Patch: null, Files.Count: > 0 } => $"worktree_diff(name: \"{name}\", format: \"patch\")",
            { Files: [] } => $"worktree_run(name: \"{name}\", command: \"...\")",
            _ when difference.Files.Any(file => file.Uncommitted) => $"worktree_run(name: \"{name}\", command: \"git add -A && git commit -m '...'\")",
            _ => $"worktree_merge(name: \"{name}\")",
        };
    }

    internal static string After(ConflictForecast forecast) => forecast switch
    {
        { WithBase: [var lane, ..] } => $"worktree_run(name: \"{lane.Name}\", command: \"git merge {(lane.Base.StartsWith('-') ? "..." : lane.Base)}\")",
        { Pairs: [{ Conflicts.Count: > 0 } pair, ..] } => $"worktree_diff(name: \"{pair.Left}\", format: \"patch\")",
        _ => "worktree_list()",
    };

    internal static string After(LandingResult landed) => landed switch
    {
        { Step.NowReady: [var ready, ..] } => $"worktree_create(task_id: {ready})",
        { Step.Task: { IsOpen: true } task } => $"task_update(task_id: {task.Id}, status: \"completed\")",
        { Removal: null } => $"worktree_remove(name: \"{landed.Step.Worktree.Name}\")",
        _ => "task_list(ready: true)",
    };

    internal static string After(EventPage page, long? since) =>
        page.More && since is not null ? $"worktree_events(since_seq: {page.LastSeq})" : "task_list()";
}

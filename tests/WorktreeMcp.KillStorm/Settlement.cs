using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>Finds out what became of calls that were never answered: all of it or nothing, and never a half.</summary>
internal sealed class Settlement(StormState storm, IReadOnlyList<Driver> drivers)
{
    public void Settle(World world)
    {
        AdoptNewTasks(world);
        foreach (var driver in drivers)
        {
            if (driver.Pending is { } pending)
            {
                Settle(world, driver, pending);
                driver.Settled();
            }

            Number(world, driver);
        }
    }

    /// <summary>A task file that no answer named must be the one that an unanswered call asked for.</summary>
    private void AdoptNewTasks(World world)
    {
        var known = drivers.SelectMany(d => d.Tasks.Keys).ToHashSet();
        foreach (var file in Directory.GetFiles(Path.Join(world.Root, ".tasks"), "task_*.json"))
        {
            if (!int.TryParse(Path.GetFileName(file)[5..^5], out var id) || known.Contains(id))
            {
                continue;
            }

            var task = world.Task(id);
            var subject = (string?)task?["subject"];
            var driver = drivers.FirstOrDefault(d => d.Pending is { Tool: "task_create" } p && (string?)p.Arguments["subject"] == subject);
            if (task is null || driver is null)
            {
                storm.Findings.Add(Broken.Orphan, $"task {id} \"{subject}\" belongs to no call");
                continue;
            }

            driver.Adopt(driver.Pending!.Arguments, task, "the file of an unanswered call");
        }
    }

    private void Settle(World world, Driver driver, Pending pending)
    {
        var name = (string?)pending.Arguments["name"] ?? (string?)pending.Arguments["worktree"];
        switch (pending.Tool)
        {
            case "task_create":
                if (pending.Arguments.ContainsKey("request_id"))
                {
                    driver.Repeat("task_create", pending.Arguments);
                }

                break;
            case "task_claim":
            case "task_update" when pending.Before is not null:
                if (TaskIsAsAfter(world, pending))
                {
                    driver.Change(pending.Before, pending.After);
                }

                break;
            case "worktree_create":
                SettleCreate(world, driver, pending, name!);
                break;
            case "task_bind_worktree":
                var bound = (int?)world.Live(name!)?["task_id"] == pending.After!.Id;
                Whole(world, pending, bound);
                if (bound)
                {
                    driver.Bound(pending.Worktree!, pending.After);
                }

                break;
            case "worktree_keep":
                var entry = world.Live(name!);
                var kept = (string?)entry?["status"] == "kept" && (string?)entry["reason"] == (string?)pending.Arguments["reason"];
                Whole(world, pending, kept);
                if (kept)
                {
                    pending.Worktree!.Status = "kept";
                    driver.Change(pending.Before, pending.After);
                }

                break;
            case "worktree_remove":
                Number(world, driver);
                var removed = (string?)world.Entry(pending.Worktree!.EntryId)?["status"] == "removed";
                Whole(world, pending, removed);
                if (removed)
                {
                    driver.Gone(pending.Worktree, pending.Before, pending.After);
                }

                break;
            case "worktree_restore":
                var restored = (string?)world.Entry(pending.Worktree!.EntryId)?["status"] is not "removed";
                Whole(world, pending, restored);
                if (restored)
                {
                    driver.Restored(pending.Worktree, pending.Before, pending.After);
                }

                break;
            case "worktree_merge":
                SettleMerge(world, driver, pending, name!);
                break;
            case "worktree_run":
                driver.LookAgain(pending.Worktree!, pending.File.Name, pending.File.Content);
                break;
        }
    }

    private void SettleCreate(World world, Driver driver, Pending pending, string name)
    {
        var entry = world.Live(name);
        var made = (string?)entry?["status"] == "active";
        Whole(world, pending, made);
        if (made)
        {
            driver.Take(pending.Arguments, (string)entry!["branch"]!, (string)entry["base_commit"]!, pending.After);
        }
        else
        {
            driver.Repeat("worktree_create", pending.Arguments);
        }
    }

    private void SettleMerge(World world, Driver driver, Pending pending, string name)
    {
        var model = pending.Worktree!;
        var landed = world.Live(name)?["landed"];
        var commit = (string?)landed?["tip"] == model.Head && (string?)landed?["commit"] != model.LandedAs ? (string?)landed?["commit"] : null;
        // Where there was nothing to land, only the task says whether the call came to its end.
        if (commit is null)
        {
            driver.Followed(model);
        }

        var had = commit is null && pending.Before != pending.After && storm.Landings.HasAllOf(model.Head) && TaskIsAsAfter(world, pending);
        Whole(world, pending, commit is not null || had);
        if (commit is not null)
        {
            driver.Landed(model, commit, pending.Before, pending.After);
        }
        else if (had)
        {
            driver.Change(pending.Before, pending.After);
        }
    }

    private bool TaskIsAsAfter(World world, Pending pending)
    {
        var file = world.Task(pending.Before!.Id);
        if (file is null)
        {
            return false;
        }

        var isAfter = pending.After!.Differences(file).Count == 0;
        if (!isAfter && pending.Before.Differences(file) is { Count: > 0 } differences)
        {
            storm.Findings.Add(Broken.Lost, $"task {pending.Before.Id} is neither as before nor as after an unanswered {pending.Tool}", string.Join("; ", differences));
        }

        return isAfter;
    }

    /// <summary>Task and worktree must have gone the same way.</summary>
    private void Whole(World world, Pending pending, bool happened)
    {
        if (pending.Before is null || pending.After is null || world.Task(pending.Before.Id) is not { } file)
        {
            return;
        }

        var expected = happened ? pending.After : pending.Before;
        if (expected.Differences(file) is { Count: > 0 } differences)
        {
            storm.Findings.Add(
                Broken.Lost,
                $"an unanswered {pending.Tool} happened by half: the worktree says {(happened ? "yes" : "no")}, task {expected.Id} not",
                $"{pending.Arguments.ToJsonString()}\n{string.Join("; ", differences)}");
        }
    }

    /// <summary>Learns the numbers of a driver's worktrees: its names are its own, and numbers rise.</summary>
    private void Number(World world, Driver driver)
    {
        var known = driver.Removed.Concat(driver.Worktrees.Values).Where(w => w.EntryId > 0).Select(w => w.EntryId).ToHashSet();
        foreach (var group in driver.Removed.Concat(driver.Worktrees.Values).Where(w => w.EntryId == 0).GroupBy(w => w.Name).ToList())
        {
            var ids = world.Entries.Where(e => (string?)e["name"] == group.Key).Select(e => (int)e["id"]!).Where(id => !known.Contains(id)).Order().ToList();
            foreach (var (model, id) in group.Zip(ids))
            {
                model.EntryId = id;
            }

            if (ids.Count < group.Count())
            {
                storm.Findings.Add(Broken.Lost, $"worktree {group.Key} has {ids.Count} new entries and must have {group.Count()}");
            }
        }
    }
}

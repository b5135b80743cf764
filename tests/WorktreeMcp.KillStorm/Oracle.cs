using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>Compares the record with files and git at a quiet moment.</summary>
internal sealed class Oracle(StormState storm, IReadOnlyList<Driver> drivers, Random random)
{
    private const int Sample = 15;
    private static readonly TimeSpan LongestTidying = TimeSpan.FromSeconds(60);

    private readonly Settlement _settlement = new(storm, drivers);
    private readonly Leftovers _leftovers = new(storm, drivers);
    private readonly Logs _logs = new(storm);

    public IReadOnlyList<string> LastEvents => _logs.LastEvents();

    public bool SeesTemporaries => new[] { ".tasks", ".worktrees" }.Select(name => Path.Join(storm.Git.Root, name)).Any(path => Directory.Exists(path) && Directory.EnumerateFiles(path, ".*.tmp").Any());

    public void Look(bool all)
    {
        var world = new World(storm.Git, storm.Findings);
        if (storm.WasSwept)
        {
            foreach (var driver in drivers)
            {
                driver.ForgetUnreadEdits(world);
            }
        }

        _settlement.Settle(world);
        foreach (var driver in drivers)
        {
            CheckTasks(world, driver, all);
            CheckLiving(world, driver, all);
            CheckRemoved(world, driver, all);
            if (driver.Tasks.Count > 0)
            {
                storm.Share(driver.Tasks.Keys.Min());
            }
        }

        CheckSharedNotes(world);
        storm.Landings.Look();
        storm.Doubts.Look(last: false);
        _leftovers.Look(world);
        _logs.Look();
        if (all)
        {
            CheckCommits(world);
        }
    }

    /// <summary>git's own look at the whole, at the end.</summary>
    public void CheckRepository()
    {
        var (exit, output, error) = storm.Git.Try("fsck", "--connectivity-only");
        if (exit != 0)
        {
            storm.Findings.Add(Broken.Lost, "git fsck finds faults", output + error);
        }
    }

    /// <summary>When all servers have ended, one that keeps nothing ready must be able to take all spares away, half-made ones too.</summary>
    public void CheckSpares()
    {
        using var last = ToolServer.Start(storm.Git.Root, "agent-last", spares: 0);
        last.Call("worktree_list", []);
        var until = Environment.TickCount64 + (long)LongestTidying.TotalMilliseconds;
        while (Spares() is { Count: > 0 } left)
        {
            if (Environment.TickCount64 > until)
            {
                left.ForEach(spare => storm.Findings.Add(Broken.Orphan, $"{spare} of a checkout that was kept ready cannot be taken away", last.Log));
                return;
            }

            Thread.Sleep(50);
        }

        storm.Doubts.Look(last: true);
        foreach (var record in storm.Git.Run("worktree", "list", "--porcelain").Split("\n\n").Where(r => r.Contains("\nprunable", StringComparison.Ordinal)))
        {
            storm.Findings.Add(Broken.Orphan, "git's record of a worktree without a directory is left over", record);
        }
    }

    private List<string> Spares()
    {
        var folder = Path.Join(storm.Git.Root, ".worktrees", ".spares");
        return [.. new World(storm.Git, storm.Findings).SpareIds.Concat(Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder) : [])];
    }

    private void CheckTasks(World world, Driver driver, bool all)
    {
        var ids = all ? [.. driver.Tasks.Keys] : driver.TouchedTasks.Concat(driver.Tasks.Keys.OrderBy(_ => random.Next()).Take(Sample)).ToHashSet();
        foreach (var id in ids)
        {
            var model = driver.Tasks[id];
            if (world.Task(id) is not { } file)
            {
                storm.Findings.Add(Broken.Lost, $"task {id} \"{model.Subject}\" is gone or cannot be read");
            }
            else if (model.Differences(file) is { Count: > 0 } differences)
            {
                storm.Findings.Add(Broken.Lost, $"task {id}: {string.Join("; ", differences)}");
            }
        }

        driver.TouchedTasks.Clear();
    }

    private void CheckSharedNotes(World world)
    {
        foreach (var group in storm.SharedNotes.GroupBy(n => n.TaskId))
        {
            var there = TaskModel.NotesIn(world.Task(group.Key) ?? []);
            foreach (var twice in there.GroupBy(n => n).Where(n => n.Count() > 1))
            {
                storm.Findings.Add(Broken.Lost, $"task {group.Key} has a note twice: {twice.Key}");
            }

            foreach (var (_, note) in group.Where(n => !there.Contains(n.Note)))
            {
                storm.Findings.Add(Broken.Lost, $"task {group.Key} lost the note \"{note}\"");
            }
        }
    }

    private void CheckLiving(World world, Driver driver, bool all)
    {
        foreach (var model in driver.Worktrees.Values)
        {
            if (world.Live(model.Name) is not { } entry)
            {
                storm.Findings.Add(Broken.Lost, $"worktree {model.Name} is not in the registry", NameEntries(world, model.Name));
                continue;
            }

            CheckEntry(world, model, entry);
            if (model.Touched || all)
            {
                CheckInside(world.FolderOf(model.Name), model);
                model.Touched = false;
            }
        }
    }

    private void CheckEntry(World world, WorktreeModel model, JsonObject entry)
    {
        Equal("status", (string?)entry["status"], model.Status);
        Equal("task_id", (int?)entry["task_id"], model.TaskId);
        Equal("branch", (string?)entry["branch"], model.Branch);
        if (!model.IsDetached)
        {
            Equal("branch's commit", world.Refs.GetValueOrDefault($"refs/heads/{model.Branch}"), model.Head);
        }

        var admin = (string?)entry["admin_id"] ?? string.Empty;
        var folder = world.FolderOf(model.Name);
        Equal("its .git file", World.ReadIfThere(Path.Join(folder, ".git")), $"gitdir: {world.Admin(admin)}");
        Equal("git's record", World.ReadIfThere(Path.Join(world.Admin(admin), "gitdir")), Path.Join(folder, ".git"));
        Equal("git's HEAD", World.ReadIfThere(Path.Join(world.Admin(admin), "HEAD")), model.IsDetached ? model.Head : $"ref: refs/heads/{model.Branch}");

        void Equal<T>(string what, T actual, T expected)
        {
            if (!Equals(actual, expected))
            {
                storm.Findings.Add(Broken.Lost, $"worktree {model.Name}: {what} is \"{actual}\" and must be \"{expected}\"", NameEntries(world, model.Name));
            }
        }
    }

    private void CheckInside(string folder, WorktreeModel model)
    {
        CheckFiles(folder, model, "in place");
        if (!Directory.Exists(folder))
        {
            storm.Findings.Add(Broken.Lost, $"worktree {model.Name}: its directory is gone");
            return;
        }

        var (exit, status, error) = Git.TryIn(folder, "status", "--porcelain", "--untracked-files=all");
        var lines = status.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var foreign = lines.Where(l => !model.Uncommitted.Contains(l[3..])).ToList();
        if (exit != 0 || foreign.Count > 0)
        {
            storm.Findings.Add(Broken.Lost, $"worktree {model.Name}: git status is {exit} with {foreign.Count} unexpected lines", $"{status}{error}");
        }
    }

    private void CheckFiles(string folder, WorktreeModel model, string where)
    {
        foreach (var (name, content) in model.Files)
        {
            var path = Path.Join(folder, name);
            if (!File.Exists(path) || File.ReadAllText(path) != content)
            {
                storm.Findings.Add(Broken.Lost, $"worktree {model.Name} ({model.EntryId}): file {name} is not {where}", path);
            }
        }
    }

    private void CheckRemoved(World world, Driver driver, bool all)
    {
        foreach (var model in driver.Removed.Where(m => m.Touched || all))
        {
            model.Touched = false;
            var entry = world.Entry(model.EntryId);
            if ((string?)entry?["status"] != "removed")
            {
                storm.Findings.Add(Broken.Lost, $"worktree {model.Name} ({model.EntryId}) was removed; the registry says {(string?)entry?["status"] ?? "nothing"}", NameEntries(world, model.Name));
                continue;
            }

            var trash = (string?)entry!["trash"]?["path"];
            CheckFiles(Path.GetFullPath(trash ?? "nowhere", world.Root), model, "in the trash");
            var admin = (string?)entry["trash"]?["admin_id"];
            var tip = admin is null ? null : World.ReadIfThere(Path.Join(world.Admin(admin), "HEAD"));
            if (tip != model.Head)
            {
                storm.Findings.Add(Broken.Lost, $"worktree {model.Name} ({model.EntryId}): git's record in the trash is at \"{tip}\" and must be at {model.Head}", entry.ToJsonString());
            }

            if (trash is not null && Git.TryIn(Path.GetFullPath(trash, world.Root), "status", "--porcelain") is { Exit: not 0 } broken)
            {
                storm.Findings.Add(Broken.Lost, $"worktree {model.Name} ({model.EntryId}): git status fails in the trash", broken.Error);
            }
        }
    }

    private void CheckCommits(World world)
    {
        var trashed = world.AdminIds.Select(id => World.ReadIfThere(Path.Join(world.Admin(id), "HEAD"))).OfType<string>().Where(h => !h.StartsWith("ref:", StringComparison.Ordinal));
        var (exit, reachable, error) = storm.Git.Try(["rev-list", "--all", .. trashed]);
        if (exit != 0)
        {
            storm.Findings.Add(Broken.Lost, "the commits cannot be listed", error);
            return;
        }

        var all = reachable.Split('\n').ToHashSet();
        var missing = storm.Commits.Where(c => !all.Contains(c)).ToList();
        // A branch that followed its squashed landing left them to the reflogs.
        var squashed = missing.Where(storm.Landings.IsSquashed).ToList();
        var kept = squashed.Count == 0 ? [] : storm.Git.Run("rev-list", "--reflog").Split('\n').Intersect(squashed).ToHashSet();
        foreach (var commit in missing.Where(c => !kept.Contains(c)))
        {
            storm.Findings.Add(Broken.Lost, $"commit {commit} can no longer be reached");
        }
    }

    private static string NameEntries(World world, string name) =>
        string.Join('\n', world.Entries.Where(e => (string?)e["name"] == name).Select(e => e.ToJsonString()));
}

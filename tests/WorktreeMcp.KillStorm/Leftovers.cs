using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>Looks for what belongs to nobody: directories, records, branches, locks, temporary files, halves.</summary>
internal sealed class Leftovers(StormState storm, IReadOnlyList<Driver> drivers)
{
    private static readonly HashSet<string> Ours = [".trash", ".spares", "index.json", "events.jsonl", ".gitignore"];

    public void Look(World world)
    {
        CheckRegistry(world);
        CheckFolders(world);
        CheckRecords(world);
        CheckBranches(world);
        CheckLocks(world);
    }

    private void CheckRegistry(World world)
    {
        var models = drivers.SelectMany(d => d.Worktrees.Keys).ToHashSet();
        foreach (var entry in world.Living)
        {
            var name = (string)entry["name"]!;
            if ((string?)entry["status"] is "creating" or "removing" or "restoring" || entry["landing"] is not null)
            {
                Orphan($"worktree {name} is left half: {entry["status"]}", entry.ToJsonString());
            }
            else if (!models.Contains(name))
            {
                Orphan($"worktree {name} is in the registry and belongs to no call", entry.ToJsonString());
            }

            if (!Directory.Exists(world.FolderOf(name)))
            {
                Orphan($"worktree {name} has an entry and no directory", entry.ToJsonString());
            }

            CheckOtherSide(world, name, (int?)entry["task_id"]);
        }

        foreach (var twice in world.Entries.GroupBy(e => (int)e["id"]!).Where(g => g.Count() > 1).Select(g => $"number {g.Key}")
            .Concat(world.Living.GroupBy(e => (string)e["name"]!).Where(g => g.Count() > 1).Select(g => $"name {g.Key}")))
        {
            Orphan($"the registry has {twice} twice", null);
        }
    }

    private void CheckOtherSide(World world, string name, int? taskId)
    {
        if (taskId is { } id && (string?)world.Task(id)?["worktree"] != name)
        {
            Orphan($"worktree {name} names task {id}, which names \"{(string?)world.Task(id)?["worktree"]}\"", null);
        }
    }

    private void CheckFolders(World world)
    {
        var living = world.Living.Select(e => (string)e["name"]!).ToHashSet();
        foreach (var path in Directory.EnumerateFileSystemEntries(Path.Join(world.Root, ".worktrees")))
        {
            var name = Path.GetFileName(path);
            if (!living.Contains(name) && !Ours.Contains(name))
            {
                Orphan($".worktrees/{name} belongs to no entry", null);
            }
        }

        foreach (var path in Directory.EnumerateFileSystemEntries(Path.Join(world.Root, ".tasks")))
        {
            if (!Path.GetFileName(path).StartsWith("task_", StringComparison.Ordinal) || !path.EndsWith(".json", StringComparison.Ordinal))
            {
                Orphan($".tasks/{Path.GetFileName(path)} is left over", null);
            }
        }

        // Who holds a lock is told for messages only: what a killed holder left of that is replaced by the next one, and a landing may be long in coming.
        foreach (var path in Directory.EnumerateFiles(Path.Join(storm.Git.Common, "worktree-mcp"), "*tmp*").Where(path => !path.EndsWith("-holder.json.tmp", StringComparison.Ordinal)))
        {
            Orphan($"{Path.GetFileName(path)} is left over in the private folder", null);
        }
    }

    private void CheckRecords(World world)
    {
        var known = world.Living.Select(e => (string?)e["admin_id"]).ToHashSet();
        foreach (var id in world.AdminIds)
        {
            var named = World.ReadIfThere(Path.Join(world.Admin(id), "gitdir"));
            if (named is null && storm.Options.Person && !File.Exists(Path.Join(world.Admin(id), "HEAD")))
            {
                // git's own gc makes the folder of a record anew to expire its reflog, if that was renamed meanwhile; prune takes it away.
                continue;
            }

            if (!known.Contains(id) && !id.StartsWith("wtmcp-trash-", StringComparison.Ordinal))
            {
                Orphan($"git's record {id} belongs to no entry", $"it names {named}");
            }
            else if (named is null || !Directory.Exists(Path.GetDirectoryName(named)))
            {
                Orphan($"git's record {id} names a directory that is gone", named);
            }

            foreach (var file in Directory.GetFiles(world.Admin(id), "*tmp*"))
            {
                Orphan($"{Path.GetFileName(file)} is left over in git's record {id}", null);
            }
        }
    }

    private void CheckBranches(World world)
    {
        var living = world.Living.Select(e => (string)e["branch"]!).ToHashSet();
        var kept = drivers.SelectMany(d => d.Removed).Where(r => r.HasOwnCommits || !r.BranchMade || r.MayKeepBranch).Select(r => r.Branch).ToHashSet();
        foreach (var name in world.Refs.Keys.Where(r => r.StartsWith("refs/heads/wt/", StringComparison.Ordinal)).Select(r => r["refs/heads/".Length..]))
        {
            if (!living.Contains(name) && !kept.Contains(name))
            {
                Orphan($"branch {name} belongs to no entry and has nothing of its own", world.Refs[$"refs/heads/{name}"]);
            }
        }
    }

    private void CheckLocks(World world)
    {
        var inUse = drivers.SelectMany(d => d.Worktrees.Values).Where(w => w.MayBeLocked).Select(w => w.Name).ToHashSet();
        string[] folders = [Path.Join(storm.Git.Common, "refs"), .. world.AdminIds.Select(world.Admin)];
        var locks = Directory.GetFiles(storm.Git.Common, "*.lock")
            .Concat(folders.Where(Directory.Exists).SelectMany(f => Directory.GetFiles(f, "*.lock", SearchOption.AllDirectories)));
        foreach (var path in locks.Where(l => !inUse.Any(n => l.Contains($"/{n}/", StringComparison.Ordinal))))
        {
            Orphan($"{Path.GetRelativePath(storm.Git.Common, path)} is a stale lock", null);
        }
    }

    private void Orphan(string what, string? detail) => storm.Findings.Add(Broken.Orphan, what, detail);
}

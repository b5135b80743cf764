using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>A worktree as it stands in the registry. Entries of the public teaching version (absolute paths) are read too.</summary>
internal static class WorktreeImage
{
    private static readonly HashSet<string> Ours =
    [
        "id", "name", "path", "branch", "base_ref", "base_commit", "admin_id", "task_id", "status", "branch_created", "reason", "trash", "runs", "setup", "ports", "spare", "landing", "landed",
        "created_at", "updated_at",
    ];

    internal static Worktree? Read(int id, ReadOnlySpan<byte> bytes, string root)
    {
        if (StateJson.Read(bytes) is not { } json || json["name"].TextOrNull() is not { } name)
        {
            return null;
        }

        var path = json["path"].TextOrNull() ?? Path.Join(".worktrees", name);
        return new Worktree
        {
            Id = id,
            Name = name,
            Path = Path.IsPathRooted(path) ? Path.GetRelativePath(root, path) : path,
            Branch = json["branch"].TextOrNull() ?? $"wt/{name}",
            BaseRef = json["base_ref"].TextOrNull(),
            BaseCommit = json["base_commit"].TextOrNull(),
            AdminId = json["admin_id"].TextOrNull(),
            TaskId = (int?)json["task_id"].Integer(),
            Status = WorktreeWords.State(json["status"].Text()) ?? WorktreeState.Active,
            BranchCreated = json["branch_created"].Flag(),
            Reason = json["reason"].TextOrNull(),
            Trash = json["trash"] is JsonObject trash ? ReadTrash(trash) : null,
            Spare = json["spare"].TextOrNull(),
            Runs = json["runs"] is JsonArray runs
                ? [.. runs.OfType<JsonObject>().Select(ReadRun)]
                : [],
            Setup = json["setup"] is JsonObject setup
                ? new SetupState(setup["run_id"].TextOrNull() ?? string.Empty, setup["state"].TextOrNull() ?? "failed", setup["detail"].TextOrNull())
                : null,
            Ports = json["ports"].Integer() is >= 1024 and <= 65_526 and var ports ? (int)ports : null,
            Landing = json["landing"] is JsonObject landing ? LandingImage.Read(landing) : null,
            Landed = json["landed"] is JsonObject landed ? LandingImage.ReadLanded(landed) : null,
            CreatedAt = json["created_at"].Number() ?? 0,
            UpdatedAt = json["updated_at"].Number() ?? json["created_at"].Number() ?? 0,
            Extra = json.Except(Ours),
        };
    }

    internal static JsonObject Write(Worktree worktree)
    {
        var json = new JsonObject
        {
            ["id"] = worktree.Id,
            ["name"] = worktree.Name,
            ["path"] = worktree.Path,
            ["branch"] = worktree.Branch,
            ["base_ref"] = worktree.BaseRef,
            ["base_commit"] = worktree.BaseCommit,
            ["admin_id"] = worktree.AdminId,
            ["task_id"] = worktree.TaskId,
            ["status"] = worktree.Status.Word(),
            ["branch_created"] = worktree.BranchCreated,
            ["created_at"] = worktree.CreatedAt,
            ["updated_at"] = worktree.UpdatedAt,
        };
        if (worktree.Reason is not null)
        {
            json["reason"] = worktree.Reason;
        }

        if (worktree.Spare is not null)
        {
            json["spare"] = worktree.Spare;
        }

        if (worktree.Runs.Count > 0)
        {
            json["runs"] = new JsonArray([.. worktree.Runs.Select(WriteRun)]);
        }

        if (worktree.Setup is { } setup)
        {
            json["setup"] = new JsonObject { ["run_id"] = setup.RunId, ["state"] = setup.State };
            if (setup.Detail is not null)
            {
                json["setup"]!["detail"] = setup.Detail;
            }
        }

        if (worktree.Ports is { } ports)
        {
            json["ports"] = ports;
        }

        if (worktree.Landing is { } landing)
        {
            json["landing"] = LandingImage.Write(landing);
        }

        if (worktree.Landed is { } landed)
        {
            json["landed"] = LandingImage.Write(landed);
        }

        if (worktree.Trash is { } trash)
        {
            json["trash"] = WriteTrash(trash);
        }

        foreach (var (key, value) in worktree.Extra ?? [])
        {
            json[key] = value?.DeepClone();
        }

        return json;
    }

    private static TrashedWorktree ReadTrash(JsonObject json) => new(
        json["path"].TextOrNull(), json["admin_id"].TextOrNull(), json["tip"].TextOrNull(), WorktreeWords.State(json["before"].Text()) ?? WorktreeState.Active, json["complete_task"].Flag())
    {
        Head = json["head"].TextOrNull(),
        BranchTip = json["branch_tip"].TextOrNull(),
        KeptReason = json["kept_reason"].TextOrNull(),
        RemovedAt = json["removed_at"].Number(),
        Was = json["was"] is JsonObject was && was["name"].TextOrNull() is { } name && was["path"].TextOrNull() is { } path
            ? new RemovedAs(name, path, was["admin_id"].TextOrNull())
            : null,
    };

    private static JsonObject WriteTrash(TrashedWorktree trash)
    {
        var json = new JsonObject
        {
            ["path"] = trash.Path,
            ["admin_id"] = trash.AdminId,
            ["tip"] = trash.Tip,
            ["head"] = trash.Head,
            ["branch_tip"] = trash.BranchTip,
            ["before"] = trash.Before.Word(),
        };
        if (trash.KeptReason is { } reason)
        {
            json["kept_reason"] = reason;
        }

        if (trash.RemovedAt is { } at)
        {
            json["removed_at"] = at;
        }

        if (trash.CompleteTask)
        {
            json["complete_task"] = true;
        }

        if (trash.Was is { } was)
        {
            json["was"] = new JsonObject { ["name"] = was.Name, ["path"] = was.Path, ["admin_id"] = was.AdminId };
        }

        return json;
    }

    private static BegunRun ReadRun(JsonObject run) => new(
        run["id"].TextOrNull() ?? string.Empty,
        run["command"].TextOrNull() ?? string.Empty,
        run["by"].TextOrNull() ?? string.Empty,
        run["started_at"].Number() ?? 0,
        run["kind"].TextOrNull() ?? BegunRun.Asked);

    private static JsonObject WriteRun(BegunRun run)
    {
        var json = new JsonObject { ["id"] = run.Id, ["command"] = run.Command, ["by"] = run.By, ["started_at"] = run.StartedAt };
        if (run.Kind != BegunRun.Asked)
        {
            json["kind"] = run.Kind;
        }

        return json;
    }
}

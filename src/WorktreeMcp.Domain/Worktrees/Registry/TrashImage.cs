using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>What an entry of the registry says of a worktree in the trash.</summary>
internal static class TrashImage
{
    // Where it waits follows from its number, so nothing else can be right.
    internal static TrashedWorktree Read(CheckedMembers json, int id, StateLayout layout, Func<string, bool> isObjectId)
    {
        var before = WorktreeImage.StateIn(json, "before") ?? WorktreeState.Active;
        return before is not (WorktreeState.Active or WorktreeState.Kept)
            ? throw json.Fault("before", "is no state that a worktree can be removed from")
            : new TrashedWorktree(
                json.Text("path", path => layout.IsTrashOf(id, path), "is not where it would wait in the trash"),
                json.Text("admin_id", PlainValues.IsComponent, WorktreeImage.NoComponent),
                json.Text("tip", isObjectId, WorktreeImage.NoObjectId),
                before,
                json.Flag("complete_task"))
            {
                Head = json.Text("head", PlainValues.IsRef, "is no full name of a ref"),
                BranchTip = json.Text("branch_tip", isObjectId, WorktreeImage.NoObjectId),
                KeptReason = json.AnyText("kept_reason"),
                RemovedAt = json.Time("removed_at"),
                Took = json.Object("took", ReadTook),
                Was = json.Object("was", was => ReadWas(was, layout)),
            };
    }

    internal static JsonObject Write(TrashedWorktree trash)
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

        if (trash.Took is { } took)
        {
            json["took"] = Write(took);
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

    /// <summary>The same in an event.</summary>
    internal static JsonObject Write(RemovalTook took) => new()
    {
        ["force"] = took.Force,
        ["uncommitted"] = took.Uncommitted,
        ["untracked"] = took.Untracked,
        ["commits_on_no_branch"] = took.LooseCommits,
    };

    private static RemovalTook ReadTook(CheckedMembers json) => new(json.Flag("force"))
    {
        Uncommitted = (int?)json.Integer("uncommitted", 0, int.MaxValue),
        Untracked = (int)(json.Integer("untracked", 0, int.MaxValue) ?? 0),
        LooseCommits = (int)(json.Integer("commits_on_no_branch", 0, int.MaxValue) ?? 0),
    };

    private static RemovedAs ReadWas(CheckedMembers json, StateLayout layout) => new(
        json.Required("name", PlainValues.IsWorktreeName, "is no name of a worktree"),
        WorktreeImage.PathIn(json, layout) ?? throw json.Fault("path", WorktreeImage.NoPlace),
        json.Text("admin_id", PlainValues.IsComponent, WorktreeImage.NoComponent));
}

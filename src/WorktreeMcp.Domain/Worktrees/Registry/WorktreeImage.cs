using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>A worktree as it stands in the registry. Entries of the public teaching version (absolute paths) are read too.</summary>
internal static class WorktreeImage
{
    private static readonly HashSet<string> Ours =
    [
        "id", "name", "path", "branch", "base_ref", "base_commit", "admin_id", "task_id", "status", "branch_created", "reason", "trash", "runs", "setup", "ports", "spare", "claim_epoch", "landing", "landed",
        "created_at", "updated_at",
    ];

    internal const string NoBranch = "is no name of a branch";
    internal const string NoObjectId = "is no whole object id of this repository";
    internal const string NoComponent = "is no single name of a folder";
    internal const string NoPlace = "is no place for a worktree of this repository";

    /// <summary>Reads an entry and checks every value for what it is used for.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="bytes">The entry.</param>
    /// <param name="layout">The repository that it must belong to.</param>
    /// <exception cref="FaultyValue">Something in it is not what it must be.</exception>
    internal static Worktree Read(int id, ReadOnlySpan<byte> bytes, StateLayout layout)
    {
        var json = StateJson.Read(bytes) ?? throw new FaultyValue("it cannot be read");
        if (FormatVersion.NewerThanKnown(json) is { } version)
        {
            throw new FaultyValue($"it {FormatVersion.Words(version)}", isNewer: true);
        }

        var members = new CheckedMembers(json);
        var name = members.Required("name", PlainValues.IsWorktreeName, "is no name of a worktree");
        var createdAt = members.Time("created_at");
        return Whole(members, new Worktree
        {
            Id = id,
            Name = name,
            Path = PathIn(members, layout) ?? Path.Join(layout.WorktreeRoot, name),
            Branch = members.Text("branch", PlainValues.IsBranch, NoBranch) ?? $"wt/{name}",
            BaseRef = members.Text("base_ref", PlainValues.IsRevision, "is nothing that a worktree can start from"),
            BaseCommit = members.Text("base_commit", IsObjectId, NoObjectId),
            AdminId = members.Text("admin_id", PlainValues.IsComponent, NoComponent),
            TaskId = (int?)members.Integer("task_id", 1, TaskFiles.HighestPossibleId),
            Status = StateIn(members, "status") ?? WorktreeState.Active,
            BranchCreated = members.Flag("branch_created"),
            Reason = members.AnyText("reason"),
            Trash = members.Object("trash", trash => TrashImage.Read(trash, id, layout, IsObjectId)),
            Spare = members.Text("spare", PlainValues.IsComponent, NoComponent),
            ClaimEpoch = (int?)members.Integer("claim_epoch", 1, TaskFiles.HighestPossibleId),
            Runs = members.Objects("runs", RunImage.Read),
            Setup = members.Object("setup", RunImage.ReadSetup),
            Ports = json["ports"].Integer() is >= 1024 and <= 65_526 and var ports ? (int)ports : null,
            Landing = members.Object("landing", landing => LandingImage.Read(landing, IsObjectId)),
            Landed = members.Object("landed", landed => LandingImage.ReadLanded(landed, IsObjectId)),
            CreatedAt = createdAt ?? 0,
            UpdatedAt = members.Time("updated_at") ?? createdAt ?? 0,
            Extra = json.Except(Ours),
        });

        bool IsObjectId(string text) => PlainValues.IsObjectId(text, layout.ObjectIdLength);
    }

    // What going on with a step needs was on record before it began.
    private static Worktree Whole(CheckedMembers json, Worktree worktree) => worktree switch
    {
        { Status: WorktreeState.Restoring, Trash.Path: null } or { Status: WorktreeState.Restoring, Trash: null } => throw json.Fault("trash", "does not say what is being restored"),
        { Status: WorktreeState.Restoring, AdminId: null } => throw json.Fault("admin_id", "is missing in a restoration"),
        { Status: WorktreeState.Creating, BranchCreated: true, BaseCommit: null } => throw json.Fault("base_commit", "is missing in a creation"),
        _ => worktree,
    };

    // A word that is unknown here may be one of a newer version.
    internal static WorktreeState? StateIn(CheckedMembers json, string key) => json.AnyText(key) is not { } word ? null
        : WorktreeWords.State(word) ?? throw json.Fault(key, "is a state that this version does not know", isNewer: true);

    // Those of the public teaching version are absolute.
    internal static string? PathIn(CheckedMembers json, StateLayout layout)
    {
        if (json.AnyText("path") is not { } path)
        {
            return null;
        }

        var relative = Path.IsPathRooted(path) && !path.Contains('\0', StringComparison.Ordinal) ? Path.GetRelativePath(layout.Root, path) : path;
        return PlainValues.IsBelow(relative) && layout.MayHoldWorktree(Path.GetFullPath(relative, layout.Root)) ? relative : throw json.Fault("path", NoPlace);
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
        (string Name, JsonNode? Value)[] some =
        [
            ("reason", worktree.Reason),
            ("spare", worktree.Spare),
            ("claim_epoch", worktree.ClaimEpoch),
            ("runs", worktree.Runs.Count == 0 ? null : new JsonArray([.. worktree.Runs.Select(RunImage.Write)])),
            ("setup", worktree.Setup is { } setup ? RunImage.Write(setup) : null),
            ("ports", worktree.Ports),
            ("landing", worktree.Landing is { } landing ? LandingImage.Write(landing) : null),
            ("landed", worktree.Landed is { } landed ? LandingImage.Write(landed) : null),
            ("trash", worktree.Trash is { } trash ? TrashImage.Write(trash) : null),
        ];
        foreach (var (name, value) in some.Where(member => member.Value is not null))
        {
            json[name] = value;
        }

        foreach (var (key, value) in worktree.Extra ?? [])
        {
            json[key] = value?.DeepClone();
        }

        return json;
    }
}

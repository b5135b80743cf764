using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>What an entry of the registry says of landings.</summary>
internal static class LandingImage
{
    internal static PendingLanding Read(CheckedMembers json, Func<string, bool> isObjectId) => new(
        json.Required("into", PlainValues.IsBranch, WorktreeImage.NoBranch),
        json.Required("from", isObjectId, WorktreeImage.NoObjectId),
        json.Required("to", isObjectId, WorktreeImage.NoObjectId),
        json.Required("tip", isObjectId, WorktreeImage.NoObjectId),
        json.Flag("follow"),
        json.Flag("complete_task"),
        json.Time("since") ?? 0);

    internal static LandedWork ReadLanded(CheckedMembers json, Func<string, bool> isObjectId) => new(
        json.Required("into", PlainValues.IsBranch, WorktreeImage.NoBranch),
        json.Required("commit", isObjectId, WorktreeImage.NoObjectId),
        json.Required("tip", isObjectId, WorktreeImage.NoObjectId));

    internal static JsonObject Write(PendingLanding landing) => new()
    {
        ["into"] = landing.Into,
        ["from"] = landing.From,
        ["to"] = landing.To,
        ["tip"] = landing.Tip,
        ["follow"] = landing.Follow,
        ["complete_task"] = landing.CompleteTask,
        ["since"] = landing.Since,
    };

    internal static JsonObject Write(LandedWork landed) => new() { ["into"] = landed.Into, ["commit"] = landed.Commit, ["tip"] = landed.Tip };
}

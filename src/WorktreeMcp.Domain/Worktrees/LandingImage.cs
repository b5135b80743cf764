using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>What an entry of the registry says of landings; one that a hand has broken reads as none.</summary>
internal static class LandingImage
{
    internal static PendingLanding? Read(JsonObject json) =>
        json["into"].TextOrNull() is { } into && json["from"].TextOrNull() is { } from && json["to"].TextOrNull() is { } to && json["tip"].TextOrNull() is { } tip
            ? new PendingLanding(into, from, to, tip, json["follow"].Flag(), json["complete_task"].Flag(), json["since"].Number() ?? 0)
            : null;

    internal static LandedWork? ReadLanded(JsonObject json) =>
        json["into"].TextOrNull() is { } into && json["commit"].TextOrNull() is { } commit && json["tip"].TextOrNull() is { } tip ? new LandedWork(into, commit, tip) : null;

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

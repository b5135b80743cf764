using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>What an entry of the registry says of commands in its worktree, and of its setup.</summary>
internal static class RunImage
{
    internal static BegunRun Read(CheckedMembers run) => new(
        run.Required("id", PlainValues.IsComponent, WorktreeImage.NoComponent),
        run.AnyText("command") ?? string.Empty,
        run.AnyText("by") ?? string.Empty,
        run.Time("started_at") ?? 0,
        run.AnyText("kind") ?? BegunRun.Asked);

    internal static JsonObject Write(BegunRun run)
    {
        var json = new JsonObject { ["id"] = run.Id, ["command"] = run.Command, ["by"] = run.By, ["started_at"] = run.StartedAt };
        if (run.Kind != BegunRun.Asked)
        {
            json["kind"] = run.Kind;
        }

        return json;
    }

    internal static SetupState ReadSetup(CheckedMembers json) => new(
        json.Text("run_id", PlainValues.IsComponent, WorktreeImage.NoComponent) ?? string.Empty,
        json.Text("state", state => state is "running" or "done" or "failed", "is no state of a setup") ?? "failed",
        json.AnyText("detail"));

    internal static JsonObject Write(SetupState setup)
    {
        var json = new JsonObject { ["run_id"] = setup.RunId, ["state"] = setup.State };
        if (setup.Detail is not null)
        {
            json["detail"] = setup.Detail;
        }

        return json;
    }
}

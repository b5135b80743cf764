using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>A task as its record says it must be.</summary>
internal sealed record TaskModel(int Id, string Subject)
{
    public string Status { get; init; } = "pending";

    public string? Owner { get; init; }

    public string Priority { get; init; } = "normal";

    public IReadOnlyList<int> BlockedBy { get; init; } = [];

    public string? Worktree { get; init; }

    public string? WorktreeState { get; init; }

    /// <summary>Notes of its own driver, acknowledged, in their order.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What a person wrote into the file, or null.</summary>
    public string? Hand { get; init; }

    /// <summary>Whether its owner must hold a lease on it; false where the record does not say.</summary>
    public bool IsHeld { get; init; }

    public bool IsOpen => Status is "pending" or "in_progress";

    public bool HasLiveWorktree => WorktreeState is "active" or "kept";

    /// <summary>What differs in a task file; empty when it is as it must be.</summary>
    public IReadOnlyList<string> Differences(JsonObject file)
    {
        var found = new List<string>();
        Check("id", (int?)file["id"] ?? 0, Id);
        Check("subject", (string?)file["subject"], Subject);
        Check("status", (string?)file["status"], Status);
        Check("owner", (string?)file["owner"], Owner);
        Check("lease", (IsHeld && IsOpen && file["lease_until"] is null) ? "none" : "as it must be", "as it must be");
        Check("priority", (string?)file["priority"], Priority);
        Check("worktree", (string?)file["worktree"], Worktree);
        Check("worktree_state", (string?)file["worktree_state"], WorktreeState);
        Check("x_hand", (string?)file["x_hand"], Hand);
        Check("blocked_by", string.Join(',', (file["blocked_by"] as JsonArray ?? []).Select(b => (int)b!)), string.Join(',', BlockedBy));
        var own = NotesIn(file).Where(n => n.StartsWith("own ", StringComparison.Ordinal)).ToList();
        Check("notes", string.Join('|', own), string.Join('|', Notes));
        return found;

        void Check<T>(string name, T actual, T expected)
        {
            if (!Equals(actual, expected))
            {
                found.Add($"{name} is \"{actual}\" and must be \"{expected}\"");
            }
        }
    }

    public static IReadOnlyList<string> NotesIn(JsonObject file) => [.. (file["notes"] as JsonArray ?? []).Select(n => (string)n!["text"]!)];
}

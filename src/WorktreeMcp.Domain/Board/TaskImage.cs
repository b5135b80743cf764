using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// A task as it stands in its file. Files of the public teaching version (<c>blockedBy</c>, no revision) are read as
/// they are and keep their spelling beside ours.
/// </summary>
internal static class TaskImage
{
    private const string TeachingBlockedBy = "blockedBy";

    private static readonly HashSet<string> Ours =
    [
        "id", "subject", "description", "status", "owner", "worktree", "worktree_state", "blocked_by", "priority", "labels",
        "attention", "lease_until", "epoch", "notes", "revision", "created_at", "updated_at",
    ];

    /// <summary>Reads a file; throws FormatException with what is wrong.</summary>
    internal static BoardTask Read(int id, ReadOnlySpan<byte> bytes)
    {
        var json = StateJson.Read(bytes) ?? throw new FormatException(Describe(bytes));
        try
        {
            return Read(id, json);
        }
        catch (InvalidOperationException fault)
        {
            throw new FormatException("a member has the wrong type", fault);
        }
    }

    internal static JsonObject Write(BoardTask task)
    {
        var json = new JsonObject
        {
            ["id"] = task.Id,
            ["subject"] = task.Subject,
            ["description"] = task.Description,
            ["status"] = task.Status.Word(),
            ["owner"] = task.Owner,
            ["worktree"] = task.Worktree,
            ["worktree_state"] = task.WorktreeState,
            ["blocked_by"] = Numbers(task.BlockedBy),
            ["priority"] = task.Priority.Word(),
            ["labels"] = new JsonArray([.. task.Labels.Select(l => JsonValue.Create(l))]),
            ["attention"] = task.Attention.Word(),
            ["lease_until"] = task.LeaseUntil,
            ["epoch"] = task.Epoch,
            ["notes"] = new JsonArray([.. task.Notes.Select(n => new JsonObject { ["at"] = n.At, ["by"] = n.By, ["text"] = n.Text })]),
            ["revision"] = task.Revision,
            ["created_at"] = task.CreatedAt,
            ["updated_at"] = task.UpdatedAt,
        };
        foreach (var (key, value) in task.Extra ?? [])
        {
            json[key] = key == TeachingBlockedBy ? Numbers(task.BlockedBy) : value?.DeepClone();
        }

        return json;
    }

    private static BoardTask Read(int id, JsonObject json)
    {
        if (json["id"].Integer() is { } inside && inside != id)
        {
            throw new FormatException($"its id is {inside}, its file name says {id}");
        }

        var state = json["status"].Text();
        var subject = json["subject"].Text() ?? throw new FormatException("it has no subject");
        return new BoardTask
        {
            Id = id,
            Subject = subject,
            Description = json["description"].Text() ?? string.Empty,
            Status = TaskWords.State(state ?? "pending") ?? throw new FormatException($"its status is \"{state}\""),
            Owner = json["owner"].TextOrNull(),
            Worktree = json["worktree"].TextOrNull(),
            WorktreeState = json["worktree_state"].TextOrNull() ?? (json["worktree"].TextOrNull() is null ? null : "active"),
            BlockedBy = [.. Items(json["blocked_by"] ?? json[TeachingBlockedBy]).Select(n => (int)(n.Integer() ?? throw new FormatException("blocked_by holds something that is no task id")))],
            Priority = TaskWords.Priority(json["priority"].Text()) ?? TaskPriority.Normal,
            Labels = [.. Items(json["labels"]).Select(l => l.Text()).OfType<string>()],
            Attention = TaskWords.Attention(json["attention"].Text()) ?? TaskAttention.None,
            LeaseUntil = json["lease_until"].Number(),
            Epoch = (int)(json["epoch"].Integer() ?? 0),
            Notes = [.. Items(json["notes"]).OfType<JsonObject>().Select(n => new TaskNote(n["at"].Number() ?? 0, n["by"].Text() ?? string.Empty, n["text"].Text() ?? string.Empty))],
            Revision = json["revision"].Integer() ?? 0,
            CreatedAt = json["created_at"].Number() ?? 0,
            UpdatedAt = json["updated_at"].Number() ?? 0,
            Extra = json.Except(Ours),
        };
    }

    private static JsonArray Numbers(IReadOnlyList<int> numbers) => new([.. numbers.Select(n => JsonValue.Create(n))]);

    private static JsonArray Items(JsonNode? node) => node is null ? [] : node.AsArray();

    private static string Describe(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [] => "it is empty",
        _ when bytes.IndexOf("<<<<<<<"u8) >= 0 => "it holds merge-conflict markers",
        _ => "it is not one JSON object",
    };
}

using System.Text.Json;
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
        if (Integer(json["id"]) is { } inside && inside != id)
        {
            throw new FormatException($"its id is {inside}, its file name says {id}");
        }

        var state = Text(json["status"]);
        var subject = Text(json["subject"]) ?? throw new FormatException("it has no subject");
        return new BoardTask
        {
            Id = id,
            Subject = subject,
            Description = Text(json["description"]) ?? string.Empty,
            Status = TaskWords.State(state ?? "pending") ?? throw new FormatException($"its status is \"{state}\""),
            Owner = NullIfEmpty(Text(json["owner"])),
            Worktree = NullIfEmpty(Text(json["worktree"])),
            WorktreeState = NullIfEmpty(Text(json["worktree_state"])) ?? (NullIfEmpty(Text(json["worktree"])) is null ? null : "active"),
            BlockedBy = [.. Items(json["blocked_by"] ?? json[TeachingBlockedBy]).Select(n => (int)(Integer(n) ?? throw new FormatException("blocked_by holds something that is no task id")))],
            Priority = TaskWords.Priority(Text(json["priority"])) ?? TaskPriority.Normal,
            Labels = [.. Items(json["labels"]).Select(Text).OfType<string>()],
            Attention = TaskWords.Attention(Text(json["attention"])) ?? TaskAttention.None,
            LeaseUntil = Number(json["lease_until"]),
            Epoch = (int)(Integer(json["epoch"]) ?? 0),
            Notes = [.. Items(json["notes"]).OfType<JsonObject>().Select(n => new TaskNote(Number(n["at"]) ?? 0, Text(n["by"]) ?? string.Empty, Text(n["text"]) ?? string.Empty))],
            Revision = Integer(json["revision"]) ?? 0,
            CreatedAt = Number(json["created_at"]) ?? 0,
            UpdatedAt = Number(json["updated_at"]) ?? 0,
            Extra = Extra(json),
        };
    }

    private static JsonObject? Extra(JsonObject json)
    {
        var extra = json.Where(member => !Ours.Contains(member.Key)).ToList();
        return extra.Count == 0 ? null : new JsonObject(extra.Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
    }

    private static JsonArray Numbers(IReadOnlyList<int> numbers) => new([.. numbers.Select(n => JsonValue.Create(n))]);

    private static JsonArray Items(JsonNode? node) => node is null ? [] : node.AsArray();

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static double? Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number ? node.GetValue<double>() : null;

    private static long? Integer(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out long number) ? number : null;

    private static string Describe(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [] => "it is empty",
        _ when bytes.IndexOf("<<<<<<<"u8) >= 0 => "it holds merge-conflict markers",
        _ => "it is not one JSON object",
    };
}

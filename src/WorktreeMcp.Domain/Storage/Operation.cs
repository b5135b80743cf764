using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Storage;

/// <summary>What kind of thing an image belongs to.</summary>
public enum EntityKind
{
    /// <summary>A task, with a file of its own.</summary>
    Task,

    /// <summary>An entry of the registry.</summary>
    Worktree,
}

/// <summary>One entity before and after an operation.</summary>
/// <param name="Kind">Task or worktree.</param>
/// <param name="Id">Its number.</param>
/// <param name="Before">Hash of what was there, null when nothing was.</param>
/// <param name="After">The whole new image, null when the entity is gone.</param>
internal sealed record EntityChange(EntityKind Kind, int Id, string? Before, JsonObject? After);

/// <summary>The next free numbers; they only grow.</summary>
/// <param name="Operation">Number of the next operation.</param>
/// <param name="Task">Next task id.</param>
/// <param name="Worktree">Next worktree id.</param>
/// <param name="Seq">Next event number.</param>
internal sealed record Counters(long Operation, int Task, int Worktree, long Seq);

/// <summary>One acknowledged change: one line of the operation log, the commit point of everything it holds.</summary>
internal sealed record Operation(
    long Number,
    double At,
    string By,
    string Kind,
    string? RequestId,
    string Boot,
    IReadOnlyList<EntityChange> Changes,
    IReadOnlyList<JsonObject> Events,
    Counters Next)
{
    /// <summary>The kind of a log's first line after a rotation: it stands for all operations up to its number.</summary>
    internal const string Snapshot = "snapshot";

    /// <summary>In a snapshot: the operations whose request ids still live, without their events.</summary>
    internal IReadOnlyList<Operation> Requests { get; init; } = [];

    internal JsonObject ToJson()
    {
        var json = Members();
        if (Requests.Count > 0)
        {
            json["requests"] = new JsonArray([.. Requests.Select(o => o.Members())]);
        }

        return json;
    }

    private JsonObject Members() => new()
    {
        ["op"] = Number,
        ["at"] = At,
        ["by"] = By,
        ["kind"] = Kind,
        ["request_id"] = RequestId,
        ["boot"] = Boot,
        ["changes"] = new JsonArray([.. Changes.Select(ChangeJson)]),
        ["events"] = new JsonArray([.. Events.Select(e => e.DeepClone())]),
        ["next"] = new JsonObject { ["op"] = Next.Operation, ["task"] = Next.Task, ["worktree"] = Next.Worktree, ["seq"] = Next.Seq },
    };

    /// <summary>Reads one line; null when it is damaged.</summary>
    internal static Operation? From(ReadOnlySpan<byte> line)
    {
        try
        {
            return StateJson.ReadLine(line) is { } json ? From(json) : null;
        }
        catch (Exception fault) when (fault is InvalidOperationException or FormatException or NullReferenceException or ArgumentNullException)
        {
            return null;
        }
    }

    private static Operation From(JsonObject json)
    {
        var next = json["next"]!;
        return new Operation(
            (long)json["op"]!,
            (double)json["at"]!,
            (string)json["by"]!,
            (string)json["kind"]!,
            (string?)json["request_id"],
            (string)json["boot"]!,
            [.. json["changes"]!.AsArray().Select(ChangeFrom)],
            [.. json["events"]!.AsArray().Select(e => e!.AsObject())],
            new Counters((long)next["op"]!, (int)next["task"]!, (int)next["worktree"]!, (long)next["seq"]!))
        {
            Requests = json["requests"] is JsonArray requests ? [.. requests.Select(o => From(o!.AsObject()))] : [],
        };
    }

    private static JsonNode ChangeJson(EntityChange change) => new JsonObject
    {
        [change.Kind == EntityKind.Task ? "task" : "worktree"] = change.Id,
        ["before"] = change.Before,
        ["after"] = change.After?.DeepClone(),
    };

    private static EntityChange ChangeFrom(JsonNode? node)
    {
        var json = node!.AsObject();
        var isTask = json.ContainsKey("task");
        return new EntityChange(
            isTask ? EntityKind.Task : EntityKind.Worktree,
            (int)json[isTask ? "task" : "worktree"]!,
            (string?)json["before"],
            json["after"]?.AsObject());
    }
}

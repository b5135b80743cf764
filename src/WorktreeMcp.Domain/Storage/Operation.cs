using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Storage;

/// <summary>What kind of thing an image belongs to.</summary>
internal enum EntityKind
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
internal sealed record EntityChange(EntityKind Kind, int Id, string? Before, JsonObject? After)
{
    /// <summary>Whether a hand wrote it, and the log has only learned it: it says what is there, and proves nothing.</summary>
    internal bool ByHand { get; init; }
}

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
        ["changes"] = new JsonArray([.. Changes.Select(JsonNode (change) => ChangeJson(change))]),
        ["events"] = new JsonArray([.. Events.Select(e => e.DeepClone())]),
        ["next"] = new JsonObject { ["op"] = Next.Operation, ["task"] = Next.Task, ["worktree"] = Next.Worktree, ["seq"] = Next.Seq },
    };

    /// <summary>Reads one line; null when it is damaged, or is none that this version understands.</summary>
    internal static Operation? From(ReadOnlySpan<byte> line)
    {
        try
        {
            return StateJson.ReadLine(line) is { } json && FormatVersion.NewerThanKnown(json) is null ? From(json) : null;
        }
        catch (Exception fault) when (fault is InvalidOperationException or FormatException or NullReferenceException or ArgumentNullException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>
    /// Why a line that cannot be read is not damaged: a newer version of this program wrote it. Null for what no version would write.
    /// </summary>
    internal static string? NewerWords(ReadOnlySpan<byte> line) => StateJson.ReadLine(line) is not { } json ? null
        : FormatVersion.NewerThanKnown(json) is { } version ? FormatVersion.Words(version)
        : json["kind"].TextOrNull() is not null && json["op"].Integer() > 0 && From(line) is null ? FormatVersion.Words(null)
        : null;

    private static Operation From(JsonObject json)
    {
        var next = json["next"]!;
        var kind = (string)json["kind"]!;
        return new Operation(
            Within(json["op"], 1, long.MaxValue - 1),
            (double)json["at"]!,
            (string)json["by"]!,
            kind,
            (string?)json["request_id"],
            (string)json["boot"]!,
            [.. json["changes"]!.AsArray().Select(change => ChangeFrom(change, kind == Recovery.Hand))],
            [.. json["events"]!.AsArray().Select(EventFrom)],
            new Counters(Within(next["op"], 1, long.MaxValue - 1), (int)Within(next["task"], 1, HighestNext), (int)Within(next["worktree"], 1, HighestNext), Within(next["seq"], 1, long.MaxValue - 1)))
        {
            Requests = json["requests"] is JsonArray requests ? [.. requests.Select(o => From(o!.AsObject()))] : [],
        };
    }

    private const int HighestNext = TaskFiles.HighestPossibleId + 1;

    private static long Within(JsonNode? node, long least, long most) =>
        (long)node! is var number && number >= least && number <= most ? number : throw new FormatException("a number is out of range");

    private static JsonObject EventFrom(JsonNode? node)
    {
        var json = node!.AsObject();
        return Within(json["seq"], 1, long.MaxValue - 1) > 0 ? json : throw new FormatException("an event has no number");
    }

    private static JsonObject ChangeJson(EntityChange change)
    {
        var json = new JsonObject
        {
            [change.Kind == EntityKind.Task ? "task" : "worktree"] = change.Id,
            ["before"] = change.Before,
            ["after"] = change.After?.DeepClone(),
        };
        if (change.ByHand)
        {
            json["hand"] = true;
        }

        return json;
    }

    private static EntityChange ChangeFrom(JsonNode? node, bool byHand)
    {
        var json = node!.AsObject();
        var isTask = json.ContainsKey("task");
        return new EntityChange(
            isTask ? EntityKind.Task : EntityKind.Worktree,
            (int)Within(json[isTask ? "task" : "worktree"], 1, TaskFiles.HighestPossibleId),
            (string?)json["before"],
            json["after"]?.AsObject())
        {
            ByHand = byHand || json["hand"].Flag(),
        };
    }
}

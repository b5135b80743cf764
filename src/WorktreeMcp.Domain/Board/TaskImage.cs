using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// A task as it stands in its file. Files of the public teaching version (<c>blockedBy</c>, no revision) are read as
/// they are. A rewrite begins with what the file holds and replaces only what the change changed: unknown keys, the
/// order of keys, and values that we do not understand stay.
/// </summary>
internal static class TaskImage
{
    private const string TeachingBlockedBy = "blockedBy";
    private const long MostRevisions = long.MaxValue / 2;

    // Members that a file has only where there is something to say.
    private static readonly string[] WhereThere = ["claim", "question", .. ContractImage.Keys];

    /// <summary>Reads a file; throws FormatException with what is wrong.</summary>
    internal static BoardTask Read(int id, ReadOnlyMemory<byte> bytes)
    {
        var json = StateJson.Read(bytes.Span) ?? throw new FormatException(Describe(bytes.Span));
        try
        {
            return Read(id, json) with { Source = bytes };
        }
        catch (InvalidOperationException fault)
        {
            throw new FormatException("a member has the wrong type", fault);
        }
        catch (FaultyValue fault)
        {
            throw new FormatException(fault.Message, fault);
        }
    }

    /// <summary>The whole new file.</summary>
    internal static JsonObject Write(BoardTask task)
    {
        var now = Members(task);
        if (task.Source.IsEmpty)
        {
            return WithoutAbsent(now);
        }

        var file = StateJson.Read(task.Source.Span)!;
        var before = Members(Read(task.Id, file));
        if (file.ContainsKey(TeachingBlockedBy))
        {
            (before[TeachingBlockedBy], now[TeachingBlockedBy]) = (Numbers(Read(task.Id, file).BlockedBy), Numbers(task.BlockedBy));
        }

        foreach (var (key, value) in now)
        {
            if (!file.ContainsKey(key) || !JsonNode.DeepEquals(before[key], value))
            {
                file[key] = value?.DeepClone();
            }
        }

        return WithoutAbsent(file);
    }

    private static JsonObject WithoutAbsent(JsonObject file)
    {
        foreach (var key in WhereThere.Where(key => file[key] is null))
        {
            file.Remove(key);
        }

        return file;
    }

    private static JsonObject NoteMembers(TaskNote note)
    {
        var members = new JsonObject { ["at"] = note.At, ["by"] = note.By, ["text"] = note.Text };
        if (note.IsPersons)
        {
            members["person"] = true;
        }

        if (note.Answers is { } question)
        {
            members["answers"] = question;
        }

        return members;
    }

    private static TaskNote ReadNote(JsonObject note) => new(Time(note["at"], "at") ?? 0, note["by"].Text() ?? string.Empty, note["text"].Text() ?? string.Empty)
    {
        IsPersons = note["person"].Flag(),
        Answers = note["answers"].TextOrNull(),
    };

    private static TaskQuestion ReadQuestion(CheckedMembers question) => new(
        question.Required("text", text => !string.IsNullOrWhiteSpace(text) && text.Length <= TaskRules.QuestionLength, $"is empty or longer than {TaskRules.QuestionLength} characters"),
        question.AnyText("by") ?? string.Empty,
        question.Time("at") ?? 0);

    private static JsonObject? ClaimMembers(Claim? claim) => claim is null ? null : new JsonObject
    {
        ["minutes"] = claim.Minutes,
        ["span"] = claim.Span,
        ["up"] = claim.Up,
        ["boot"] = claim.Boot,
        ["session"] = claim.Session,
    };

    private static Claim? ReadClaim(JsonNode? node) => node is JsonObject claim && claim["span"].Number() is { } span and >= 0 && claim["up"].Number() is { } up
        ? new Claim((int)Math.Clamp(claim["minutes"].Integer() ?? 60, 1, RepositorySettings.MostLeaseMinutes), span, up, claim["boot"].Text() ?? string.Empty, claim["session"].TextOrNull())
        : null;

    private static JsonObject Members(BoardTask task)
    {
        var members = new JsonObject
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
            ["claim"] = ClaimMembers(task.Claim),
            ["question"] = task.Question is { } question ? new JsonObject { ["text"] = question.Text, ["by"] = question.By, ["at"] = question.At } : null,
            ["notes"] = new JsonArray([.. task.Notes.Select(NoteMembers)]),
            ["revision"] = task.Revision,
            ["created_at"] = task.CreatedAt,
            ["updated_at"] = task.UpdatedAt,
        };
        ContractImage.Write(task.Contract, members);
        return members;
    }

    private static BoardTask Read(int id, JsonObject json)
    {
        if (json["id"] is { } inside && inside.Integer() != id)
        {
            throw new FormatException($"its id is {inside.ToJsonString()}, its file name says {id}");
        }

        var state = json["status"];
        var subject = json["subject"].Text() ?? throw new FormatException("it has no subject");
        return new BoardTask
        {
            Id = id,
            Subject = subject,
            Description = json["description"].Text() ?? string.Empty,
            Status = TaskWords.State(state is null ? "pending" : state.Text()) ?? throw new FormatException($"its status is {state!.ToJsonString()}"),
            Owner = json["owner"].TextOrNull(),
            Worktree = NameOf(json["worktree"].TextOrNull()),
            WorktreeState = json["worktree_state"].TextOrNull() ?? (json["worktree"].TextOrNull() is null ? null : "active"),
            BlockedBy = [.. Items(json["blocked_by"] ?? json[TeachingBlockedBy]).Select(TaskId)],
            Priority = TaskWords.Priority(json["priority"].Text()) ?? TaskPriority.Normal,
            Labels = [.. Items(json["labels"]).Select(l => l.Text()).OfType<string>()],
            Attention = TaskWords.Attention(json["attention"].Text()) ?? TaskAttention.None,
            LeaseUntil = Time(json["lease_until"], "lease_until"),
            Epoch = (int)Within(json["epoch"].Integer() ?? 0, 0, TaskFiles.HighestPossibleId, "epoch"),
            Claim = ReadClaim(json["claim"]),
            Notes = [.. Items(json["notes"]).OfType<JsonObject>().Select(ReadNote)],
            Contract = ContractImage.Read(json),
            Question = new CheckedMembers(json).Object("question", ReadQuestion),
            Revision = Within(json["revision"].Integer() ?? 0, 0, MostRevisions, "revision"),
            CreatedAt = Time(json["created_at"], "created_at") ?? 0,
            UpdatedAt = Time(json["updated_at"], "updated_at") ?? 0,
            NewerVersion = FormatVersion.NewerThanKnown(json),
        };
    }

    // It becomes a part of paths and of branches.
    private static string? NameOf(string? name) =>
        name is null || PlainValues.IsWorktreeName(name) ? name : throw new FormatException($"its worktree is {JsonValue.Create(name).ToJsonString()}, which is no name of one");

    private static double? Time(JsonNode? node, string member) =>
        node.Number() is not { } time || PlainValues.IsTime(time) ? node.Number() : throw new FormatException($"{member} holds {node!.ToJsonString()}, which is no time");

    private static JsonArray Numbers(IReadOnlyList<int> numbers) => new([.. numbers.Select(n => JsonValue.Create(n))]);

    private static int TaskId(JsonNode? node) =>
        (int)Within(node.Integer() ?? throw new FormatException("blocked_by holds something that is no task id"), 1, TaskFiles.HighestPossibleId, "blocked_by");

    private static long Within(long number, long least, long most, string member) =>
        number >= least && number <= most ? number : throw new FormatException($"{member} holds {number}, which is out of range");

    private static JsonArray Items(JsonNode? node) => node is null ? [] : node.AsArray();

    private static string Describe(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [] => "it is empty",
        _ when bytes.IndexOf("<<<<<<<"u8) >= 0 => "it holds merge-conflict markers",
        _ => "it is not one JSON object",
    };
}

using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Running;

/// <summary>What is known of a run beside its output: how it began, and once it is over, how it ended.</summary>
public sealed record RunRecord
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>What it is for: "command" when somebody asked for it, else such as "setup".</summary>
    public required string Kind { get; init; }

    /// <summary>The worktree it runs in.</summary>
    public required string Worktree { get; init; }

    /// <summary>The command, cut.</summary>
    public required string Command { get; init; }

    /// <summary>Who runs it.</summary>
    public required string By { get; init; }

    /// <summary>Unix seconds.</summary>
    public required double StartedAt { get; init; }

    /// <summary>When it is ended with all it started.</summary>
    public required double TimeoutSeconds { get; init; }

    /// <summary>Number of the process that watches over it.</summary>
    public required int WatchedBy { get; init; }

    /// <summary>The boot in which it began; a run of another boot is over.</summary>
    public required string Boot { get; init; }

    /// <summary>How it ended; null while it runs, and for ever when all who watched over it were killed.</summary>
    public RunEnd? End { get; init; }

    internal JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["run_id"] = RunId,
            ["kind"] = Kind,
            ["worktree"] = Worktree,
            ["command"] = Command,
            ["by"] = By,
            ["started_at"] = StartedAt,
            ["timeout_seconds"] = TimeoutSeconds,
            ["watched_by"] = WatchedBy,
            ["boot"] = Boot,
        };
        if (End is { } end)
        {
            json["end"] = end.ToJson();
        }

        return json;
    }

    internal static RunRecord? From(JsonObject? json) => json?["run_id"].TextOrNull() is not { } id ? null : new RunRecord
    {
        RunId = id,
        Kind = json["kind"].TextOrNull() ?? "command",
        Worktree = json["worktree"].TextOrNull() ?? string.Empty,
        Command = json["command"].TextOrNull() ?? string.Empty,
        By = json["by"].TextOrNull() ?? string.Empty,
        StartedAt = json["started_at"].Number() ?? 0,
        TimeoutSeconds = json["timeout_seconds"].Number() ?? 0,
        WatchedBy = (int?)json["watched_by"].Integer() ?? 0,
        Boot = json["boot"].TextOrNull() ?? string.Empty,
        End = RunEnd.From(json["end"] as JsonObject),
    };
}

/// <summary>How a run ended.</summary>
/// <param name="ExitCode">Its exit code, or null when a signal ended it.</param>
/// <param name="Signal">That signal's name, or null.</param>
/// <param name="TimedOut">Whether its time was up.</param>
/// <param name="Cancelled">Whether its caller or its server ended it.</param>
/// <param name="StoppedBy">Who stopped it, or null.</param>
/// <param name="Error">Why it could not be started, or null.</param>
/// <param name="EndedAt">Unix seconds.</param>
/// <param name="DurationSeconds">From its start until it and all it had started were gone.</param>
/// <param name="OutputBytes">How many bytes it wrote.</param>
/// <param name="Survivors">Processes of it that are alive although they were killed.</param>
public sealed record RunEnd(
    int? ExitCode, string? Signal, bool TimedOut, bool Cancelled, string? StoppedBy, string? Error, double EndedAt, double DurationSeconds, long OutputBytes,
    IReadOnlyList<int> Survivors)
{
    internal JsonObject ToJson() => new()
    {
        ["exit_code"] = ExitCode,
        ["signal"] = Signal,
        ["timed_out"] = TimedOut,
        ["cancelled"] = Cancelled,
        ["stopped_by"] = StoppedBy,
        ["error"] = Error,
        ["ended_at"] = EndedAt,
        ["duration_seconds"] = DurationSeconds,
        ["output_bytes"] = OutputBytes,
        ["still_alive"] = new JsonArray([.. Survivors.Select(pid => JsonValue.Create(pid))]),
    };

    internal static RunEnd? From(JsonObject? json) => json is null ? null : new RunEnd(
        (int?)json["exit_code"].Integer(),
        json["signal"].TextOrNull(),
        json["timed_out"].Flag(),
        json["cancelled"].Flag(),
        json["stopped_by"].TextOrNull(),
        json["error"].TextOrNull(),
        json["ended_at"].Number() ?? 0,
        json["duration_seconds"].Number() ?? 0,
        json["output_bytes"].Integer() ?? 0,
        json["still_alive"] is JsonArray alive ? [.. alive.Select(pid => (int?)pid.Integer()).OfType<int>()] : []);
}

using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>How a call ended.</summary>
internal enum Outcome
{
    /// <summary>The server said that it is done.</summary>
    Acknowledged,

    /// <summary>The server said that it is not done.</summary>
    Refused,

    /// <summary>The server died before it answered: it may have happened or not.</summary>
    Unknown,
}

/// <summary>A call's end as its client saw it.</summary>
internal sealed record Answer(Outcome Outcome, JsonObject Content)
{
    public static Answer None { get; } = new(Outcome.Unknown, []);

    public bool IsDone => Outcome == Outcome.Acknowledged;

    public string Code => (string?)Content["error"]?["code"] ?? string.Empty;

    public string Message => (string?)Content["error"]?["message"] ?? Content.ToJsonString();
}

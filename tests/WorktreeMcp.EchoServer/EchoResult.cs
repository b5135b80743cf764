using System.Text.Json.Serialization;

namespace WorktreeMcp.EchoServer;

public enum Mood
{
    [JsonStringEnumMemberName("calm")]
    Calm,

    [JsonStringEnumMemberName("in_a_hurry")]
    InAHurry,
}

public sealed record EchoResult(
    int TaskId,
    long Offset,
    string Caller,
    IReadOnlyList<EchoRow> Rows,
    Mood? Mood = null,
    string? Subject = null,
    bool? Ready = null,
    int? Limit = null,
    string? Next = null);

public sealed record EchoRow(int Number, string? Note);

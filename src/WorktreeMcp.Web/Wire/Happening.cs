using System.Text.Json;

namespace WorktreeMcp.Web.Wire;

/// <summary>An event as the page shows it. Anybody may write lines into the log: what is not what it should be is left out, and what is long is cut.</summary>
/// <param name="Seq">Its number; 0 where it has none.</param>
/// <param name="At">Unix seconds.</param>
/// <param name="Event">What happened.</param>
/// <param name="By">Who did it, or null.</param>
/// <param name="Task">Which task, or null.</param>
/// <param name="Worktree">Which worktree, or null.</param>
internal sealed record Happening(long Seq, double At, string Event, string? By, int? Task, string? Worktree)
{
    private const int MostText = 600;
    private const int MostNames = 8;

    /// <summary>Which repository.</summary>
    public int Repository { get; init; }

    /// <summary>What was said, or what went wrong.</summary>
    public string? Text { get; init; }

    /// <summary>What a person said.</summary>
    public bool Person { get; init; }

    /// <summary>Who held it, or has it now.</summary>
    public string? Owner { get; init; }

    /// <summary>Which members changed.</summary>
    public IReadOnlyList<string>? Changed { get; init; }

    /// <summary>A command's text.</summary>
    public string? Command { get; init; }

    /// <summary>A command's run.</summary>
    public string? Run { get; init; }

    /// <summary>How a command ended.</summary>
    public int? Exit { get; init; }

    /// <summary>How long it took, in seconds.</summary>
    public double? Seconds { get; init; }

    /// <summary>The branch that something landed in.</summary>
    public string? Into { get; init; }

    /// <summary>The commit that something landed as.</summary>
    public string? Commit { get; init; }

    internal static Happening From(JsonElement logged) => new(
        Member(logged, "seq") is { ValueKind: JsonValueKind.Number } seq && seq.TryGetInt64(out var number) && number > 0 ? number : 0,
        Member(logged, "ts") is { ValueKind: JsonValueKind.Number } at && at.TryGetDouble(out var seconds) ? seconds : 0,
        Words(logged, "event") ?? string.Empty,
        Words(logged, "by"),
        Member(Member(logged, "task"), "id") is { ValueKind: JsonValueKind.Number } id && id.TryGetInt32(out var task) ? task : null,
        Words(Member(logged, "worktree"), "name"))
    {
        Text = Words(logged, "text") ?? Words(logged, "question") ?? Words(logged, "error") ?? Words(logged, "reason") ?? Words(logged, "note"),
        Person = Member(logged, "person") is { ValueKind: JsonValueKind.True },
        Owner = Words(logged, "owner"),
        Changed = Member(logged, "changed") is { ValueKind: JsonValueKind.Array } names ? [.. names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Take(MostNames).Select(name => Cut(name.GetString()!))] : null,
        Command = Words(logged, "command"),
        Run = Words(logged, "run_id"),
        Exit = Member(logged, "exit_code") is { ValueKind: JsonValueKind.Number } exit && exit.TryGetInt32(out var code) ? code : null,
        Seconds = Member(logged, "duration_seconds") is { ValueKind: JsonValueKind.Number } took && took.TryGetDouble(out var length) ? length : null,
        Into = Words(logged, "into"),
        Commit = Words(logged, "commit"),
    };

    private static JsonElement? Member(JsonElement? of, string name) => of is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var value) ? value : null;

    private static string? Words(JsonElement? of, string name) => Member(of, name) is { ValueKind: JsonValueKind.String } text ? Cut(text.GetString()!) : null;

    // Half of a pair would be no text any more.
    private static string Cut(string text) => text.Length <= MostText ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[MostText - 1]) ? MostText - 1 : MostText), "…");
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Configuration;

namespace WorktreeMcp.Domain.Setup;

/// <summary>What a repository asks a person for, as its main checkout has it now: commands to run in its worktrees, and settings that open something.</summary>
/// <param name="Setup">Run in a new worktree.</param>
/// <param name="Teardown">Run before a worktree is removed.</param>
public sealed record SetupCommands(IReadOnlyList<string> Setup, IReadOnlyList<string> Teardown)
{
    /// <summary>Settings that count only if they are approved.</summary>
    public IReadOnlyList<WaitingSetting> Opens { get; init; } = [];

    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => Setup.Count == 0 && Teardown.Count == 0 && Opens.Count == 0;

    /// <summary>Why nobody can tell whether there is any, or null.</summary>
    public string? Unread { get; init; }

    /// <summary>Why it cannot be approved at all, or null.</summary>
    public string? Refused { get; init; }

    /// <summary>What a person approves of the commands: the exact texts, in their order, for this repository and no other.</summary>
    /// <param name="root">The real path of the main checkout.</param>
    /// <returns>A hash.</returns>
    internal string Fingerprint(string root)
    {
        var text = new JsonObject { ["repository"] = root, ["setup"] = Listed(Setup), ["teardown"] = Listed(Teardown) };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToJsonString())));
    }

    /// <summary>One script that runs commands in their order, names each, and ends with the first that fails.</summary>
    internal static string Script(IEnumerable<string> commands) => string.Join('\n', commands.Select(command =>
        $"printf '%s\\n' {Quoted($"$ {command}")}\n(eval {Quoted(command)}) || exit $?"));

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static JsonArray Listed(IReadOnlyList<string> commands) => [.. commands.Select(command => (JsonNode?)JsonValue.Create(command))];
}

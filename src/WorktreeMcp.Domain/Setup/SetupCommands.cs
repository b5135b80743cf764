using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Setup;

/// <summary>The commands that a repository wants to have run in its worktrees, as its main checkout has them now.</summary>
/// <param name="Setup">Run in a new worktree.</param>
/// <param name="Teardown">Run before a worktree is removed.</param>
public sealed record SetupCommands(IReadOnlyList<string> Setup, IReadOnlyList<string> Teardown)
{
    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Setup.Count == 0 && Teardown.Count == 0;

    /// <summary>Why nobody can tell whether there are any, or null.</summary>
    public string? Unread { get; init; }

    /// <summary>What a person approves: the exact texts, in their order, for this repository and no other.</summary>
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

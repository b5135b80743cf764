using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// In which version of its format a file, an entry or a line is written: the member <c>version</c>, absent for the first. What is
/// newer is read as far as it is understood and never written.
/// </summary>
internal static class FormatVersion
{
    /// <summary>The one that this program writes; since it is the first, it need not be said.</summary>
    internal const int Known = 1;

    private const string Key = "version";

    /// <summary>The version if it is newer than this program knows, as it is written there; else null.</summary>
    internal static string? NewerThanKnown(JsonObject json) => json[Key].Number() > Known ? json[Key]!.ToJsonString() : null;

    /// <summary>The refusal to change what a newer version wrote.</summary>
    /// <param name="what">The file, or the entry of it.</param>
    /// <param name="version">In which version it is written, or null if only something in it is unknown.</param>
    internal static Refusal RefusalOf(string what, string? version) => RefusalBecause(what, Words(version));

    /// <summary>The same in words that were found before.</summary>
    /// <param name="what">The file, or the entry of it.</param>
    /// <param name="words">What is newer about it.</param>
    internal static Refusal RefusalBecause(string what, string words) => new(
        RefusalCode.CorruptFile,
        $"{what} {words}. It can be read as far as that goes, but nothing is written there, so nothing was changed.",
        "Work with the newer worktree-mcp that wrote it: restart this server after an update. If nothing newer is in use here, a person moves that file away, and what is known comes back. Reading goes on as before.");

    /// <summary>The same as a line of what is not as it should be.</summary>
    internal static string Words(string? version) => version is null
        ? $"holds something that only a newer worktree-mcp understands; this one knows version {Known}"
        : $"is written in version {version} of its format; this worktree-mcp knows version {Known}";
}

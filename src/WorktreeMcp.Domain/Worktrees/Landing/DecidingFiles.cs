using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>Files of a repository that decide what happens here, so that whoever lands a change of one hears of it.</summary>
internal static class DecidingFiles
{
    private const int Most = 10;
    private const string Clients = "how clients start servers and hooks";

    private static readonly Dictionary<string, string> Decided = new(StringComparer.OrdinalIgnoreCase)
    {
        [SettingsReader.FileName] = "what is set for commands, the setup and the trash",
        [WorktreeInclude.FileName] = "which ignored files come along into new worktrees",
        [".gitmodules"] = "where submodules come from",
        [".lfsconfig"] = "where LFS files come from",
        [".mcp.json"] = Clients,
        [".vscode/mcp.json"] = Clients,
        [".cursor/mcp.json"] = Clients,
        [".codex/config.toml"] = Clients,
        [".claude/settings.json"] = Clients,
    };

    /// <summary>Names those among some files, and what each decides; null where there are none.</summary>
    internal static string? Note(IEnumerable<ChangedFile> files)
    {
        var deciding = files.SelectMany(file => new[] { file.OldRaw, file.Raw }).OfType<string>().Select(RawPath.Readable).Distinct(StringComparer.Ordinal)
            .Select(path => What(path) is { } what ? $"{path} ({what})" : null).OfType<string>().ToList();
        return deciding.Count == 0 ? null : $"files that decide something here changed, a person should read them: {Listed.Of(deciding, Most)}";
    }

    // Attributes hold for the folder they lie in and all below it.
    private static string? What(string path) =>
        Decided.GetValueOrDefault(path) ?? (Path.GetFileName(path).Equals(".gitattributes", StringComparison.OrdinalIgnoreCase) ? "which filters and merge drivers git uses" : null);
}

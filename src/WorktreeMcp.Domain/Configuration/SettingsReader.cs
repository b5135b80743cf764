using System.Globalization;
using System.IO.Abstractions;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>
/// The one place that reads what is set: variables before the repository's file before the user's file before the
/// defaults. The repository's file is read from the main checkout only, never from a worktree. Unknown keys and values
/// that do not fit are named, and the next source down holds.
/// </summary>
internal sealed partial class SettingsReader(IFileSystem files, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>The repository's own file, in the top level of the main checkout.</summary>
    internal const string FileName = ".worktree-mcp.json";

    private static readonly IReadOnlyList<Setting> Settings =
    [
        new("worktree_root", "a folder inside the repository, such as \".worktrees\"", IsFolder, (s, v) => s with { WorktreeRoot = v }),
        new("branch_prefix", "letters, digits and . _ / -, such as \"wt/\"", v => Prefix().IsMatch(v) && !v.Contains("..", StringComparison.Ordinal), (s, v) => s with { BranchPrefix = v }),
        new("base_ref", "a branch, a tag, a commit or \"HEAD\"", v => v.Length > 0 && v[0] != '-', (s, v) => s with { BaseRef = v }),
        new("lease_minutes", $"a whole number from 1 to {Claim.MostMinutes}", v => Minutes(v) is >= 1 and <= Claim.MostMinutes, (s, v) => s with { LeaseMinutes = Minutes(v)!.Value }),
        new("durability", "\"full\" or \"relaxed\"", v => v is "full" or "relaxed", (s, v) => s with { Durable = v == "full" }),
        new("spares", "a whole number from 0 to 8", v => v.Length == 1 && v[0] is >= '0' and <= '8', (s, v) => s with { Spares = v[0] - '0' }),
        new("trash_days", "a number of days from 1 to 3650", v => IsNumber(v, 3650), (s, v) => s with { TrashDays = int.Parse(v, CultureInfo.InvariantCulture) }),
        new("trash_gigabytes", "a number of gigabytes from 1 to 100000", v => IsNumber(v, 100_000), (s, v) => s with { TrashGigabytes = int.Parse(v, CultureInfo.InvariantCulture) }),
    ];

    /// <summary>Reads everything for the repository whose main checkout is given.</summary>
    internal RepositorySettings Read(string root)
    {
        var warnings = new List<string>();
        var settings = new RepositorySettings();
        settings = FromFile(settings, UserFile(), warnings);
        settings = FromFile(settings, Path.Join(root, FileName), warnings);
        settings = FromVariables(settings, warnings);
        return settings with { Warnings = warnings };
    }

    private RepositorySettings FromFile(RepositorySettings settings, string? path, List<string> warnings)
    {
        if (path is null || !files.File.Exists(path))
        {
            return settings;
        }

        if (StateJson.Read(files.File.ReadAllBytes(path)) is not { } json)
        {
            warnings.Add($"{path} is not one JSON object; it was passed over.");
            return settings;
        }

        foreach (var (key, value) in json)
        {
            settings = Apply(settings, key, value.Text() ?? value.Integer()?.ToString(CultureInfo.InvariantCulture), $"{path}: {key}", warnings);
        }

        return settings;
    }

    private RepositorySettings FromVariables(RepositorySettings settings, List<string> warnings)
    {
        foreach (var setting in Settings)
        {
            var name = $"WORKTREEMCP_{setting.Key.ToUpperInvariant()}";
            if (environment.TryGetValue(name, out var value) && value.Length > 0 && !value.Contains("${", StringComparison.Ordinal))
            {
                settings = Apply(settings, setting.Key, value, name, warnings);
            }
        }

        return settings;
    }

    private static RepositorySettings Apply(RepositorySettings settings, string key, string? value, string where, List<string> warnings)
    {
        if (Settings.FirstOrDefault(s => s.Key == key) is not { } setting)
        {
            warnings.Add($"{where} is not a setting; known are {string.Join(", ", Settings.Select(s => s.Key))}.");
            return settings;
        }

        if (value is null || !setting.Fits(value))
        {
            warnings.Add($"{where} must be {setting.Allowed}; it was passed over.");
            return settings;
        }

        return setting.Apply(settings, value);
    }

    private static int? Minutes(string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) ? minutes : null;

    private string? UserFile()
    {
        var folder = environment.GetValueOrDefault("XDG_CONFIG_HOME") is { Length: > 0 } configured ? configured
            : environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? Path.Join(home, ".config")
            : null;
        return folder is null ? null : Path.Join(folder, "worktree-mcp", "config.json");
    }

    private static bool IsNumber(string value, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most;

    private static bool IsFolder(string value) =>
        value.Length > 0 && !Path.IsPathRooted(value) && value.Split('/', '\\').All(part => part is not ("" or "." or ".." or ".git" or ".tasks"));

    [GeneratedRegex(@"\A([A-Za-z0-9_][A-Za-z0-9._/-]{0,40})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();

    private sealed record Setting(string Key, string Allowed, Func<string, bool> Fits, Func<RepositorySettings, string, RepositorySettings> Apply);
}

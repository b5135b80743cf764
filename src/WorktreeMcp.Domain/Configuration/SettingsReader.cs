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

    private const int Looks = 5;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(10);

    private const string Commands = "a list of shell commands, each of at most 4000 characters and without control characters but tab and newline";

    /// <summary>The variable that says whether commands are confined.</summary>
    internal const string SandboxVariable = "WORKTREEMCP_RUN_SANDBOX";

    private static readonly IReadOnlyList<Setting> Settings =
    [
        Setting.Text("worktree_root", "a folder inside the repository, such as \".worktrees\"", IsFolder, (s, v) => s with { WorktreeRoot = v }),
        Setting.Text("branch_prefix", "letters, digits and . _ / -, such as \"wt/\"", v => Prefix().IsMatch(v) && !v.Contains("..", StringComparison.Ordinal), (s, v) => s with { BranchPrefix = v }),
        Setting.Text("base_ref", "a branch, a tag, a commit or \"HEAD\"", v => v.Length > 0 && v[0] != '-', (s, v) => s with { BaseRef = v }),
        Setting.Number("lease_minutes", 1, Claim.MostMinutes, (s, v) => s with { LeaseMinutes = v }),
        Setting.Text("durability", "\"full\" or \"relaxed\"", v => v is "full" or "relaxed", (s, v) => s with { Durable = v == "full" }),
        Setting.List("allowed_filters", "names of filters, such as [\"lfs\"]", v => v.IndexOfAny(['\n', '\0', ',']) < 0, (s, v) => s with { AllowedFilters = v }),
        Setting.Number("spares", 0, 8, (s, v) => s with { Spares = v }),
        Setting.Number("list_wait_ms", 0, 60_000, (s, v) => s with { ListWait = TimeSpan.FromMilliseconds(v) }),
        Setting.Number("trash_days", 1, 3650, (s, v) => s with { TrashDays = v }),
        Setting.Number("trash_gigabytes", 1, 100_000, (s, v) => s with { TrashGigabytes = v }),
        Setting.List("setup", Commands, IsCommand, (s, v) => s with { Setup = v }) with { RepositoryOnly = true },
        Setting.List("teardown", Commands, IsCommand, (s, v) => s with { Teardown = v }) with { RepositoryOnly = true },
        Setting.Flag("run.enabled", (s, v) => s with { Run = s.Run with { Enabled = v } }),
        Setting.Number("run.timeout_seconds", 1, 86_400, (s, v) => s with { Run = s.Run with { TimeoutSeconds = v } }),
        Setting.Text("run.sandbox", SandboxWords.Allowed, v => SandboxWords.Mode(v) is not null, (s, v) => s with { Run = s.Run with { Sandbox = SandboxWords.Mode(v)!.Value } }),
        Setting.Flag("run.network", (s, v) => s with { Run = s.Run with { Network = v } }),
        Setting.List("run.environment", "names of variables, such as [\"SSH_AUTH_SOCK\", \"AWS_*\"], none of them git's", v => Variable().IsMatch(v), (s, v) => s with { Run = s.Run with { Environment = v } }),
        Setting.List("run.cache_paths", "folders, absolute or such as \"~/.npm\"", IsOutside, (s, v) => s with { Run = s.Run with { CachePaths = v } }),
        Setting.List("run.secret_paths", "paths, absolute or such as \"~/.config/app\", with \"!\" before one that is to be seen", v => IsOutside(v.TrimStart('!')), (s, v) => s with { Run = s.Run with { SecretPaths = v } }),
    ];

    /// <summary>Reads everything for the repository whose main checkout is given.</summary>
    internal RepositorySettings Read(string root)
    {
        var warnings = new List<string>();
        var settings = new RepositorySettings();
        settings = FromFile(settings, UserFile(), ofRepository: false, warnings);
        settings = NotLooser(FromFile(settings, Path.Join(root, FileName), ofRepository: true, warnings), settings.Run, root, warnings);
        settings = FromVariables(settings, warnings);
        return settings with { Warnings = warnings };
    }

    private RepositorySettings FromFile(RepositorySettings settings, string? path, bool ofRepository, List<string> warnings)
    {
        if (path is null || !files.File.Exists(path))
        {
            return settings;
        }

        var (json, problem) = Content(path);
        if (json is null)
        {
            if (problem is null)
            {
                return settings;
            }

            warnings.Add($"{path} {problem}; it was passed over.");
            return ofRepository ? settings with { Unread = warnings[^1] } : settings;
        }

        foreach (var (key, value) in json.SelectMany(Flat))
        {
            if (!ofRepository && Settings.Any(s => s.RepositoryOnly && s.Key == key))
            {
                warnings.Add($"{path}: {key} belongs into {FileName} of a repository; it was passed over.");
                continue;
            }

            settings = Apply(settings, key, value, $"{path}: {key}", warnings);
        }

        return settings;
    }

    // A git that switches branches takes the file away and writes it anew: what is not there or not whole is looked at again.
    private (JsonObject? Json, string? Problem) Content(string path)
    {
        string? problem = null;
        for (var look = 0; look < Looks; look++)
        {
            if (look > 0)
            {
                Thread.Sleep(BetweenLooks);
            }

            try
            {
                if (StateJson.Read(files.File.ReadAllBytes(path)) is { } json)
                {
                    return (json, null);
                }

                problem = "is not one JSON object";
            }
            catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
            {
                problem = null;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                problem = $"cannot be read: {fault.Message}";
            }
        }

        return (null, problem);
    }

    // The members of a section are settings of their own.
    private static IEnumerable<(string Key, JsonNode? Value)> Flat(KeyValuePair<string, JsonNode?> member) =>
        member.Value is JsonObject section && Settings.Any(s => s.Key.StartsWith($"{member.Key}.", StringComparison.Ordinal))
            ? section.Select(inner => ($"{member.Key}.{inner.Key}", inner.Value))
            : [(member.Key, member.Value)];

    // What a person set for all repositories guards against each of them: its own file may ask for more, not for less.
    private static RepositorySettings NotLooser(RepositorySettings settings, RunSettings before, string root, List<string> warnings)
    {
        var run = settings.Run;
        if (run.Sandbox < before.Sandbox)
        {
            warnings.Add($"{Path.Join(root, FileName)}: run.sandbox is weaker than your own configuration's \"{before.Sandbox.Word()}\"; it was passed over.");
            run = run with { Sandbox = before.Sandbox };
        }

        if (run.Enabled && !before.Enabled)
        {
            warnings.Add($"{Path.Join(root, FileName)}: run.enabled is false in your own configuration; it was passed over.");
            run = run with { Enabled = false };
        }

        IEnumerable<string> secrets = ReferenceEquals(run.SecretPaths, before.SecretPaths) ? [] : run.SecretPaths;
        if (secrets.Any(path => path.StartsWith('!')))
        {
            warnings.Add($"{Path.Join(root, FileName)}: run.secret_paths may hide paths, not show them; those with \"!\" were passed over.");
        }

        return settings with { Run = run with { SecretPaths = [.. before.SecretPaths, .. secrets.Where(path => !path.StartsWith('!'))] } };
    }

    private RepositorySettings FromVariables(RepositorySettings settings, List<string> warnings)
    {
        foreach (var setting in Settings.Where(s => !s.RepositoryOnly))
        {
            if (environment.TryGetValue(setting.Variable, out var value) && value.Length > 0 && !value.Contains("${", StringComparison.Ordinal))
            {
                settings = Apply(settings, setting.Key, JsonValue.Create(value), setting.Variable, warnings);
            }
        }

        return settings;
    }

    private static RepositorySettings Apply(RepositorySettings settings, string key, JsonNode? value, string where, List<string> warnings)
    {
        if (Settings.FirstOrDefault(s => s.Key == key) is not { } setting)
        {
            warnings.Add($"{where} is not a setting; known are {string.Join(", ", Settings.Select(s => s.Key))}.");
            return settings;
        }

        if (setting.Apply(settings, value) is { } applied)
        {
            return applied;
        }

        warnings.Add($"{where} must be {setting.Allowed}; it was passed over.");
        return settings;
    }

    private string? UserFile()
    {
        var folder = environment.GetValueOrDefault("XDG_CONFIG_HOME") is { Length: > 0 } configured ? configured
            : environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? Path.Join(home, ".config")
            : null;
        return folder is null ? null : Path.Join(folder, "worktree-mcp", "config.json");
    }

    private static bool IsFolder(string value) =>
        value.Length > 0 && !Path.IsPathRooted(value) && value.Split('/', '\\').All(part => part is not ("" or "." or ".." or ".git" or ".tasks"));

    // What a person approves must be what a terminal shows.
    private static bool IsCommand(string command) =>
        command.Length <= 4_000 && !string.IsNullOrWhiteSpace(command) && !command.Any(c => (char.IsControl(c) && c is not ('\t' or '\n')) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format);

    // Neither "/" nor a whole home: what is opened or hidden there would be everything.
    private static bool IsOutside(string path) =>
        path.TrimEnd('/').Length > 1
        && (path.StartsWith('/') || path.StartsWith("~/", StringComparison.Ordinal))
        && !path.Contains('\0', StringComparison.Ordinal)
        && path.Split('/').All(part => part is not ("." or ".."));

    // Two letters at least before a star, so that no pattern means everything; git's own would turn a command on another repository.
    [GeneratedRegex(@"\A(?!GIT_)[A-Za-z_][A-Za-z0-9_]+\*?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\A([A-Za-z0-9_][A-Za-z0-9._/-]{0,40})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();
}

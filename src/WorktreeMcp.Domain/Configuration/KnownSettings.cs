using System.Text.RegularExpressions;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>Everything that can be set: what it may be, what of it opens something, and what holds while nobody can tell.</summary>
internal static partial class KnownSettings
{
    private const string Commands = "a list of shell commands, each of at most 4000 characters and without control characters but tab and newline";

    /// <summary>The levels of the log, as its variable names them.</summary>
    private static readonly string[] LogLevels = ["trace", "debug", "information", "info", "warning", "warn", "error", "critical", "none"];

    /// <summary>Variables that begin like ours and set nothing: the id that commands find, and what sizes the tests of this project.</summary>
    private static readonly HashSet<string> OtherVariables = new(
        new[]
        {
            "RUN_ID", "UPDATE_GOLDEN", "STORM", "KILLS", "RACE_ROUNDS", "KILL_POINTS", "FUZZ", "FUZZ_SEED", "FAULTS", "LONG", "CHANGES", "HISTORIES", "LOOK", "DRAIN_TASKS", "DRAIN_WORKERS", "FUZZ_READERS", "SEQUENCES", "SEED", "PUBLISHED", "TEST_PLAIN_USER", "THOROUGH",
        }.Select(name => Prefix + name),
        StringComparer.Ordinal);

    /// <summary>What all our variables begin with.</summary>
    internal const string Prefix = "WORKTREEMCP_";

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<Setting> All { get; } =
    [
        Setting.Text("worktree_root", "a folder inside the repository, such as \".worktrees\"", IsFolder, (s, v) => s with { WorktreeRoot = v }) with { IsSalvaged = true },
        Setting.Text("branch_prefix", "letters, digits and . _ / -, such as \"wt/\"", v => BranchPrefix().IsMatch(v) && !v.Contains("..", StringComparison.Ordinal), (s, v) => s with { BranchPrefix = v }) with { IsSalvaged = true },
        Setting.Text("base_ref", "a branch, a tag, a commit or \"HEAD\"", v => v.Length > 0 && v[0] != '-', (s, v) => s with { BaseRef = v }) with { IsSalvaged = true },
        Setting.Number("lease_minutes", 1, RepositorySettings.MostLeaseMinutes, (s, v) => s with { LeaseMinutes = v }),
        Setting.Text("durability", "\"full\" or \"relaxed\"", v => v is "full" or "relaxed", (s, v) => s with { Durable = v == "full" }) with
        {
            Opens = "a power cut may take changes that were acknowledged",
            Narrowed = (own, wish) => own.Durable && !wish.Durable ? wish with { Durable = true } : null,
            Closed = s => s with { Durable = true },
        },
        Setting.List("allowed_filters", "names of filters, such as [\"lfs\"]", v => v.IndexOfAny(['\n', '\0', ',']) < 0, (s, v) => s with { AllowedFilters = v }) with
        {
            Opens = "these filters of its git configuration run",
            Narrowed = (own, wish) => Only(wish.AllowedFilters, own.AllowedFilters.Contains) is { } kept ? wish with { AllowedFilters = kept } : null,
            Closed = s => s with { AllowedFilters = [] },
        },
        // Whose names they are is known where they are shown.
        Setting.List("tools", "names of tools or of sets of them, such as [\"core\"]", v => ToolName().IsMatch(v), (s, v) => s with { Tools = [.. s.Tools, v] }).OrText(),
        Setting.Number("spares", 0, 8, (s, v) => s with { Spares = v }),
        Setting.Number("list_wait_ms", 0, 60_000, (s, v) => s with { ListWait = TimeSpan.FromMilliseconds(v) }),
        Setting.Number("trash_days", 1, MostTrashDays, (s, v) => s with { TrashDays = v }) with
        {
            Opens = "what was removed is deleted sooner",
            Narrowed = (own, wish) => wish.TrashDays < own.TrashDays ? wish with { TrashDays = own.TrashDays } : null,
            Closed = s => s with { TrashDays = MostTrashDays },
        },
        Setting.Number("trash_gigabytes", 1, MostTrashGigabytes, (s, v) => s with { TrashGigabytes = v }) with
        {
            Opens = "what was removed is deleted sooner",
            Narrowed = (own, wish) => wish.TrashGigabytes < own.TrashGigabytes ? wish with { TrashGigabytes = own.TrashGigabytes } : null,
            Closed = s => s with { TrashGigabytes = MostTrashGigabytes },
        },
        Setting.List("setup", Commands, IsCommand, (s, v) => s with { Setup = v }) with { RepositoryOnly = true },
        Setting.List("teardown", Commands, IsCommand, (s, v) => s with { Teardown = v }) with { RepositoryOnly = true },
        Setting.Text("verify", "a shell command of at most 4000 characters and without control characters but tab and newline", IsCommand, (s, v) => s with { Verify = v }) with
        {
            Opens = "this command runs before a task is completed",
            Narrowed = (own, wish) => wish.Verify == own.Verify ? null : wish with { Verify = own.Verify },
            Closed = s => s with { Verify = null },
        },
        .. OfCommands,
        Setting.Text("log_level", string.Join(", ", LogLevels), v => LogLevels.Contains(v, StringComparer.OrdinalIgnoreCase), (s, _) => s) with { VariableOnly = true },
        Setting.Text("repo", "a path", _ => true, (s, _) => s) with { VariableOnly = true },
        Setting.Text("agent", "a name", _ => true, (s, _) => s) with { VariableOnly = true },
    ];

    /// <summary>The sections, whose members are settings of their own.</summary>
    internal static IReadOnlySet<string> Sections { get; } = All.Where(s => s.Key.Contains('.')).Select(s => s.Key[..s.Key.IndexOf('.')]).ToHashSet(StringComparer.Ordinal);

    /// <summary>The setting of a key in a file, or null.</summary>
    internal static Setting? OfKey(string key) => All.FirstOrDefault(s => s.Key == key && !s.VariableOnly);

    /// <summary>What a key in a file was probably meant to be, or null.</summary>
    internal static string? NearestKey(string key) => NearestName.Of(key, Sections.Concat(All.Where(s => !s.VariableOnly).Select(s => s.Key)));

    /// <summary>Whether a variable looks as if it set something and is not known.</summary>
    internal static bool IsUnknownVariable(string name) =>
        name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !OtherVariables.Contains(name) && !All.Any(s => s.Variable == name && !s.RepositoryOnly);

    /// <summary>What a variable was probably meant to be, or null.</summary>
    internal static string? NearestVariable(string name) =>
        NearestName.Of(name[Prefix.Length..], All.Where(s => !s.RepositoryOnly).Select(s => s.Variable[Prefix.Length..])) is { } nearest ? Prefix + nearest : null;

    private const int MostTrashDays = 3_650;
    private const int MostTrashGigabytes = 100_000;

    private static IEnumerable<Setting> OfCommands =>
    [
        Setting.Flag("run.enabled", (s, v) => s with { Run = s.Run with { Enabled = v } }) with
        {
            Narrowed = (own, wish) => wish.Run.Enabled && !own.Run.Enabled ? wish with { Run = wish.Run with { Enabled = false } } : null,
        },
        Setting.Number("run.timeout_seconds", 1, 86_400, (s, v) => s with { Run = s.Run with { TimeoutSeconds = v } }),
        Setting.Text("run.sandbox", SandboxWords.Allowed, v => SandboxWords.Mode(v) is not null, (s, v) => s with { Run = s.Run with { Sandbox = SandboxWords.Mode(v)!.Value } }) with
        {
            Narrowed = (own, wish) => wish.Run.Sandbox < own.Run.Sandbox ? wish with { Run = wish.Run with { Sandbox = own.Run.Sandbox } } : null,
        },
        Setting.Flag("run.network", (s, v) => s with { Run = s.Run with { Network = v } }) with
        {
            Opens = "commands reach the network",
            Narrowed = (own, wish) => wish.Run.Network && !own.Run.Network ? wish with { Run = wish.Run with { Network = false } } : null,
        },
        Setting.List("run.environment", "names of variables, such as [\"SSH_AUTH_SOCK\", \"AWS_*\"], none of them git's", v => Variable().IsMatch(v), (s, v) => s with { Run = s.Run with { Environment = v } }) with
        {
            Opens = "commands are given these variables",
            IsAddedTo = true,
            Narrowed = (own, wish) => Only(wish.Run.Environment, name => own.Run.Environment.Any(pattern => Covers(pattern, name))) is { } kept ? wish with { Run = wish.Run with { Environment = kept } } : null,
        },
        Setting.List("run.cache_paths", "folders, absolute or such as \"~/.npm\", without \".\" and \"..\" and not all of the home", IsOutside, (s, v) => s with { Run = s.Run with { CachePaths = v } }) with
        {
            Opens = "commands write to these folders",
            IsAddedTo = true,
            Narrowed = (own, wish) => Only(wish.Run.CachePaths, own.Run.CachePaths.Contains) is { } kept ? wish with { Run = wish.Run with { CachePaths = kept } } : null,
        },

        // What is hidden adds up: nobody shows what another hides.
        Setting.List("run.secret_paths", "paths, absolute or such as \"~/.config/app\", with \"!\" before one that is to be seen", v => IsOutside(v.TrimStart('!')), (s, v) => s with { Run = s.Run with { SecretPaths = [.. s.Run.SecretPaths.Union(v.Where(path => !path.StartsWith('!') || !s.Run.SecretPaths.Contains(path[1..].TrimEnd('/'))))] } }) with
        {
            Opens = "commands see these paths",
            IsAddedTo = true,
            Narrowed = (own, wish) => Only(wish.Run.SecretPaths, path => !path.StartsWith('!') || own.Run.SecretPaths.Contains(path)) is { } kept ? wish with { Run = wish.Run with { SecretPaths = kept } } : null,
        },
    ];

    // Null where all are allowed.
    private static List<string>? Only(IReadOnlyList<string> wished, Func<string, bool> isAllowed) =>
        wished.Where(isAllowed).ToList() is var kept && kept.Count == wished.Count ? null : kept;

    private static bool Covers(string pattern, string name) => pattern == name || (pattern.EndsWith('*') && name.StartsWith(pattern[..^1], StringComparison.Ordinal));

    private static bool IsFolder(string value) =>
        value.Length > 0 && !Path.IsPathRooted(value)
        && value.Split('/', '\\').All(part => part is not ("" or "." or "..") && !part.Equals(".git", StringComparison.OrdinalIgnoreCase) && !part.Equals(".tasks", StringComparison.OrdinalIgnoreCase) && !part.Any(char.IsControl));

    // What a person approves must be what a terminal shows.
    private static bool IsCommand(string command) =>
        command.Length <= 4_000 && !string.IsNullOrWhiteSpace(command) && !command.Any(c => (char.IsControl(c) && c is not ('\t' or '\n')) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format);

    // Neither "/" nor a whole home: what is opened or hidden there would be everything.
    private static bool IsOutside(string path) =>
        path.TrimEnd('/').Length > 1
        && (path.StartsWith('/') || path.StartsWith("~/", StringComparison.Ordinal))
        && !path.Any(c => char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format)
        && path.Split('/').All(part => part is not ("." or ".."));

    // Two letters at least before a star, so that no pattern means everything; git's own would turn a command on another repository.
    [GeneratedRegex(@"\A(?!GIT_)[A-Za-z_][A-Za-z0-9_]+\*?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\A[a-z][a-z_]{0,60}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ToolName();

    [GeneratedRegex(@"\A([A-Za-z0-9_][A-Za-z0-9._/-]{0,40})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex BranchPrefix();
}

using Microsoft.Extensions.Logging;
using WorktreeMcp.Domain.Configuration;

namespace WorktreeMcp.Server;

/// <summary>What named the repository that is served.</summary>
public enum RepositorySource
{
    /// <summary>The option <c>--repo</c>.</summary>
    Option,

    /// <summary>The variable <c>WORKTREEMCP_REPO</c>.</summary>
    Variable,

    /// <summary>The variable <c>CLAUDE_PROJECT_DIR</c>, which Claude Code sets.</summary>
    ClaudeProject,

    /// <summary>The directory the process was started in.</summary>
    CurrentDirectory,
}

/// <summary>What the command line and the environment decide about a server.</summary>
/// <param name="RepositoryPath">A directory in the repository, as a full path.</param>
/// <param name="RepositorySource">What named it.</param>
/// <param name="Agent">The name of the caller, or null to take the client's own.</param>
/// <param name="LogLevel">From which level on stderr is written to.</param>
/// <param name="Warnings">Values that were not usable, each named once.</param>
public sealed record ServerSettings(
    string RepositoryPath,
    RepositorySource RepositorySource,
    string? Agent,
    LogLevel LogLevel,
    IReadOnlyList<string> Warnings)
{
    /// <summary>Whether no command is to be run, whatever is configured.</summary>
    public bool NoRun { get; init; }

    /// <summary>The value of <c>--sandbox</c>, or null.</summary>
    public SandboxMode? Sandbox { get; init; }

    /// <summary>Which tools are to be shown, from <c>--tools</c> or <c>WORKTREEMCP_TOOLS</c>; null where neither says.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>Whether a file of settings may choose the tools.</summary>
    public bool MayChooseTools { get; init; }

    /// <summary>What the command line sets on top of variables and configuration files.</summary>
    /// <param name="settings">What those set.</param>
    /// <returns>What holds.</returns>
    public RepositorySettings Flags(RepositorySettings settings) =>
        settings with { Tools = Tools is null ? settings.Tools : [Tools], Run = settings.Run with { Enabled = settings.Run.Enabled && !NoRun, Sandbox = Sandbox ?? settings.Run.Sandbox } };

    private const LogLevel DefaultLogLevel = LogLevel.Warning;

    private static readonly Dictionary<string, LogLevel> LogLevels = new(StringComparer.OrdinalIgnoreCase)
    {
        ["trace"] = LogLevel.Trace,
        ["debug"] = LogLevel.Debug,
        ["information"] = LogLevel.Information,
        ["info"] = LogLevel.Information,
        ["warning"] = LogLevel.Warning,
        ["warn"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
        ["critical"] = LogLevel.Critical,
        ["none"] = LogLevel.None,
    };

    /// <summary>Decides from what was given; options win over variables.</summary>
    /// <param name="variables">The environment variables.</param>
    /// <param name="currentDirectory">The directory the process was started in.</param>
    /// <param name="repository">The value of <c>--repo</c>.</param>
    /// <param name="agent">The value of <c>--agent</c>.</param>
    /// <param name="tools">The value of <c>--tools</c>.</param>
    /// <returns>The settings.</returns>
    public static ServerSettings From(
        IReadOnlyDictionary<string, string> variables, string currentDirectory, string? repository = null, string? agent = null, string? tools = null)
    {
        var (path, source) =
            Given(repository) is { } option ? (option, RepositorySource.Option)
            : Given(variables, "WORKTREEMCP_REPO") is { } variable ? (variable, RepositorySource.Variable)
            : Given(variables, "CLAUDE_PROJECT_DIR") is { } project ? (project, RepositorySource.ClaudeProject)
            : (currentDirectory, RepositorySource.CurrentDirectory);

        var warnings = new List<string>();
        return new ServerSettings(
            Path.GetFullPath(path, currentDirectory),
            source,
            Given(agent) ?? Given(variables, "WORKTREEMCP_AGENT"),
            Level(Given(variables, "WORKTREEMCP_LOG_LEVEL"), warnings),
            warnings)
        {
            Tools = (Given(tools) ?? Given(variables, "WORKTREEMCP_TOOLS"))?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            MayChooseTools = SettingsGlance.MaySet("tools", Path.GetFullPath(path, currentDirectory), variables),
        };
    }

    private static LogLevel Level(string? text, List<string> warnings)
    {
        if (text is null)
        {
            return DefaultLogLevel;
        }

        if (LogLevels.TryGetValue(text, out var level))
        {
            return level;
        }

        warnings.Add($"WORKTREEMCP_LOG_LEVEL is '{text}'; allowed are {string.Join(", ", LogLevels.Keys)}. It stays at warning.");
        return DefaultLogLevel;
    }

    private static string? Given(IReadOnlyDictionary<string, string> variables, string name) =>
        Given(variables.GetValueOrDefault(name));

    // A client that does not know a placeholder hands it over as it stands: "${workspaceFolder}" names no directory.
    private static string? Given(string? value) =>
        string.IsNullOrWhiteSpace(value) || value.Contains("${", StringComparison.Ordinal) ? null : value.Trim();
}

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// The environment of a command: what tools need from the server's own and nothing that opens a door. Variables of git
/// would turn a command on another repository, and secrets are not for code that an agent chose to run.
/// </summary>
/// <param name="source">The server's own environment.</param>
/// <param name="configured">Names that a person added, secrets among them if that is meant; a star at the end stands for any letters.</param>
internal sealed class CommandEnvironment(IReadOnlyDictionary<string, string> source, IReadOnlyList<string>? configured = null)
{
    /// <summary>The variable that holds the run's id.</summary>
    public const string RunIdName = "WORKTREEMCP_RUN_ID";

    private readonly IReadOnlyList<string> _configured = configured ?? [];

    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "CI",
        "NUGET_PACKAGES", "NUGET_HTTP_CACHE_PATH", "NUGET_XMLDOC_MODE", "npm_config_cache", "COREPACK_HOME", "PNPM_HOME", "YARN_CACHE_FOLDER", "BUN_INSTALL", "DENO_DIR",
        "NVM_DIR", "VOLTA_HOME", "JAVA_HOME", "MAVEN_OPTS", "MAVEN_HOME", "M2_HOME", "GRADLE_OPTS", "GRADLE_USER_HOME",
        "ANDROID_HOME", "GOROOT", "GOPATH", "GOBIN", "GOCACHE", "GOMODCACHE", "GOFLAGS", "CARGO_HOME", "CARGO_TARGET_DIR",
        "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "PYENV_ROOT", "VIRTUAL_ENV", "CONDA_PREFIX", "PIP_CACHE_DIR", "UV_CACHE_DIR",
        "POETRY_HOME", "RBENV_ROOT", "GEM_HOME", "GEM_PATH", "BUNDLE_PATH", "COMPOSER_HOME", "ASDF_DIR", "ASDF_DATA_DIR",
        "CCACHE_DIR", "SCCACHE_DIR", "PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "SDKROOT", "DEVELOPER_DIR", "NIX_PATH", "NIX_PROFILES",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NIX_SSL_CERT_FILE",
    };

    private static readonly string[] Prefixes = ["LC_", "DOTNET_", "NODE_", "XDG_", "HOMEBREW_", "MISE_"];

    private static readonly string[] Secrets = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "CREDENTIAL"];

    /// <summary>The environment this process was started with.</summary>
    public static CommandEnvironment OfThisProcess()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            all[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return new CommandEnvironment(all);
    }

    /// <summary>The environment of one run.</summary>
    /// <param name="variables">What the caller adds; taken as it is.</param>
    /// <param name="runId">The run's id.</param>
    public IReadOnlyDictionary<string, string> For(IReadOnlyDictionary<string, string> variables, string runId)
    {
        var environment = source.Where(pair => IsAllowed(pair.Key)).ToDictionary(StringComparer.Ordinal);
        environment.TryAdd("PATH", "/usr/local/bin:/usr/bin:/bin");
        environment["TERM"] = "dumb";
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        environment[RunIdName] = runId;
        return environment;
    }

    private bool IsAllowed(string name)
        => !name.StartsWith("GIT_", StringComparison.Ordinal) && (_configured.Any(pattern => Matches(pattern, name)) || IsUsual(name));

    private static bool Matches(string pattern, string name)
        => pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : name == pattern;

    private static bool IsUsual(string name)
        => (Names.Contains(name) || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            && !Secrets.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// What is known by name of a person's home: where keys, tokens and sessions lie, and, where those are too many to be named, which
/// configuration a build reads.
/// </summary>
internal static class HomeNames
{
    /// <summary>Secrets in a home.</summary>
    internal static readonly string[] Secrets =
    [
        ".ssh", ".gnupg", ".pki", ".putty", ".age", ".password-store", ".1password", ".aws", ".azure", ".kube", ".minikube", ".docker", ".oci", ".aliyun", ".bluemix",
        ".fly", ".heroku", ".databricks", ".snowflake", ".snowsql", ".vault-token", ".gem/credentials", ".terraform.d/credentials.tfrc.json", ".subversion/auth",
        ".npmrc", ".pypirc", ".netrc", ".git-credentials", ".claude", ".claude.json", ".codex", ".gemini", ".copilot", ".cursor", ".codeium", ".continue", ".vscode-server",
        ".mozilla", ".thunderbird", ".librewolf", ".waterfox", ".zen", ".var", "snap", ".kde", ".kde4", ".colima", ".lima", ".rd", ".orbstack",
        ".bash_history", ".zsh_history", ".python_history", ".psql_history", ".mysql_history",
    ];

    /// <summary>Secrets in what configuration is seen of.</summary>
    internal static readonly string[] ConfigSecrets = ["git/credentials", "composer/auth.json"];

    /// <summary>Secrets among the data of programs.</summary>
    internal static readonly string[] DataSecrets = ["keyrings", "kwalletd", "evolution", "opencode", "containers", "com.vercel.cli", "Bitwarden", "Steam", "Trash"];

    /// <summary>Secrets of cargo.</summary>
    internal static readonly string[] CargoSecrets = ["credentials", "credentials.toml"];

    // Whatever program is meant: files that begin with a dot and lie in the home itself are mostly sessions, histories and keys.
    private static readonly HashSet<string> DotFiles = new(StringComparer.Ordinal)
    {
        ".gitconfig", ".gitignore", ".gitignore_global", ".gitattributes", ".gitattributes_global", ".gitmessage", ".gitmessage.txt", ".mailmap", ".hgignore",
        ".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".bash_functions", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".inputrc", ".dircolors",
        ".tool-versions", ".asdfrc", ".mise.toml", ".nvmrc", ".node-version", ".python-version", ".ruby-version", ".java-version", ".go-version", ".terraform-version", ".sdkmanrc",
        ".editorconfig", ".clang-format", ".clang-tidy", ".clangd", ".yarnrc", ".swcrc", ".condarc", ".mambarc", ".pylintrc", ".flake8", ".isort.cfg", ".style.yapf", ".coveragerc",
        ".ruff.toml", ".rustfmt.toml", ".gemrc", ".irbrc", ".rspec", ".rubocop.yml", ".mavenrc", ".sbtopts", ".jvmopts", ".scalafmt.conf", ".vimrc", ".nanorc", ".tmux.conf", ".gdbinit",
        ".lldbinit", ".Rprofile", ".ghci", ".ocamlinit", ".perltidyrc", ".perlcriticrc", ".proverc", ".latexmkrc", ".browserslistrc", ".hushlogin",
    };

    private static readonly string[] DotFamilies = [".eslint", ".prettier", ".stylelint", ".babelrc", ".gitconfig", ".gitignore"];

    private static readonly HashSet<string> Configuration = new(StringComparer.Ordinal)
    {
        "git", "jj", "hg", "NuGet", "dotnet", "pip", "uv", "pypoetry", "pdm", "conda", "ruff", "black", "flake8", "pycodestyle", "yapf", "yamllint", "pylintrc", "matplotlib", "ipython",
        "go", "golangci-lint", "yarn", "pnpm", "bun", "deno", "cargo", "rustfmt", "ccache", "clangd", "cmake", "meson", "ninja", "bazel", "composer", "bundle", "rubocop", "mix", "elixir",
        "ghc", "cabal", "stack", "hls", "coursier", "sbt", "nix", "nixpkgs", "mise", "asdf", "rtx", "direnv", "fish", "zsh", "bash", "starship.toml", "ripgrep", "bat", "fd", "nvim", "vim", "helix",
        "shellcheckrc", "fontconfig", "user-dirs.dirs", "user-dirs.locale", "locale.conf", "environment.d", "tmux", "prettier", "eslint", "turborepo", "zig", "zls",
    };

    private static readonly string[] Telling = ["secret", "credential", "password", "passwd", "token", "private_key", "apikey", "api_key"];
    private static readonly string[] KeyFiles = [".pem", ".key", ".p12", ".pfx", ".jks", ".kdbx", ".ppk", ".ovpn", ".asc", ".gpg", ".age", ".keytab"];

    /// <summary>Whether an entry of the home itself is seen, if nothing else hides it.</summary>
    internal static bool InHome(string name, bool isFolder) =>
        isFolder
        || (name.StartsWith('.') ? DotFiles.Contains(name) || DotFamilies.Any(family => name.StartsWith(family, StringComparison.Ordinal)) : !IsTelling(name));

    /// <summary>Whether an entry of the folder for configuration is seen, if nothing else hides it.</summary>
    internal static bool InConfig(string name, bool isFolder) => Configuration.Contains(name);

    /// <summary>Whether an entry of any other folder is seen, if nothing else hides it.</summary>
    internal static bool Anywhere(string name, bool isFolder) => true;

    private static bool IsTelling(string name) =>
        name.StartsWith("id_", StringComparison.Ordinal)
        || KeyFiles.Any(end => name.EndsWith(end, StringComparison.OrdinalIgnoreCase))
        || Telling.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}

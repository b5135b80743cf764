namespace WorktreeMcp.Domain.Git;

/// <summary>Where git's settings, attributes and ignore patterns come from that are in no commit and in no worktree.</summary>
internal sealed class SettingFiles(GitCommand git, RepositoryPlace place)
{
    /// <summary>The files that git reads settings and attributes from unless it is told otherwise, there or not.</summary>
    internal IReadOnlyList<string> Usual() =>
    [
        .. UsualSettings(), Path.Join(place.CommonDirectory, "info", "attributes"), Path.Join(place.CommonDirectory, "info", "sparse-checkout"), "/etc/gitattributes",
        .. UserFolder is { } user ? [Path.Join(user, "attributes")] : Array.Empty<string>(),
    ];

    /// <summary>Those of them that hold settings.</summary>
    internal IReadOnlyList<string> UsualSettings() =>
    [
        Path.Join(place.CommonDirectory, "config"), Path.Join(place.CommonDirectory, "config.worktree"), "/etc/gitconfig",
        .. git.Variables.GetValueOrDefault("HOME") is { } home ? [Path.Join(home, ".gitconfig")] : Array.Empty<string>(),
        .. UserFolder is { } user ? [Path.Join(user, "config")] : Array.Empty<string>(),
    ];

    /// <summary>The files of ignore patterns that git reads unless it is told otherwise.</summary>
    internal IReadOnlyList<string> UsualIgnores() =>
        [Path.Join(place.CommonDirectory, "info", "exclude"), .. UserFolder is { } user ? [Path.Join(user, "ignore")] : Array.Empty<string>()];

    /// <summary>
    /// The files that settings come from, those that are included whether they are there and meant or not, and those that settings of
    /// these names name.
    /// </summary>
    internal IReadOnlyList<string> Named(params IReadOnlyList<string> keys)
    {
        var settings = List("--show-origin").Chunk(2).Where(pair => pair.Length == 2).Select(pair => (Origin: OriginOf(pair[0]), Setting: pair[1].Split('\n', 2))).ToList();
        return
        [
            .. settings.Select(one => one.Origin).OfType<string>()
                .Concat(settings.Where(one => one.Setting.Length == 2 && IsInclude(one.Setting[0])).Select(one => Expanded(one.Setting[1], Path.GetDirectoryName(one.Origin))))
                .Concat(settings.Where(one => one.Setting.Length == 2 && keys.Contains(one.Setting[0])).Select(one => Expanded(one.Setting[1], null)))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>All settings as git names them.</summary>
    internal string[] List(params string[] options) =>
        git.Run(new GitCall(["config", "--list", "--includes", "-z", .. options]) { Directory = place.Root, GitDirectory = place.CommonDirectory })
            .Require("reading the settings").Members;

    private string? UserFolder
    {
        get
        {
            var folder = git.Variables.GetValueOrDefault("XDG_CONFIG_HOME") is { Length: > 0 } set ? set : git.Variables.GetValueOrDefault("HOME") is { } home ? Path.Join(home, ".config") : null;
            return folder is null ? null : Path.Join(folder, "git");
        }
    }

    /// <summary>The file that git names as the origin of a setting.</summary>
    internal string? OriginOf(string origin) => origin.StartsWith("file:", StringComparison.Ordinal) ? Path.GetFullPath(origin[5..], place.Root) : null;

    /// <summary>Whether a setting lets git read another file.</summary>
    internal static bool IsInclude(string key) =>
        key == "include.path" || (key.StartsWith("includeif.", StringComparison.Ordinal) && key.EndsWith(".path", StringComparison.Ordinal));

    // A path that a file includes is meant from where that file is.
    private string Expanded(string path, string? from) => path.StartsWith("~/", StringComparison.Ordinal) && git.Variables.GetValueOrDefault("HOME") is { } home
        ? Path.Join(home, path[2..])
        : Path.GetFullPath(path, from ?? place.Root);
}

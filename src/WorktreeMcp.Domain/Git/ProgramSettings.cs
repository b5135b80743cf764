using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Reads settings for those who must know what git may come upon: the files of conditional includes of the repository's own
/// configuration are read whether their condition holds or not.
/// </summary>
internal sealed class ProgramSettings(GitCommand git, RepositoryPlace place, IFileSystem files)
{
    private const int MostDepth = 12;

    private static readonly string[] Trusted = ["system", "global"];

    private readonly SettingFiles _paths = new(git, place);

    /// <summary>All of them, and the files they were looked for in, there or not.</summary>
    internal (IReadOnlyList<ProgramSetting> Settings, IReadOnlyCollection<string> Files) All()
    {
        var found = new Found();
        var listed = git.Run(Call("--list", "--show-scope", "--show-origin", "-z")).Require("reading git's configuration");
        foreach (var triple in RawPath.Members(listed).Chunk(3).Where(triple => triple.Length == 3))
        {
            var setting = Parse(triple[2], isOwn: !Trusted.Contains(triple[0]));
            var origin = _paths.OriginOf(RawPath.Readable(triple[1]));
            found.Settings.Add(setting);
            found.Named.Add(origin ?? _paths.UsualSettings()[0]);
            if (SettingFiles.IsInclude(setting.Key))
            {
                var path = PathOf(setting, origin);
                found.Named.Add(path);

                // What one without a condition brings in is listed already.
                if (setting.IsOwn && setting.Key != "include.path")
                {
                    Read(path, found, 1);
                }
            }
        }

        return (found.Settings, found.Named);
    }

    /// <summary>Those of one file and of what it includes.</summary>
    internal IReadOnlyList<ProgramSetting> Of(string path)
    {
        var found = new Found();
        Read(path, found, 0);
        return found.Settings;
    }

    // One that git cannot read ends every git that comes upon it, so it names nothing; git itself follows no more than ten in a row.
    private void Read(string path, Found found, int depth)
    {
        found.Named.Add(path);
        if (depth > MostDepth || !found.Read.Add(path) || !files.File.Exists(path))
        {
            return;
        }

        var answer = git.Run(Call("--file", path, "--no-includes", "--list", "-z"));
        foreach (var setting in answer.Succeeded ? RawPath.Members(answer).Select(member => Parse(member, isOwn: true)) : [])
        {
            found.Settings.Add(setting);
            if (SettingFiles.IsInclude(setting.Key))
            {
                Read(PathOf(setting, path), found, depth + 1);
            }
        }
    }

    private GitCall Call(params string[] arguments) => new(["config", .. arguments]) { Directory = place.Root, GitDirectory = place.CommonDirectory };

    private static ProgramSetting Parse(string member, bool isOwn) =>
        RawPath.Readable(member).Split('\n', 2) is [var key, var value] ? new ProgramSetting(isOwn, key, value) : new ProgramSetting(isOwn, RawPath.Readable(member), "true");

    // Relative to the file that names it; git knows what other beginnings mean.
    private string PathOf(ProgramSetting include, string? from)
    {
        var path = include.Value.StartsWith('~') || include.Value.StartsWith("%(", StringComparison.Ordinal)
            ? git.Run(Call("--type=path", "--default", include.Value, "--get", "worktree-mcp.none")).Text
            : include.Value;
        return Path.GetFullPath(path.Length > 0 ? path : include.Value, Path.GetDirectoryName(from) ?? place.Root);
    }

    private sealed class Found
    {
        internal List<ProgramSetting> Settings { get; } = [];

        internal HashSet<string> Named { get; } = new(StringComparer.Ordinal);

        internal HashSet<string> Read { get; } = new(StringComparer.Ordinal);
    }
}

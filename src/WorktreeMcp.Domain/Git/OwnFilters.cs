using System.Globalization;
using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Filters that the repository's own configuration defines: programs that git would run on files. Whoever can write that
/// configuration is not the person who runs the server, so they are off unless they are allowed by name; those of the
/// user and the system are trusted.
/// </summary>
internal sealed class OwnFilters(GitCommand git, RepositoryPlace place, IFileSystem files, IReadOnlyList<string> allowed)
{
    private static readonly string[] Members = ["clean", "smudge", "process", "required"];
    private static readonly string[] Trusted = ["system", "global"];

    /// <summary>Names of those that are not allowed.</summary>
    internal IReadOnlyList<string> Forbidden(AdminEntry entry)
    {
        if (!MayBeAny(entry))
        {
            return [];
        }

        var members = git.Run(new GitCall("config", "--list", "--show-scope", "-z") { Directory = place.Root, GitDirectory = entry.Directory }).Require("reading git's configuration").Members;
        return [.. members.Chunk(2)
            .Where(pair => pair.Length == 2 && !Trusted.Contains(pair[0]))
            .Select(pair => NameIn(pair[1].Split('\n', 2)[0])).OfType<string>()
            .Distinct(StringComparer.Ordinal).Except(allowed, StringComparer.Ordinal)];
    }

    /// <summary>Variables that turn filters off for one call; unlike options they take any name.</summary>
    internal static IReadOnlyDictionary<string, string> Off(IReadOnlyList<string> names)
    {
        var settings = names.SelectMany(name => Members.Select(member => (Key: $"filter.{name}.{member}", Value: member == "required" ? "false" : string.Empty))).ToList();
        var variables = new Dictionary<string, string>();
        if (settings.Count > 0)
        {
            variables["GIT_CONFIG_COUNT"] = settings.Count.ToString(CultureInfo.InvariantCulture);
            for (var i = 0; i < settings.Count; i++)
            {
                variables[$"GIT_CONFIG_KEY_{i}"] = settings[i].Key;
                variables[$"GIT_CONFIG_VALUE_{i}"] = settings[i].Value;
            }
        }

        return variables;
    }

    // Asking git costs a process; the files themselves say whether there is anything to ask.
    private bool MayBeAny(AdminEntry entry) => new[]
    {
        Path.Join(place.CommonDirectory, "config"), Path.Join(place.CommonDirectory, "config.worktree"), Path.Join(entry.Directory, "config.worktree"),
    }.Any(path => files.File.Exists(path) && files.File.ReadAllText(path) is var text
        && (text.Contains("filter", StringComparison.OrdinalIgnoreCase) || text.Contains("include", StringComparison.OrdinalIgnoreCase)));

    private static string? NameIn(string key) => key.StartsWith("filter.", StringComparison.Ordinal) && key.LastIndexOf('.') is > 7 and var dot && Members.Contains(key[(dot + 1)..])
        ? key["filter.".Length..dot]
        : null;
}

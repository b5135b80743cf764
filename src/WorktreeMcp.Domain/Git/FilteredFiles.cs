using System.Globalization;
using System.Text;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Files that need a filter which must not run. Such a file is never written without it: whatever would write it is refused and
/// says which filter that is.
/// </summary>
internal sealed class FilteredFiles(CheckoutGit git, RepositoryPlace place)
{
    /// <summary>What stands in the way of writing files of a commit into a checkout; null when nothing does.</summary>
    /// <param name="entry">git's record.</param>
    /// <param name="directory">The checkout.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="paths">The files, as git has them; null for all.</param>
    internal string? InTheWay(AdminEntry entry, string directory, string commit, Func<IReadOnlyList<string>>? paths = null)
    {
        var forbidden = git.ForbiddenFilters(entry);
        if (forbidden.Count == 0)
        {
            return null;
        }

        using var scratch = new ScratchStore(place.CommonDirectory);
        var variables = scratch.WithIndex(out _);
        Ask("read-tree", commit);
        var wanted = paths is null ? Ask("ls-files", "-z").Output : RawPath.List(paths());

        // A checkout goes by the attributes of the commit first, then by those that lie there.
        var users = Attributes("--cached").Concat(Attributes()).ToLookup(one => one.Filter, one => one.Path, StringComparer.Ordinal);
        foreach (var name in forbidden.Where(users.Contains))
        {
            var files = users[name].Distinct(StringComparer.Ordinal).ToList();
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the repository's own configuration defines the filter \"{name}\" for {files.Count} file{(files.Count == 1 ? string.Empty : "s")} ({files[0]}), and programs of a repository are not run. A person who trusts it adds \"{name}\" to allowed_filters in ~/.config/worktree-mcp/config.json, or in .worktree-mcp.json and approves that with worktree-mcp trust");
        }

        return null;

        GitAnswer Ask(params string[] arguments) =>
            git.Run(git.In(entry, directory, arguments) with { Variables = variables, Scratch = [scratch.Folder], Settings = ["core.splitIndex=false"] }).Require("looking for filters");

        IEnumerable<(string Path, string Filter)> Attributes(params string[] how) =>
            git.Run(git.In(entry, directory, ["check-attr", .. how, "--stdin", "-z", "filter"]) with { Variables = variables, Scratch = [scratch.Folder], Input = wanted })
                .Require("looking for filters").Output is var output ? Encoding.UTF8.GetString(output).Split('\0').Chunk(3).Where(one => one.Length == 3).Select(one => (one[0], one[2])) : [];
    }
}

using System.Collections.Concurrent;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Gitlinks whose content does not come with the branch that holds them: a commit records of a repository within it no more than a hash.
/// One that no <c>.gitmodules</c> names is an empty folder for everybody else, and so is one whose commit no remote has.
/// </summary>
internal sealed class LoneLinks(CheckoutGit git, IFileSystem files, RepositoriesBelow nested)
{
    private const string Link = "160000";
    private const int MostKnown = 500;

    private readonly ConcurrentDictionary<(string Base, string Head), IReadOnlyList<ChangedFile>> _links = new();

    /// <summary>What a branch would bring, one line each. Which links are others than in the base is a fact for ever and asked for once.</summary>
    /// <param name="head">The tip of the branch.</param>
    /// <param name="tip">Where its base is.</param>
    /// <param name="directory">The worktree, in which their repositories lie.</param>
    internal IReadOnlyList<string> Between(string head, string tip, string directory)
    {
        if (!_links.TryGetValue((tip, head), out var links))
        {
            var answer = git.Run(Call("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--merge-base", tip, head));
            links = answer.Succeeded ? [.. ChangedFile.Parse(RawPath.Members(answer)).Where(file => file.After.Mode == Link)] : [];
            if (_links.Count >= MostKnown)
            {
                _links.Clear();
            }

            _links[(tip, head)] = links;
        }

        return Among(links, head, directory, null);
    }

    /// <summary>The same among files that are known to differ.</summary>
    /// <param name="changed">The files.</param>
    /// <param name="tree">The commit or tree that holds them.</param>
    /// <param name="directory">The worktree.</param>
    /// <param name="scratch">Where the tree is, if not in the repository.</param>
    internal IReadOnlyList<string> Among(IReadOnlyList<ChangedFile> changed, string tree, string directory, ScratchStore? scratch)
    {
        var links = changed.Where(file => file.After.Mode == Link).ToList();
        if (links.Count == 0)
        {
            return [];
        }

        var named = Named(tree, scratch);
        return [.. links.Select(link => Words(link, named.Contains(link.Path), directory)).OfType<string>()];
    }

    private string? Words(ChangedFile link, bool isNamed, string directory)
    {
        if (!isNamed)
        {
            return $"{link.Path} is a repository of its own that no .gitmodules names: only the hash {link.After.Hash[..12]} of its commit is recorded, its files are not";
        }

        try
        {
            return nested.Find(Path.Join(directory, link.Path)) is { } repository && nested.Unshared(repository, [link.After.Hash], repository.Commits(files).Remote) is [var commit, ..]
                ? $"submodule {link.Path} is at a commit that no remote of it has ({commit}): push it from there"
                : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal { Code: RefusalCode.GitFailed })
        {
            return $"submodule {link.Path} cannot be read: {fault.Message}";
        }
    }

    private HashSet<string> Named(string tree, ScratchStore? scratch)
    {
        var answer = git.Run(Call("config", "--blob", $"{tree}:.gitmodules", "-z", "--get-regexp", @"^submodule\..*\.path$") with { Variables = scratch?.Variables ?? new Dictionary<string, string>() });
        return answer.Succeeded ? answer.Members.Select(member => member.Split('\n', 2)).Where(pair => pair.Length == 2).Select(pair => pair[1].TrimEnd('/')).ToHashSet(StringComparer.Ordinal) : [];
    }

    private GitCall Call(params string[] arguments) => git.At(arguments);
}

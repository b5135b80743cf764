using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Creating;

/// <summary>Says what a new worktree does not hold yet, or got from elsewhere: submodules and LFS files.</summary>
internal static class SubmoduleAndLfsNote
{
    private const int Named = 3;

    /// <summary>One sentence for each; null when there is nothing to say.</summary>
    internal static string? Of(GitRepository git, AdminEntry entry, string directory)
    {
        string?[] all = [OfSubmodules(git.Outside.Submodules(entry, directory)), OfLfs(git.Outside.Lfs(entry, directory))];
        var said = all.OfType<string>().ToList();
        return said.Count == 0 ? null : string.Join(' ', said);
    }

    private static string? OfSubmodules(IReadOnlyList<string> paths) => paths.Count == 0
        ? null
        : $"Submodules are not checked out ({Listed.Of(paths, Named)}): run `git submodule update --init` there if you need them.";

    private static string? OfLfs((int Count, IReadOnlyList<string> Pointers) lfs) => lfs switch
    {
        { Count: 0 } => null,
        { Pointers: [] } => $"LFS files were fetched ({lfs.Count}).",
        _ => $"LFS files were left as pointers ({lfs.Pointers.Count} of {lfs.Count}: {Listed.Of(lfs.Pointers, Named)}): run `git lfs pull` there if you need their content.",
    };
}

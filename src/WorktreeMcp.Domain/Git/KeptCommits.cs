using System.Runtime.InteropServices;
using System.Text;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Commits that nothing else holds, under refs of ours. The names are nobody else's: a lock file there is that of a git of ours
/// which was killed, now or earlier, and is taken away so that no later one fails on it.
/// </summary>
internal sealed class KeptCommits(CheckoutGit git, Func<Head> mainHead)
{
    private const string Place = "refs/worktree-mcp/kept/";

    /// <summary>
    /// Lets a ref hold those of these commits that no branch, tag, remote branch or other kept ref holds; one that several
    /// stand on has them as parents.
    /// </summary>
    internal void Keep(IEnumerable<string> commits, int id, LeftLocks locks, SafeHandle guard)
    {
        if (Lonely(commits, besides: null, id, guard) is { } tip)
        {
            Hold($"{Place}{id}", tip, "kept from the trash", locks, guard).Require("keeping commits");
        }
    }

    /// <summary>The same for a branch that is about to be deleted, with all that its log holds: what was amended or reset away.</summary>
    internal void KeepBranch(string branch, IEnumerable<string> commits, int id, LeftLocks locks, SafeHandle guard)
    {
        if (Lonely(commits, branch, id, guard) is { } tip)
        {
            KeepTip(tip, id, locks, guard).Require("keeping commits");
        }
    }

    // The commit that all those stand under which nothing else holds; several get one on top of them.
    private string? Lonely(IEnumerable<string> commits, string? besides, int id, SafeHandle guard)
    {
        var asked = commits.Where(RefReader.IsHash).Distinct().ToList();
        if (asked.Count == 0)
        {
            return null;
        }

        string[] held =
        [
            .. besides is null ? [] : new[] { $"--exclude={besides}" }, "--branches", "--tags", "--remotes", $"--glob={Place}*", .. mainHead().Commit is { } main ? [main] : Array.Empty<string>(),
        ];
        var listed = git.Run(git.At(["rev-list", "--parents", "--ignore-missing", "--stdin", "--not", .. held]) with
        {
            Input = Encoding.UTF8.GetBytes(string.Concat(asked.Select(commit => commit + "\n"))),
        }).Require("looking for commits that nothing else holds").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToList();
        var parents = listed.SelectMany(line => line.Skip(1)).ToHashSet();
        var found = listed.Select(line => line[0]).ToHashSet();
        var tips = asked.Where(commit => found.Contains(commit) && !parents.Contains(commit)).ToList();
        while (tips.Count > 1)
        {
            tips = [.. tips.Chunk(100).Select(some => some.Length == 1 ? some[0] : Joined(some, id, guard))];
        }

        return tips.Count == 0 ? null : tips[0];
    }

    /// <summary>
    /// Lets a ref hold a tip that a branch is about to leave. A reflog holds it too, but a person's gc overlooks that of a record
    /// which is renamed at that moment.
    /// </summary>
    internal GitAnswer KeepTip(string tip, int id, LeftLocks locks, SafeHandle guard) => Hold($"{Place}{id}-{tip[..12]}", tip, "kept when its branch left it", locks, guard);

    private GitAnswer Hold(string name, string commit, string words, LeftLocks locks, SafeHandle guard)
    {
        locks.FreeOurs(name);
        var answer = Run();
        if (answer.ExitCode is null)
        {
            locks.FreeOurs(name);
            answer = Run();
        }

        return answer;

        GitAnswer Run() => git.Run(git.At("update-ref", "-m", words, name, commit) with { Guards = [guard] });
    }

    private string Joined(string[] commits, int id, SafeHandle guard)
    {
        var identity = new Dictionary<string, string>
        {
            ["GIT_AUTHOR_NAME"] = "worktree-mcp",
            ["GIT_AUTHOR_EMAIL"] = "worktree-mcp",
            ["GIT_COMMITTER_NAME"] = "worktree-mcp",
            ["GIT_COMMITTER_EMAIL"] = "worktree-mcp",
        };
        string[] parents = [.. commits.SelectMany(commit => new[] { "-p", commit })];
        return git.Run(git.At(["commit-tree", .. parents, "-m", $"Commits kept from removed worktree {id}", $"{commits[0]}^{{tree}}"]) with
        {
            Guards = [guard],
            Variables = identity,
        }).Require("keeping commits").Text;
    }
}

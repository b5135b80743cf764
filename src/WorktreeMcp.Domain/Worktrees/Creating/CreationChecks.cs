using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Creating;

/// <summary>Looks at a worktree that was made, and words what went wrong.</summary>
internal sealed class CreationChecks(WorktreePlaces parts)
{
    private const int MostNamed = 10;

    private readonly WorktreeBranches _branches = new(parts);

    /// <summary>Looks at what is really there, whatever git said; what does not hold is refused.</summary>
    internal void Verify(Worktree worktree, GitAnswer checkout)
    {
        var (entry, problem) = parts.Identify(worktree);
        if (entry is null)
        {
            throw Failed(worktree, problem!);
        }

        var head = parts.Git.Refs.ReadHead(entry.Directory);
        if (head?.ShortBranch != worktree.Branch)
        {
            throw Failed(worktree, $"its HEAD is on {head?.ShortBranch ?? "no branch"}");
        }

        // git's exit code says much or little, and it goes on where it cannot delete a file; what counts is that nothing differs but what was found there.
        if (!checkout.Succeeded || (checkout.Error.Length > 0 && Checkouts.Found(checkout).Count == 0))
        {
            var changes = parts.Git.Status(entry, parts.DirectoryOf(worktree));
            if (IsLeftLocked(entry, worktree) || !changes.IsClean)
            {
                throw Failed(worktree, $"{checkout.Error}{Others(worktree, changes)}", areGits: checkout.Error.Length > 0);
            }
        }
    }

    // Nothing of it is deleted: it waits in the trash like anything else.
    private string Others(Worktree worktree, WorktreeChanges changes)
    {
        var there = changes.Modified.Concat(changes.Untracked).Distinct(StringComparer.Ordinal).Where(path => parts.Exists(Path.Join(parts.DirectoryOf(worktree), path))).ToList();
        return there.Count == 0 ? string.Empty : $" ({Listed.Of(there, MostNamed)}, which was there by then, is in the trash now: {Path.Join(parts.Layout.Trash, $"{worktree.Id}")})";
    }

    // A git that was killed leaves its lock files, and then no other git can commit here. Those on refs can be taken away, unless another git may hold them.
    private bool IsLeftLocked(AdminEntry entry, Worktree worktree) =>
        _branches.Free(worktree) is not null || parts.Files.Directory.EnumerateFiles(entry.Directory, "*.lock").Any();

    /// <summary>Why nothing was made, and the way out of that.</summary>
    internal Refusal Failed(Worktree worktree, string words, bool areGits = false) => new(
        RefusalCode.GitFailed,
        $"Worktree \"{worktree.Name}\" could not be made: {(words.Length > 0 ? words : "git failed without a word")}. What was there of it was taken back.",
        parts.Git.Records.AnyBroken(besides: worktree.Name)
            ? "One of git's records of worktrees is broken, so git makes no other: a person should run `worktree-mcp doctor` here, which names it."
            : PartialClone.IsMissing(words) && (worktree.BaseCommit ?? parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch))) is { } commit
                ? $"This is a partial clone that has not fetched all files of {commit[..12]}. A person fetches them with: {PartialClone.FetchFiles(parts.Layout.CommonDirectory, commit)}. Then repeat the call."
            : areGits ? "Read git's words above; repeat the call when the cause is gone."
            : "Repeat the call; if it fails again, `worktree-mcp doctor` here says more.",
        new NextStep.ListWorktrees());

    /// <summary>What could not be written, and what becomes of it.</summary>
    internal Refusal NotWritten(Worktree worktree, Exception fault) => new(
        RefusalCode.Internal,
        $"Worktree \"{worktree.Name}\" could not be made: {fault.Message}. The next call, even one that only reads, takes back what is there of it.",
        $"Check free space and permissions of {parts.Layout.Worktrees} and {parts.Layout.CommonDirectory}, then repeat the call.",
        inner: fault);
}
